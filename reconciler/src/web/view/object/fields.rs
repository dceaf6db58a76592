//! The lines of an object as a table with the owner of each field at its side. Pure.

use std::collections::BTreeMap;
use std::ops::Range;

use askama::Template;
use jiff::Timestamp;

use super::owner::{Owned, Owner, Sort};
use crate::web::view::commit::chip;
use crate::web::view::component::{CommitChip, Icon};
use crate::web::view::time::ago;

/// Lines of one page, and about how many characters of them.
const LINES: usize = 1_000;
const WEIGHT: usize = 60_000;
/// Characters of one line: what is longer is in the text alone.
const LONG: usize = 1_000;

/// Every field with its owner.
#[derive(Debug, Template)]
#[template(path = "object/fields.html")]
pub(crate) struct Fields {
    pub title: String,
    /// How many fields are whose.
    pub summary: String,
    pub rows: Vec<Row>,
    /// `1001 to 2000 of 4512`; empty where all lines are here.
    pub part: String,
    /// Numbers of the pages around; 0 where there is none.
    pub before: usize,
    pub after: usize,
    /// Whether it has an address as a text.
    pub has_text: bool,
    /// Why commits, files and lines are missing; empty where they are not.
    pub error: String,
    pub by_hand: String,
}

/// A line of YAML.
#[derive(Debug)]
pub(crate) struct Row {
    pub number: usize,
    pub text: String,
    /// The class of the mark at the left; empty for what only holds others.
    pub class: &'static str,
    /// Whether who it is is said again: it is somebody else's than the line above.
    pub first: bool,
    pub who: String,
    pub commit: Option<CommitChip>,
    /// `web.yaml:7`
    pub place: String,
    /// Everything, for whoever points at it.
    pub title: String,
}

/// The lines with their owners, as [`owned`] finds them; of many a page, which counts from 1.
pub(crate) fn fields(title: &str, lines: &[Owned], page: &str, now: Timestamp) -> Fields {
    let pages = pages(lines);
    let page = page.parse().unwrap_or(1).clamp(1, pages.len());
    let range = pages[page - 1].clone();
    let mut rows = Vec::new();
    let mut above: Option<&Owner> = None;
    for (index, line) in lines[range.clone()].iter().enumerate() {
        let row = row(range.start + index + 1, line, above, now);
        if line.owner.is_some() {
            above = line.owner.as_ref();
        }
        rows.push(row);
    }
    Fields {
        title: title.into(),
        summary: counted(lines),
        part: if pages.len() == 1 {
            String::new()
        } else {
            format!("{} to {} of {}", range.start + 1, range.end, lines.len())
        },
        before: page - 1,
        after: if page == pages.len() { 0 } else { page + 1 },
        has_text: false,
        rows,
        error: String::new(),
        by_hand: String::new(),
    }
}

/// The lines of each page; there is one at least.
fn pages(lines: &[Owned]) -> Vec<Range<usize>> {
    let mut pages = Vec::new();
    let (mut from, mut weight) = (0, 0);
    for (index, line) in lines.iter().enumerate() {
        let more = line.text.len().min(LONG);
        if index - from == LINES || (index > from && weight + more > WEIGHT) {
            pages.push(from..index);
            (from, weight) = (index, 0);
        }
        weight += more;
    }
    pages.push(from..lines.len());
    pages
}

/// As much of a line as is shown.
fn shown(text: &str) -> String {
    let cut: String = text.chars().take(LONG).collect();
    match text.chars().count().saturating_sub(LONG) {
        0 => cut,
        more => format!("{cut}… and {more} more characters"),
    }
}

/// All lines as one text.
pub(crate) fn text(lines: &[Owned]) -> String {
    let lines = lines.iter().map(|line| format!("{}\n", line.text));
    lines.collect()
}

fn row(number: usize, line: &Owned, above: Option<&Owner>, now: Timestamp) -> Row {
    let Some(owner) = &line.owner else {
        return Row {
            number,
            text: shown(&line.text),
            class: "",
            first: false,
            who: String::new(),
            commit: None,
            place: String::new(),
            title: String::new(),
        };
    };
    let is_same = |above: &Owner| {
        (above.sort, &above.name, &above.commit) == (owner.sort, &owner.name, &owner.commit)
    };
    let first = !above.is_some_and(is_same);
    let file = |origin: &engine::Origin| {
        let name = origin.file.rsplit('/').next().unwrap_or_default();
        format!("{name}:{}", origin.line)
    };
    Row {
        number,
        text: shown(&line.text),
        class: owner.sort.word(),
        first,
        who: match owner.sort {
            Sort::Git if owner.commit.0.is_empty() => "Git".into(),
            Sort::Git => String::new(),
            Sort::Default => "default".into(),
            _ => owner.name.clone(),
        },
        commit: (owner.sort == Sort::Git && !owner.commit.0.is_empty())
            .then(|| chip(&owner.commit)),
        place: owner.origin.as_ref().map(file).unwrap_or_default(),
        title: title(line, owner, now),
    }
}

/// `spec.replicas: Git, commit 7f3c2ab, shop/web.yaml:12, 3 d ago; also kubectl`
fn title(line: &Owned, owner: &Owner, now: Timestamp) -> String {
    let mut text = format!("{}: {}", line.path, owner.sort.word());
    let mut add = |more: String| {
        text.push_str(", ");
        text.push_str(&more);
    };
    if owner.sort != Sort::Git && !owner.name.is_empty() {
        add(owner.name.clone());
    }
    if !owner.commit.0.is_empty() {
        add(format!("commit {}", owner.commit.short()));
    }
    if let Some(origin) = &owner.origin {
        add(origin.to_string());
    }
    if let Some(since) = owner.since {
        add(ago(since, now));
    }
    if !owner.also.is_empty() {
        add(format!("also {}", owner.also.join(" and ")));
    }
    text
}

/// `24 fields from Git, 3 of controllers, 1 of a person, 8 defaults`
fn counted(lines: &[Owned]) -> String {
    let mut counts = BTreeMap::<Sort, usize>::new();
    let mut last = "";
    for line in lines {
        if let Some(owner) = &line.owner
            && line.path != last
        {
            *counts.entry(owner.sort).or_default() += 1;
            last = &line.path;
        }
    }
    let said = counts.into_iter().map(|(sort, count)| match sort {
        Sort::Git => format!("{count} from Git"),
        Sort::Controller => format!("{count} of controllers"),
        Sort::Autoscaler => format!("{count} of the autoscaler"),
        Sort::Person => format!("{count} changed by people"),
        Sort::Default => format!("{count} defaults"),
    });
    let said: Vec<String> = said.collect();
    said.join(", ")
}

#[test]
fn a_page_is_short_and_light_and_no_line_is_lost() {
    let lines = |texts: &[(usize, usize)]| -> Vec<Owned> {
        let line = |length: usize| Owned {
            text: "x".repeat(length),
            path: String::new(),
            owner: None,
        };
        let all = texts
            .iter()
            .flat_map(|(count, length)| vec![line(*length); *count]);
        all.collect()
    };
    let check = |texts: &[(usize, usize)], ends: &[usize]| {
        let pages = pages(&lines(texts));
        let found: Vec<usize> = pages.iter().map(|page| page.end).collect();
        assert_eq!(found, ends, "{texts:?}");
        let mut next = pages.iter().skip(1).zip(&pages);
        assert!(next.all(|(page, before)| page.start == before.end));
    };
    check(&[], &[0]);
    check(&[(1_000, 10)], &[1_000]);
    check(&[(2_001, 10)], &[1_000, 2_000, 2_001]);
    check(&[(2, 40_000)], &[2]);
    check(&[(70, 900), (10, 1)], &[66, 80]);
    let now = Timestamp::UNIX_EPOCH;
    let second = fields("x", &lines(&[(2_500, 10)]), "2", now);
    assert_eq!((second.before, second.after), (1, 3));
    assert_eq!(second.part, "1001 to 2000 of 2500");
    assert_eq!(second.rows[0].number, 1_001);
    let beyond = fields("x", &lines(&[(3, 2_000)]), "9", now);
    assert_eq!(
        (beyond.before, beyond.after, beyond.part.as_str()),
        (0, 0, "")
    );
    assert!(beyond.rows[0].text.ends_with("x… and 1000 more characters"));
}
