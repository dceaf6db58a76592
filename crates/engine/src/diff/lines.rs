//! The comparison as text: lines of YAML, old and new beside each other, with the words that changed.
//! Web pages and terminals show the same one.

use similar::{ChangeTag, DiffOp, TextDiff};

use api::Object;

use super::{clean, masked};

/// Of a line of which more than this share changed, all is new: no words of it are marked.
const PERCENT: usize = 60;

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
    /// Without the line's end.
    pub spans: Vec<Span>,
}

impl Line {
    /// A line of which nothing is marked.
    pub fn whole(kind: LineKind, text: &str) -> Self {
        Self::marked(kind, text, &Marks::new())
    }

    /// A line with its changed parts marked.
    fn marked(kind: LineKind, text: &str, marks: &Marks) -> Self {
        let mut spans = Vec::new();
        let mut at = 0;
        let mut put = |part: &str, changed| {
            if !part.is_empty() {
                let text = part.to_owned();
                spans.push(Span { text, changed });
            }
        };
        for (from, to) in marks {
            put(&text[at..*from], false);
            put(&text[*from..*to], true);
            at = *to;
        }
        put(&text[at..], false);
        Self { kind, spans }
    }

    pub fn text(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }
}

/// What stands side by side: a line that did not change, one that became another, or one that only
/// one side has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub old: Option<Line>,
    pub new: Option<Line>,
}

/// The object as YAML for people: without server fields, Secrets masked. Empty for `None`.
pub fn yaml(object: Option<&Object>) -> String {
    object.map_or_else(String::new, |object| {
        api::codec::yaml::to_string(&masked(&clean(object)).body)
    })
}

/// The hunks in which two texts differ, with `context` lines around each.
pub fn hunks(old: &str, new: &str, context: usize) -> Vec<Vec<Row>> {
    let diff = TextDiff::from_lines(old, new);
    let groups = diff.grouped_ops(context);
    let groups = groups.iter();
    let hunk = |group: &Vec<DiffOp>| group.iter().flat_map(|op| rows_of(&diff, op)).collect();
    groups.map(hunk).collect()
}

/// The same as a patch has them: of what stands side by side first all that went, then all that came.
pub fn patch(old: &str, new: &str, context: usize) -> Vec<Vec<Line>> {
    let is_same = |row: &Row| row.old.as_ref().is_some_and(|it| it.kind == LineKind::Same);
    let hunk = |rows: Vec<Row>| {
        let mut lines = Vec::new();
        for rows in rows.chunk_by(|one, two| is_same(one) == is_same(two)) {
            lines.extend(rows.iter().filter_map(|row| row.old.clone()));
            let new = rows.iter().filter(|row| !is_same(row));
            lines.extend(new.filter_map(|row| row.new.clone()));
        }
        lines
    };
    hunks(old, new, context).into_iter().map(hunk).collect()
}

/// All of two texts, what did not change included.
pub fn rows(old: &str, new: &str) -> Vec<Row> {
    let diff = TextDiff::from_lines(old, new);
    let ops = diff.ops().iter();
    ops.flat_map(|op| rows_of(&diff, op)).collect()
}

/// The first line that went beside the first one that came, and so on.
fn rows_of(diff: &TextDiff<'_, '_, str>, op: &DiffOp) -> Vec<Row> {
    let of = |tag: ChangeTag| -> Vec<&str> {
        let changes = diff.iter_changes(op).filter(|it| it.tag() == tag);
        changes
            .map(|it| it.value().trim_end_matches(['\n', '\r']))
            .collect()
    };
    let same = of(ChangeTag::Equal).into_iter().map(|text| {
        let line = Some(Line::whole(LineKind::Same, text));
        Row {
            old: line.clone(),
            new: line,
        }
    });
    let (gone, come) = (of(ChangeTag::Delete), of(ChangeTag::Insert));
    let pair = |at: usize| {
        let (old, new) = (gone.get(at), come.get(at));
        let (was, is) = match (old, new) {
            (Some(old), Some(new)) => words(old, new),
            _ => (Marks::new(), Marks::new()),
        };
        Row {
            old: old.map(|text| Line::marked(LineKind::Removed, text, &was)),
            new: new.map(|text| Line::marked(LineKind::Added, text, &is)),
        }
    };
    same.chain((0..gone.len().max(come.len())).map(pair))
        .collect()
}

/// Parts of a line, in bytes.
type Marks = Vec<(usize, usize)>;

/// What of the old line went and what of the new one came, in words; nothing where little is the same.
fn words(old: &str, new: &str) -> (Marks, Marks) {
    let (was, is) = (split_words(old), split_words(new));
    let diff = TextDiff::from_slices(&was, &is);
    let (mut gone, mut come) = (Marks::new(), Marks::new());
    let (mut old_at, mut new_at) = (0, 0);
    for change in diff.iter_all_changes() {
        let length = change.value().len();
        match change.tag() {
            ChangeTag::Delete => mark(&mut gone, old_at, old_at + length),
            ChangeTag::Insert => mark(&mut come, new_at, new_at + length),
            ChangeTag::Equal => {}
        }
        if change.tag() != ChangeTag::Insert {
            old_at += length;
        }
        if change.tag() != ChangeTag::Delete {
            new_at += length;
        }
    }
    let is_much = |marks: &Marks, line: &str| {
        let length: usize = marks.iter().map(|(from, to)| to - from).sum();
        length * 100 >= line.trim().len().max(1) * PERCENT
    };
    if is_much(&gone, old) || is_much(&come, new) {
        return (Marks::new(), Marks::new());
    }
    (gone, come)
}

/// Adds a mark; one that begins a byte after the last one goes on with it.
fn mark(marks: &mut Marks, from: usize, to: usize) {
    match marks.last_mut() {
        Some(last) if from <= last.1 + 1 => last.1 = to,
        _ => marks.push((from, to)),
    }
}

/// Runs of letters and digits, and what is between them one by one.
fn split_words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut begin = 0;
    for (at, c) in line.char_indices() {
        if !c.is_alphanumeric() {
            words.extend([&line[begin..at], &line[at..at + c.len_utf8()]]);
            begin = at + c.len_utf8();
        }
    }
    words.push(&line[begin..]);
    words.retain(|word| !word.is_empty());
    words
}

/// The same as a unified diff, for terminals and files, which have a name on each side.
pub fn unified(old: &str, new: &str, context: usize, names: (&str, &str)) -> String {
    TextDiff::from_lines(old, new)
        .unified_diff()
        .context_radius(context)
        .header(names.0, names.1)
        .to_string()
}
