//! The lines of an object as a table with the owner of each field at its side. Pure.

use std::collections::BTreeMap;

use askama::Template;
use jiff::Timestamp;

use super::owner::{Owned, Owner, Sort};
use crate::web::view::commit::chip;
use crate::web::view::component::{CommitChip, Icon};
use crate::web::view::time::ago;

/// Lines of one object.
const LINES: usize = 5_000;

/// Every field with its owner.
#[derive(Debug, Template)]
#[template(path = "object/fields.html")]
pub(crate) struct Fields {
    pub title: String,
    /// How many fields are whose.
    pub summary: String,
    pub rows: Vec<Row>,
    pub hidden: usize,
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

/// The lines with their owners, as [`owned`] finds them.
pub(crate) fn fields(title: &str, lines: &[Owned], now: Timestamp) -> Fields {
    let mut rows = Vec::new();
    let mut above: Option<&Owner> = None;
    for (index, line) in lines.iter().take(LINES).enumerate() {
        let row = row(index + 1, line, above, now);
        if line.owner.is_some() {
            above = line.owner.as_ref();
        }
        rows.push(row);
    }
    Fields {
        title: title.into(),
        summary: counted(lines),
        hidden: lines.len().saturating_sub(LINES),
        rows,
        error: String::new(),
        by_hand: String::new(),
    }
}

fn row(number: usize, line: &Owned, above: Option<&Owner>, now: Timestamp) -> Row {
    let Some(owner) = &line.owner else {
        return Row {
            number,
            text: line.text.clone(),
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
        text: line.text.clone(),
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
