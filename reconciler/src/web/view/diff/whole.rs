//! Two versions of an object as all of their lines beside each other. What nobody in Git asked for
//! is left out where the reader does not want it, and counted. Values of Secrets are never in it.

use std::collections::{BTreeMap, BTreeSet};

use api::Object;
use engine::diff::{self, FieldChange, aligned, clean};
use jiff::Timestamp;

use super::lines::{Row, beside, fields};
use super::query::Wants;
use crate::web::view::object::{Line, Sort, Whose, kept, whose};

/// An object on both sides, as far as it is there.
pub(super) struct Pair<'a> {
    pub(super) old: Option<&'a Object>,
    pub(super) new: Option<&'a Object>,
    /// As Git has it, where that is not one of the sides.
    pub(super) manifest: Option<&'a Object>,
    /// The fields that differ.
    pub(super) changes: &'a [FieldChange],
}

/// What is shown of it.
#[derive(Debug, Default)]
pub(super) struct Whole {
    pub(super) rows: Vec<Row>,
    /// Fields of each sort that there are, shown or not.
    pub(super) defaults: usize,
    pub(super) managed: usize,
    /// Who else than Git set what is not as Git has it, and when they last wrote.
    pub(super) others: Vec<(String, Option<Timestamp>)>,
}

/// By path, the fields that nobody in Git asked for.
type Unasked = BTreeMap<String, Whose>;

pub(super) fn whole(pair: &Pair, wants: Wants) -> Whole {
    let unasked = unasked(pair);
    let is_default = |whose: &&Whose| whose.sort == Sort::Default;
    let defaults = unasked.values().filter(is_default).count();
    let is_shown = |path: &str| match unasked.get(path).map(|it| it.sort) {
        Some(Sort::Default) => wants.defaults,
        Some(_) => wants.managed,
        None => true,
    };
    let mut rows = rows(pair, &unasked, &is_shown);
    if !differ(&rows) {
        // What differs is what nobody asked for, or only the order of a list.
        rows = self::rows(pair, &unasked, &|_| true);
    }
    if !differ(&rows) {
        let is_secret = pair.new.or(pair.old).is_some_and(diff::is_secret);
        rows = fields(None, pair.changes, is_secret, wants.context);
    }
    Whole {
        rows,
        defaults,
        managed: unasked.len() - defaults,
        others: others(pair),
    }
}

fn differ(rows: &[Row]) -> bool {
    rows.iter().any(|row| !row.context)
}

/// A field is unasked where it is so on every side that has it.
fn unasked(pair: &Pair) -> Unasked {
    let sides: Vec<BTreeMap<String, Whose>> = [pair.old, pair.new]
        .into_iter()
        .flatten()
        .map(whose)
        .collect();
    let mut asked: BTreeSet<String> = pair.manifest.map(paths).unwrap_or_default();
    let mut unasked = Unasked::new();
    for (path, whose) in sides.into_iter().flatten() {
        if matches!(whose.sort, Sort::Git | Sort::Person) {
            asked.insert(path);
        } else {
            unasked.insert(path, whose);
        }
    }
    unasked.retain(|path, _| !asked.contains(path) && !is_of_server(path));
    unasked
}

fn paths(object: &Object) -> BTreeSet<String> {
    let lines = kept(object, &|_| true);
    lines.into_iter().map(|line| line.path).collect()
}

/// What is in no comparison at all.
fn is_of_server(path: &str) -> bool {
    let clean = |rest: &str| diff::fields::SERVER_METADATA.contains(&rest);
    path == "status"
        || path.starts_with("status.")
        || path.strip_prefix("metadata.").is_some_and(clean)
}

fn rows(pair: &Pair, unasked: &Unasked, is_shown: &dyn Fn(&str) -> bool) -> Vec<Row> {
    let (old, new) = (pair.old.map(clean), pair.new.map(clean));
    let old = match (old, &new) {
        (Some(old), Some(new)) => Some(aligned(&old, new)),
        (old, _) => old,
    };
    let lines = |object: Option<&Object>| -> Vec<Line> {
        object.map_or_else(Vec::new, |object| kept(object, is_shown))
    };
    let (old, new) = (lines(old.as_ref()), lines(new.as_ref()));
    let text = |lines: &[Line]| -> String {
        let lines = lines.iter().map(|line| format!("{}\n", line.text));
        lines.collect()
    };
    let (mut left, mut right) = (Side::new(&old, unasked), Side::new(&new, unasked));
    let rows = diff::rows(&text(&old), &text(&new)).into_iter();
    rows.map(|pair| {
        let (was, is) = (
            pair.old.as_ref().map(|_| left.next()),
            pair.new.as_ref().map(|_| right.next()),
        );
        beside(pair, was, is)
    })
    .collect()
}

/// Goes along the lines of a side. What nobody asked for has no number, so that the others keep
/// theirs whether it is shown or not.
struct Side<'a> {
    lines: &'a [Line],
    unasked: &'a Unasked,
    number: usize,
}

impl<'a> Side<'a> {
    fn new(lines: &'a [Line], unasked: &'a Unasked) -> Self {
        Self {
            lines,
            unasked,
            number: 0,
        }
    }

    /// The number of the next line, and a word on it.
    fn next(&mut self) -> (String, String) {
        let Some((line, rest)) = self.lines.split_first() else {
            return Default::default();
        };
        self.lines = rest;
        match self.unasked.get(&line.path) {
            Some(whose) if whose.sort == Sort::Default => (String::new(), "default".into()),
            Some(whose) => (String::new(), whose.manager.clone()),
            None if line.path.is_empty() && self.holds_unasked(line, rest) => Default::default(),
            None => {
                self.number += 1;
                (self.number.to_string(), String::new())
            }
        }
    }

    /// Whether nobody asked for anything that is in it.
    fn holds_unasked(&self, head: &Line, rest: &[Line]) -> bool {
        let spaces = |text: &str| text.len() - text.trim_start_matches(' ').len();
        let own = head.text.len() - head.text.trim_start_matches([' ', '-']).len();
        let is_inside = |line: &&Line| {
            let at = spaces(&line.text);
            at > own || (at == own && line.text[at..].starts_with("- "))
        };
        let inside = rest.iter().take_while(is_inside);
        let mut fields = inside.filter(|line| !line.path.is_empty());
        fields.all(|line| self.unasked.contains_key(&line.path))
    }
}

/// The owners of what differs on the side that is live, unless that is Git.
fn others(pair: &Pair) -> Vec<(String, Option<Timestamp>)> {
    let Some(live) = pair.old else {
        return Vec::new();
    };
    let text = |object: Option<&Object>| -> BTreeSet<(String, String)> {
        let lines = object.map_or_else(Vec::new, |object| kept(object, &|_| true));
        lines
            .into_iter()
            .map(|line| (line.path, line.text))
            .collect()
    };
    let owners = whose(live);
    let (is, wanted) = (text(Some(live)), text(pair.new));
    let mut others = Vec::new();
    for (path, _) in is.difference(&wanted) {
        let Some(owner) = owners.get(path) else {
            continue;
        };
        let other = (owner.manager.clone(), owner.since);
        let is_other = !matches!(owner.sort, Sort::Git | Sort::Default) && !is_of_server(path);
        if is_other && !others.contains(&other) {
            others.push(other);
        }
    }
    others
}

#[cfg(test)]
#[path = "whole_tests.rs"]
mod tests;
