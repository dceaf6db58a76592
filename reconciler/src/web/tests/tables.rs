//! Tables on a phone: their rows are stacked, their headings are not to be seen, and they stay tables
//! for those who do not see them at all.

use std::sync::LazyLock;

use regex::Regex;

use super::pages::PAGES;
use super::*;

static ROW: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?s)<tr\b.*?</tr>").unwrap());
static CELL: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?s)<(t[dh])\b([^>]*)>(.*?)</t[dh]>").unwrap());
static TAG: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"<[^>]*>").unwrap());

struct Cell<'a> {
    attributes: &'a str,
    inside: &'a str,
}

impl Cell<'_> {
    fn label(&self) -> Option<&str> {
        let (_, after) = self.attributes.split_once("data-label=\"")?;
        after.split('"').next()
    }

    /// A state, a link, a button, a commit: nobody has to be told what that is. A bare value is one
    /// that means nothing without its heading.
    fn speaks(&self) -> bool {
        let says = ["<a ", "<button", "class=\"st", "class=\"cm", "class=\"who"];
        self.inside.is_empty()
            || self.attributes.contains("class=\"w\"")
            || says.iter().any(|part| self.inside.contains(part))
    }
}

fn cells<'a>(row: &'a str) -> Vec<Cell<'a>> {
    let cell = |found: regex::Captures<'a>| {
        let (_, [_, attributes, inside]) = found.extract();
        Cell { attributes, inside }
    };
    CELL.captures_iter(row).map(cell).collect()
}

/// The tables of a page that are stacked on a phone, with the page's address.
fn stacked<'a>(path: &'a str, page: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let tables = page.split("<table ").skip(1);
    let ends = tables.filter_map(|table| table.split("</table>").next());
    ends.filter(|table| table.contains("stackable"))
        .map(move |table| (path, table))
}

/// Each value stands after the heading of its column, where it needs one.
fn unlabelled(path: &str, table: &str) -> Vec<String> {
    let mut bare = Vec::new();
    let mut rows = ROW.find_iter(table).map(|row| row.as_str());
    let headings: Vec<String> = cells(rows.next().unwrap())
        .iter()
        // A heading that is not to be seen on a desk either is not missed.
        .map(|cell| {
            if cell.inside.contains("class=\"sr\"") {
                String::new()
            } else {
                TAG.replace_all(cell.inside, "").into_owned()
            }
        })
        .collect();
    for row in rows.filter(|row| !row.contains("colspan")) {
        let cells = cells(row);
        assert_eq!(cells.len(), headings.len(), "{path}: {row}");
        let rail = usize::from(cells[0].attributes.contains("rail"));
        for (cell, heading) in cells.iter().zip(&headings).skip(rail + 1) {
            match cell.label() {
                Some(label) => assert!(heading == label, "{path}: {label} below {heading}"),
                None if cell.speaks() || heading.is_empty() => {}
                None => bare.push(format!("{path}: {heading}: {}", cell.inside)),
            }
        }
    }
    bare
}

/// A browser takes a table for none once its rows are no rows in its picture; the words say it.
fn is_a_table(path: &str, table: &str) {
    let count = |what: &str| table.matches(what).count();
    assert!(table.starts_with("role=\"table\""), "{path}: {table}");
    assert_eq!(count("<tr"), count("role=\"row\""), "{path}: rows");
    assert_eq!(count("<td"), count("role=\"cell\""), "{path}: cells");
    let headings = count("<th ");
    assert_eq!(headings, count("role=\"columnheader\""), "{path}: headings");
    assert_eq!(2, count("role=\"rowgroup\""), "{path}: head and body");
    assert!(count("<caption") == 1, "{path}: a name");
}

#[tokio::test]
async fn stacked_tables_keep_their_headings_and_stay_tables() {
    let site = Site::new(Sample::default()).await;
    let (mut seen, mut bare) = (0, Vec::new());
    for path in PAGES {
        let (_, page) = site.page(path).await;
        for (path, table) in stacked(path, &page) {
            is_a_table(path, table);
            bare.extend(unlabelled(path, table));
            seen += 1;
        }
    }
    assert!(bare.is_empty(), "{bare:#?}");
    // Of each sort that there is.
    assert!(seen > 20, "{seen}");
}
