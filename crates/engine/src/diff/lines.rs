//! The comparison as text: lines of YAML, with the words that changed.

use similar::{ChangeTag, TextDiff};

use api::Object;

use super::{clean, masked};

/// What happened to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    Same,
    Added,
    Removed,
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub text: String,
    /// Whether exactly this piece changed.
    pub changed: bool,
}

/// One line of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub kind: LineKind,
    /// Its number on the old side, from 1.
    pub old: Option<usize>,
    /// Its number on the new side, from 1.
    pub new: Option<usize>,
    /// Without the line's end.
    pub spans: Vec<Span>,
}

impl Line {
    pub fn text(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }
}

/// Changed lines that stand together, with their context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    pub lines: Vec<Line>,
}

/// The object as YAML for people: without server fields, Secrets masked. Empty for `None`.
pub fn yaml(object: Option<&Object>) -> String {
    object.map_or_else(String::new, |object| {
        api::codec::yaml::to_string(&masked(&clean(object)).body)
    })
}

/// The hunks in which two texts differ, with `context` lines around each.
pub fn hunks(old: &str, new: &str, context: usize) -> Vec<Hunk> {
    let diff = TextDiff::from_lines(old, new);
    diff.grouped_ops(context)
        .iter()
        .map(|group| Hunk {
            lines: group
                .iter()
                .flat_map(|op| diff.iter_inline_changes(op))
                .map(|change| Line {
                    kind: match change.tag() {
                        ChangeTag::Equal => LineKind::Same,
                        ChangeTag::Insert => LineKind::Added,
                        ChangeTag::Delete => LineKind::Removed,
                    },
                    old: change.old_index().map(|at| at + 1),
                    new: change.new_index().map(|at| at + 1),
                    spans: change
                        .iter_strings_lossy()
                        .map(|(changed, text)| Span {
                            text: text.trim_end_matches(['\n', '\r']).to_owned(),
                            changed,
                        })
                        .filter(|span| !span.text.is_empty())
                        .collect(),
                })
                .collect(),
        })
        .collect()
}

/// The same as a unified diff, for terminals and files.
pub fn unified(old: &str, new: &str, old_name: &str, new_name: &str) -> String {
    TextDiff::from_lines(old, new)
        .unified_diff()
        .header(old_name, new_name)
        .to_string()
}
