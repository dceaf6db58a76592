//! What differs, object by object, line by line, with the changed words marked. Values of
//! Secrets never come out of here.

use askama::Template;

use api::ObjectKey;
use engine::Plan;
use engine::diff::yaml;
use engine::plan::Change;

use super::component::{Icon, encoded};
use super::lines::{Row, added, fields};
use super::rollout::Sign;
use crate::history::{Action, ObjectResult, RolloutDetail};

/// Changed lines of one object that are shown on a page with others, and alone.
const LINES: usize = 400;
const LINES_ALONE: usize = 3_000;
/// Lines of all objects of a page together; what comes later is opened alone.
const LINES_OF_PAGE: usize = 2_400;

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
    pub differing: Vec<ObjectDiff>,
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
    /// Where all of its lines are.
    pub alone: String,
}

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

impl Query {
    /// The same comparison, of one object.
    fn alone(&self, anchor: &str) -> String {
        let all = [("to", self.to.as_str()), ("view", &self.view)];
        let said = all.into_iter().filter(|(_, value)| !value.is_empty());
        let said = said.map(|(name, value)| format!("{name}={}&", encoded(value)));
        format!("?{}object={}", said.collect::<String>(), encoded(anchor))
    }
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
    for step in
        steps(|change| matches!(change, Change::Create | Change::Recreate | Change::Renew(_)))
    {
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
        Action::Hook => "Is run, and not kept in the cluster.".into(),
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
        alone: String::new(),
    }
}

fn finish(mut objects: Vec<ObjectDiff>, matching: usize, query: &Query, most: usize) -> Objects {
    let of = |action| objects.iter().filter(|o| o.sign.0 == action).count();
    let counts = (of(Action::Create), of(Action::Change), of(Action::Delete));
    let differ = counts.0 + counts.1 + counts.2;
    if !query.object.is_empty() {
        objects.retain(|object| object.anchor == query.object);
    }
    let mut left = if query.object.is_empty() {
        LINES_OF_PAGE
    } else {
        most
    };
    for object in &mut objects {
        let shown = object.rows.len().min(most).min(left);
        object.hidden = object.rows.len() - shown;
        object.rows.truncate(shown);
        object.alone = query.alone(&object.anchor);
        left -= shown;
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
        differing: objects,
    }
}
