//! The lines of a change, old and new beside each other, with the words that differ marked.

use std::fmt;

use askama::filters::HtmlSafe;
use serde_json::Value;

use engine::diff::{FieldChange, Line, LineKind, Span, fingerprint, hunks};

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
    spans: Vec<Span>,
    kind: LineKind,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: usize = self.spans.iter().map(|span| span.text.len()).sum();
        let changed: usize = self
            .spans
            .iter()
            .filter(|span| span.changed)
            .map(|span| span.text.len())
            .sum();
        // Where most of a line is new, marks are noise.
        let marks = changed * 10 < all * 6;
        for span in &self.spans {
            let text = Escaped(&span.text);
            match self.kind {
                LineKind::Removed if span.changed && marks => write!(f, "<del>{text}</del>")?,
                LineKind::Added if span.changed && marks => write!(f, "<ins>{text}</ins>")?,
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
                spans: vec![Span {
                    text: line.to_owned(),
                    changed: false,
                }],
                kind: LineKind::Added,
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
        let hide = secret && hides(&change.path);
        let old = text(change.old.as_ref(), hide);
        let new = text(change.new.as_ref(), hide);
        for hunk in hunks(&old, &new, CONTEXT) {
            rows.extend(paired(hunk.lines).into_iter().map(marked));
        }
    }
    rows
}

/// Of a Secret, only its type and plain metadata are shown.
fn hides(path: &str) -> bool {
    let plain = path.starts_with("metadata.") || path == "type" || path == "immutable";
    !plain || path.contains("last-applied")
}

fn text(value: Option<&Value>, hide: bool) -> String {
    match value {
        None => String::new(),
        Some(value) if hide => format!("(hidden, sha256 {}…)\n", fingerprint(value)),
        Some(value) => serde_yaml::to_string(value).unwrap_or_default(),
    }
}

/// Puts removed lines beside the added ones that follow them.
fn paired(lines: Vec<Line>) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    // Where the added lines that belong to the removed ones before them go next.
    let mut next = 0;
    for line in lines {
        let cell = |class| Cell {
            number: String::new(),
            class,
            kind: line.kind,
            spans: line.spans.clone(),
        };
        match line.kind {
            LineKind::Same => {
                rows.push(Row {
                    context: true,
                    old: Some(cell("")),
                    new: Some(cell("")),
                    ..Row::default()
                });
                next = rows.len();
            }
            LineKind::Removed => rows.push(Row {
                old: Some(cell(" del")),
                ..Row::default()
            }),
            LineKind::Added => {
                if next == rows.len() {
                    rows.push(Row::default());
                }
                rows[next].new = Some(cell(" add"));
                next += 1;
            }
        }
        if line.kind == LineKind::Removed && rows.len() >= 2 {
            // A removed line after added ones starts a new pair.
            next = next.min(rows.len() - 1);
            while rows[next].new.is_some() {
                next += 1;
            }
        }
    }
    rows
}

/// Marks what differs inside two lines that stand side by side, where the comparison by words
/// took them as wholly different: everything between the pieces that begin and end them alike.
fn marked(mut row: Row) -> Row {
    let (Some(old), Some(new)) = (&mut row.old, &mut row.new) else {
        return row;
    };
    let is_whole = |cell: &Cell| cell.spans.iter().all(|span| span.changed);
    if row.context || !is_whole(old) || !is_whole(new) {
        return row;
    }
    let text =
        |cell: &Cell| -> String { cell.spans.iter().map(|span| span.text.as_str()).collect() };
    let (before, after) = (text(old), text(new));
    let (one, two) = (pieces(&before), pieces(&after));
    let head = alike(one.iter(), two.iter());
    let tail = alike(one[head..].iter().rev(), two[head..].iter().rev());
    old.spans = spans(&one, head, tail);
    new.spans = spans(&two, head, tail);
    row
}

/// Words and what stands between them.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut before: Option<bool> = None;
    for (at, character) in text.char_indices() {
        let word = character.is_alphanumeric();
        if before.is_some_and(|before| before != word || !word) {
            pieces.push(&text[start..at]);
            start = at;
        }
        before = Some(word);
    }
    pieces.push(&text[start..]);
    pieces
}

fn alike<'a>(
    one: impl Iterator<Item = &'a &'a str>,
    two: impl Iterator<Item = &'a &'a str>,
) -> usize {
    one.zip(two).take_while(|(one, two)| one == two).count()
}

fn spans(pieces: &[&str], head: usize, tail: usize) -> Vec<Span> {
    let end = pieces.len() - tail;
    let part = |pieces: &[&str], changed| Span {
        text: pieces.concat(),
        changed,
    };
    let mut spans = vec![
        part(&pieces[..head], false),
        part(&pieces[head..end], true),
        part(&pieces[end..], false),
    ];
    spans.retain(|span| !span.text.is_empty());
    spans
}
