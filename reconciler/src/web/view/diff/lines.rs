//! The lines of a change, old and new beside each other, with the words that differ marked.

use std::fmt;

use askama::filters::HtmlSafe;

use api::Object;
use engine::diff::{self, FieldChange, Line, LineKind};

use crate::web::view::component::Escaped;

/// Characters that lead to a line.
const LEADING: usize = 20;

/// A line on each side, or the path of the field that follows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Row {
    pub path: String,
    pub context: bool,
    pub old: Option<Cell>,
    pub new: Option<Cell>,
}

impl Row {
    /// Both cells, each with the letter of its side, and whether it can be led to. Of what is the
    /// same on both sides, the new one can.
    pub(crate) fn sides(&self) -> [(char, &Option<Cell>, bool); 2] {
        let numbered = |cell: &Option<Cell>| cell.as_ref().is_some_and(|it| !it.number.is_empty());
        [
            ('L', &self.old, !self.context && numbered(&self.old)),
            ('R', &self.new, numbered(&self.new)),
        ]
    }

    /// About how much of a page it is, in characters: what leads to a line is as long as a line.
    pub(super) fn weight(&self) -> usize {
        let cells = [&self.old, &self.new].into_iter().flatten();
        let of = |cell: &Cell| cell.line.text().len() + cell.number.len().min(1) * LEADING;
        cells.map(of).sum()
    }

    pub(crate) fn class(&self) -> &'static str {
        let note = |cell: &Option<Cell>| cell.as_ref().is_some_and(|it| !it.note.is_empty());
        match (self.context, note(&self.old) || note(&self.new)) {
            (true, true) => "ctx dflt",
            (true, false) => "ctx",
            (false, true) => "chg dflt",
            (false, false) => "chg",
        }
    }
}

/// A line on one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    /// Empty for values of single fields, and for what nobody in Git asked for.
    pub number: String,
    pub class: &'static str,
    /// Who set it, where Git did not ask for it.
    pub note: String,
    line: Line,
}

impl Cell {
    /// A line of a comparison; one that did not change has no class.
    fn new(line: Line, class: &'static str, (number, note): (String, String)) -> Self {
        Self {
            number,
            class: if line.kind == LineKind::Same {
                ""
            } else {
                class
            },
            note,
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
        if self.note.is_empty() {
            return Ok(());
        }
        write!(f, "<span class=\"note\">{}</span>", Escaped(&self.note))
    }
}

impl HtmlSafe for Cell {}

/// Place by place: its path, then its lines before and after, with what is around the changes where
/// the object that they lead to is at hand; that is masked already.
pub(crate) fn fields(
    after: Option<&Object>,
    changes: &[FieldChange],
    secret: bool,
    context: Option<usize>,
) -> Vec<Row> {
    let shown = changes.iter().map(|it| diff::shown(it, secret));
    let shown: Vec<FieldChange> = shown.collect();
    let mut rows = Vec::new();
    for part in diff::parts(after, &shown) {
        let path = part.path;
        rows.extend((!path.is_empty()).then(|| Row {
            path,
            ..Row::default()
        }));
        let hunks = match context {
            Some(context) => diff::hunks(&part.old, &part.new, context),
            None => vec![diff::rows(&part.old, &part.new)],
        };
        let hunks = hunks.into_iter().flatten();
        rows.extend(hunks.map(|pair| beside(pair, None, None)));
    }
    rows
}

/// One row, with the number of each line and a word on it, where there are such.
pub(super) fn beside(
    pair: diff::Row,
    was: Option<(String, String)>,
    is: Option<(String, String)>,
) -> Row {
    let context = pair
        .old
        .as_ref()
        .is_some_and(|line| line.kind == LineKind::Same);
    let told = Option::unwrap_or_default;
    Row {
        context,
        old: pair.old.map(|line| Cell::new(line, " del", told(was))),
        new: pair.new.map(|line| Cell::new(line, " add", told(is))),
        ..Row::default()
    }
}
