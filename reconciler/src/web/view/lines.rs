//! The lines of a change, old and new beside each other, with the words that differ marked.

use std::fmt;

use askama::filters::HtmlSafe;
use serde_json::Value;

use engine::diff::{self, FieldChange, Line, LineKind};

use super::component::Escaped;

/// Unchanged lines around a change.
const CONTEXT: usize = 3;

/// A line on each side, or the path of the field that follows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Row {
    pub path: String,
    pub context: bool,
    pub old: Option<Cell>,
    pub new: Option<Cell>,
}

/// A line on one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    /// Empty for values of single fields.
    pub number: String,
    pub class: &'static str,
    line: Line,
}

impl Cell {
    /// A line of a comparison; one that did not change has no class.
    fn new(line: Line, class: &'static str) -> Self {
        Self {
            number: String::new(),
            class: if line.kind == LineKind::Same {
                ""
            } else {
                class
            },
            line,
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for span in &self.line.spans {
            let text = Escaped(&span.text);
            match self.line.kind {
                LineKind::Removed if span.changed => write!(f, "<del>{text}</del>")?,
                LineKind::Added if span.changed => write!(f, "<ins>{text}</ins>")?,
                _ => write!(f, "{text}")?,
            }
        }
        Ok(())
    }
}

impl HtmlSafe for Cell {}

/// A whole text that is new.
pub(crate) fn added(text: &str) -> Vec<Row> {
    text.lines()
        .enumerate()
        .map(|(index, line)| Row {
            new: Some(Cell {
                number: (index + 1).to_string(),
                class: " add",
                line: Line::whole(LineKind::Added, line),
            }),
            ..Row::default()
        })
        .collect()
}

/// Field by field: the path, then its lines before and after.
pub(crate) fn fields(changes: &[FieldChange], secret: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    for change in changes {
        rows.push(Row {
            path: change.path.clone(),
            ..Row::default()
        });
        let change = diff::shown(change, secret);
        let (old, new) = (text(change.old.as_ref()), text(change.new.as_ref()));
        let hunks = diff::hunks(&old, &new, CONTEXT).into_iter();
        rows.extend(hunks.flatten().map(row));
    }
    rows
}

fn text(value: Option<&Value>) -> String {
    value.map_or_else(String::new, |value| {
        serde_yaml::to_string(value).unwrap_or_default()
    })
}

fn row(pair: diff::Row) -> Row {
    let context = pair
        .old
        .as_ref()
        .is_some_and(|line| line.kind == LineKind::Same);
    Row {
        context,
        old: pair.old.map(|line| Cell::new(line, " del")),
        new: pair.new.map(|line| Cell::new(line, " add")),
        ..Row::default()
    }
}
