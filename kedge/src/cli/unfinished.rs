//! What a line that is still being written says: the flags that are in it, or the environment. A shell
//! asks in the middle of a line, so nothing here minds what is missing or wrong.

use std::ffi::OsStr;

/// The value of a flag, such as `--server`, or of its variable.
pub(super) fn value(flag: &str, variable: &str) -> Option<String> {
    let words: Vec<_> = std::env::args_os().collect();
    let from_environment = || std::env::var_os(variable)?.into_string().ok();
    let value = named(&words, flag).or_else(from_environment)?;
    (!value.is_empty()).then_some(value)
}

/// The namespace that `-n` or `--namespace` names.
pub(super) fn namespace() -> Option<String> {
    let words: Vec<_> = std::env::args_os().collect();
    named(&words, "--namespace").or_else(|| named(&words, "-n"))
}

/// The first word after a verb that is none of its flags: the application that it is about. `valued`
/// are the flags that take a value.
pub(super) fn first_of(verb: &str, valued: &[&str]) -> Option<String> {
    let words: Vec<_> = std::env::args_os().collect();
    first(&words, verb, valued)
}

fn first<T: AsRef<OsStr>>(words: &[T], verb: &str, valued: &[&str]) -> Option<String> {
    let words: Vec<&str> = words.iter().filter_map(|it| it.as_ref().to_str()).collect();
    let (_, finished) = words.split_last()?;
    let at = finished.iter().position(|word| *word == verb)?;
    let mut after = finished[at + 1..].iter();
    while let Some(word) = after.next() {
        if valued.contains(word) {
            after.next();
        } else if !word.starts_with('-') {
            return Some((*word).to_owned());
        }
    }
    None
}

/// The last that is said, in each way of writing it. The last word is the one that is being written,
/// and names nothing yet.
fn named<T: AsRef<OsStr>>(words: &[T], flag: &str) -> Option<String> {
    let words: Vec<&str> = words.iter().filter_map(|it| it.as_ref().to_str()).collect();
    let (_, finished) = words.split_last()?;
    let together = |word: &str| {
        let value = word.strip_prefix(flag)?;
        match value.strip_prefix('=') {
            None if flag.starts_with("--") || value.is_empty() => None,
            None => Some(value.to_owned()),
            Some(value) => Some(value.to_owned()),
        }
    };
    let mut found = None;
    for (at, word) in finished.iter().enumerate() {
        if *word == flag {
            found = finished.get(at + 1).map(|it| (*it).to_owned()).or(found);
        } else if let Some(value) = together(word) {
            found = Some(value);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_is_the_first_word_that_is_no_flag_and_no_value_of_one() {
        let valued = ["--revision", "--server", "-o"];
        let check = |line: &str, expected: Option<&str>| {
            let words: Vec<&str> = line.split(' ').collect();
            let found = first(&words, "diff", &valued);
            assert_eq!(found.as_deref(), expected, "{line}");
        };
        check("kedge diff web --revision ", Some("web"));
        check("kedge -- kedge diff web --revision we", Some("web"));
        check(
            "kedge diff --server http://a:1 web --revision ",
            Some("web"),
        );
        check(
            "kedge diff --server=http://a:1 -o json web --revision ",
            Some("web"),
        );
        check("kedge diff --no-pager web --revision ", Some("web"));
        check("kedge diff --revision ", None);
        // The last word is being written.
        check("kedge diff we", None);
        check("kedge apps web ", None);
    }

    #[test]
    fn an_unfinished_line_says_what_it_has() {
        let check = |line: &str, flag: &str, expected: Option<&str>| {
            let words: Vec<&str> = line.split(' ').collect();
            let found = named(&words, flag);
            assert_eq!(found.as_deref(), expected, "{line}");
        };
        let server = "--server";
        check(
            "kedge app --server http://a:1 we",
            server,
            Some("http://a:1"),
        );
        check(
            "kedge app --server=http://a:1 we",
            server,
            Some("http://a:1"),
        );
        check("kedge app --server http://a", server, None);
        check("kedge app --servers x we", server, None);
        check("kedge app we", server, None);
        check("kedge why -n shop pod/", "-n", Some("shop"));
        check("kedge why -nshop pod/", "-n", Some("shop"));
        check(
            "kedge why --namespace=shop pod/",
            "--namespace",
            Some("shop"),
        );
        check(
            "kedge why --namespace a --namespace b pod/",
            "--namespace",
            Some("b"),
        );
    }
}
