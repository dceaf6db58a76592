//! Style and script: what is sent says the same as what is written, and nothing in it is for nobody.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use regex::Regex;

use super::compact;

const STYLE: &str = include_str!("../../../assets/kedge.css");
const SCRIPT: &str = include_str!("../../../assets/kedge.js");

#[test]
fn space_and_comments_go_and_what_is_quoted_stays() {
    let check = |source: &str, expected: &str| assert_eq!(compact::style(source), expected);
    check("/* why */ a { color: red; }\n", "a{color:red}");
    check(
        "a > b , c + d { margin: 0 auto; }",
        "a>b,c + d{margin:0 auto}",
    );
    check(
        "p a:hover, p :hover { top: 0 }",
        "p a:hover,p :hover{top:0}",
    );
    check(
        "a::before { content: \"so at  { \" attr(x) \" UTC.\"; }",
        "a::before{content:\"so at  { \" attr(x) \" UTC.\"}",
    );
    check(
        "@media (max-width: 860px) and (min-width: 2px) {\n  a { top: calc(4px + 1em); }\n}",
        "@media (max-width:860px) and (min-width:2px){a{top:calc(4px + 1em)}}",
    );
    check("a { b: c } /* no end", "a{b:c}");
}

#[test]
fn the_script_keeps_what_it_says() {
    let check = |source: &str, expected: &str| assert_eq!(compact::script(source), expected);
    check(
        "// why\n(() => {\n  const a = `//x  y`; // kept not\n\n})();\n",
        "(()=>{const a=`//x  y`})();",
    );
    check("a ? \" : \" : 'it\\'s { }';", "a?\" : \":'it\\'s { }';");
    check("x = a + +b - -c;\ny = a in b;", "x=a+ +b- -c;y=a in b;");
    // No semicolon: what stands on two lines stays there.
    check("f()\n(g)\n", "f()\n(g)\n");
    // A template over several lines would lose its indentation.
    for line in SCRIPT.lines() {
        assert!(line.matches('`').count() % 2 == 0, "{line}");
    }
}

/// Classes that are put together from a prefix and a word: a tone, a depth, what a step is.
const COMPOSED: [&str; 4] = ["k-", "f-", "l", "m-"];

#[test]
fn every_class_of_the_style_sheet_is_on_some_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = SCRIPT.to_owned();
    for directory in ["templates", "src/web"] {
        read(&root.join(directory), &mut pages);
    }
    let word = Regex::new(r"[A-Za-z_][\w-]*").unwrap();
    let used: BTreeSet<&str> = word.find_iter(&pages).map(|found| found.as_str()).collect();
    let class = Regex::new(r"\.([A-Za-z_][\w-]*)").unwrap();
    let style = compact::style(STYLE);
    let selectors = style.split(['{', '}']).filter(|part| !part.contains(';'));
    let unused: BTreeSet<&str> = selectors
        .flat_map(|selector| class.captures_iter(selector))
        .filter_map(|found| found.get(1))
        .map(|found| found.as_str())
        .filter(|name| !used.contains(name))
        .filter(|name| !COMPOSED.iter().any(|prefix| name.starts_with(prefix)))
        .collect();
    assert_eq!(unused, BTreeSet::new(), "rules that match nothing");
}

/// Chips, links and buttons that stand alone (WCAG 2.2, 2.5.8).
#[test]
fn what_is_touched_is_large_enough() {
    let style = compact::style(STYLE);
    let height = Regex::new(r"(?:^|;)(?:min-height|height|line-height):([\d.]+)(px|rem)").unwrap();
    for selector in [
        ".commit",
        ".proof",
        ".btn.sm",
        ".iconbtn",
        ".linkish",
        ".crumbs a",
    ] {
        let mut rules = style.split('}').filter_map(|rule| rule.split_once('{'));
        let rule = rules.find(|(found, _)| *found == selector);
        let (_, said) = rule.unwrap_or_else(|| panic!("no rule for {selector}"));
        let found = height.captures(said).map(|it| {
            let number = it[1].parse::<f64>().unwrap();
            // As large as letters are where nobody set another size.
            number * if &it[2] == "rem" { 16.0 } else { 1.0 }
        });
        assert!(found.is_some_and(|it| it >= 24.0), "{selector}: {said}");
    }
}

fn read(directory: &Path, into: &mut String) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, into);
        } else if !path.ends_with("assets/tests.rs") {
            into.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}
