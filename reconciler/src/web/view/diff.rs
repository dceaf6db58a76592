//! What differs, object by object, line by line, with the changed words marked. Values of
//! Secrets never come out of here.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;
use serde_json::Value;

use api::ObjectKey;
use engine::Plan;
use engine::diff::{FieldChange, Line, LineKind, Span, fingerprint, hunks, yaml};
use engine::plan::Change;

use super::component::{Escaped, Icon};
use super::rollout::Sign;
use crate::history::{Action, ObjectResult, RolloutDetail};

/// Changed lines of one object that are shown on a page with others, and alone.
const LINES: usize = 400;
const LINES_ALONE: usize = 5000;
/// Unchanged lines around a change.
const CONTEXT: usize = 3;

/// A comparison.
#[derive(Debug, Template)]
#[template(path = "diff/objects.html")]
pub(crate) struct Objects {
    pub unified: bool,
    pub summary: String,
    /// What to say where nothing differs.
    pub nothing: String,
    /// Created, changed, deleted.
    pub counts: (usize, usize, usize),
    /// What the sides are.
    pub left: String,
    pub right: String,
    pub objects: Vec<ObjectDiff>,
}

/// One object that differs.
#[derive(Debug)]
pub(crate) struct ObjectDiff {
    pub sign: Sign,
    pub anchor: String,
    pub name: String,
    pub namespace: String,
    pub kind: String,
    /// File and line in Git.
    pub place: String,
    /// In place of lines, or above them.
    pub note: String,
    pub rows: Vec<Row>,
    pub hidden: usize,
}

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

/// How the page wants it.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub(crate) struct Query {
    /// `unified`, or side by side.
    #[serde(default)]
    pub view: String,
    /// Only the object with this anchor.
    #[serde(default)]
    pub object: String,
    /// A branch, tag or commit.
    #[serde(default)]
    pub to: String,
}

/// A name for links inside the page: `deployment.shop.web`.
pub(crate) fn anchor(kind: &str, key: &ObjectKey) -> String {
    let parts = [kind, &key.namespace, &key.name];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .map(str::to_lowercase)
        .collect();
    parts.join(".")
}

/// Whether values must not be shown.
pub(crate) fn is_secret(kind: &str, key: &ObjectKey) -> bool {
    kind == "Secret" && key.collection.group.is_empty()
}

/// What bringing the cluster to a commit would change now.
pub(crate) fn of_plan(plan: &Plan, query: &Query) -> Objects {
    let mut objects = Vec::new();
    let most = limit(query);
    for deletion in &plan.deletes {
        let mut object = empty(Action::Delete, &deletion.kind, &deletion.key);
        object.note = "Is in the cluster and no longer in Git: it is deleted last.".into();
        objects.push(object);
    }
    for kept in &plan.kept {
        let mut object = empty(Action::Keep, &kept.kind, &kept.key);
        object.note = format!("Is no longer in Git, and stays: {}", kept.reason);
        objects.push(object);
    }
    let steps = |wanted: fn(&Change) -> bool| plan.steps().filter(move |s| wanted(&s.change));
    for step in steps(|change| matches!(change, Change::Create | Change::Recreate)) {
        let mut object = empty(Action::Create, &step.kind, &step.key);
        object.place = step.origin.to_string();
        if step.change == Change::Recreate {
            object.note = "Is being deleted; it is created again once it is gone.".into();
        }
        object.rows = added(&yaml(Some(&step.object)));
        objects.push(object);
    }
    for step in steps(|change| matches!(change, Change::Update(_))) {
        let mut object = empty(Action::Change, &step.kind, &step.key);
        object.place = step.origin.to_string();
        if let Change::Update(changes) = &step.change {
            object.rows = fields(changes, is_secret(&step.kind, &step.key));
        }
        objects.push(object);
    }
    let unchanged = plan.steps().filter(|step| !step.is_change()).count();
    let mut view = finish(objects, unchanged, query, most);
    view.left = "Live".into();
    view.right = "Git, as the server would store it".into();
    view.nothing = "Every field that Git sets is in the cluster as Git has it.".into();
    view
}

/// What a rollout planned to change.
pub(crate) fn of_rollout(detail: &RolloutDetail, query: &Query) -> Objects {
    let most = limit(query);
    let mut planned: Vec<&ObjectResult> = detail
        .objects
        .iter()
        .filter(|object| object.action != Action::Unchanged)
        .collect();
    planned.sort_by_key(|object| match object.action {
        Action::Delete => 0,
        Action::Keep => 1,
        Action::Create => 2,
        _ => 3,
    });
    let objects = planned.into_iter().map(recorded).collect();
    let unchanged = detail
        .objects
        .iter()
        .filter(|object| object.action == Action::Unchanged)
        .count();
    let mut view = finish(objects, unchanged, query, most);
    view.left = "Before".into();
    view.right = format!("Commit {}", detail.rollout.revision.short());
    view.nothing = "The commit asked for what was there already.".into();
    view
}

fn recorded(result: &ObjectResult) -> ObjectDiff {
    let mut object = empty(result.action, &result.kind, &result.key);
    if !result.file.is_empty() {
        object.place = format!("{}:{}", result.file, result.line);
    }
    object.rows = fields(&result.changes, is_secret(&result.kind, &result.key));
    object.note = match result.action {
        Action::Create if object.rows.is_empty() => "Did not exist before.".into(),
        Action::Delete => "Left Git: deleted last.".into(),
        Action::Keep if result.message.is_empty() => "Left Git, and stays.".into(),
        Action::Keep => format!("Left Git, and stays: {}", result.message),
        _ => String::new(),
    };
    object
}

fn limit(query: &Query) -> usize {
    if query.object.is_empty() {
        LINES
    } else {
        LINES_ALONE
    }
}

fn empty(action: Action, kind: &str, key: &ObjectKey) -> ObjectDiff {
    ObjectDiff {
        sign: Sign(action),
        anchor: anchor(kind, key),
        name: key.name.clone(),
        namespace: key.namespace.clone(),
        kind: kind.into(),
        place: String::new(),
        note: String::new(),
        rows: Vec::new(),
        hidden: 0,
    }
}

fn finish(mut objects: Vec<ObjectDiff>, matching: usize, query: &Query, most: usize) -> Objects {
    let of = |action| objects.iter().filter(|o| o.sign.0 == action).count();
    let counts = (of(Action::Create), of(Action::Change), of(Action::Delete));
    let differ = counts.0 + counts.1 + counts.2;
    if !query.object.is_empty() {
        objects.retain(|object| object.anchor == query.object);
    }
    for object in &mut objects {
        object.hidden = object.rows.len().saturating_sub(most);
        object.rows.truncate(most);
    }
    let summary = match differ {
        0 => String::new(),
        1 => format!("1 object differs, {matching} match"),
        many => format!("{many} objects differ, {matching} match"),
    };
    Objects {
        unified: query.view == "unified",
        summary,
        nothing: String::new(),
        counts,
        left: String::new(),
        right: String::new(),
        objects,
    }
}

/// A whole text that is new.
fn added(text: &str) -> Vec<Row> {
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
fn fields(changes: &[FieldChange], secret: bool) -> Vec<Row> {
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
