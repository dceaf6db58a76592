//! The plan in short.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;
use serde_json::Value;

use api::Object;
use engine::diff::{self, FieldChange};
use engine::plan::Mark;

use crate::history::{Action, ObjectResult, RolloutDetail};
use crate::web::view::component::encoded;
use crate::web::view::diff::{anchor, is_secret};
use crate::web::view::planned;

use super::state::counts;

/// Planned changes on the page, and lines of each.
const CHANGES: usize = 30;
const LINES: usize = 12;

/// The plan in short.
#[derive(Debug, Template)]
#[template(path = "rollout/changes.html")]
pub(crate) struct Changes {
    pub created: usize,
    pub changed: usize,
    pub deleted: usize,
    pub items: Vec<ChangeItem>,
    pub hidden: usize,
}

/// One object of the plan.
#[derive(Debug)]
pub(crate) struct ChangeItem {
    pub sign: Sign,
    pub title: String,
    pub href: String,
    pub lines: Vec<String>,
    /// What changes in it, as a patch: class and text of each line.
    pub patch: Vec<(&'static str, String)>,
    /// Lines of it that are left out.
    pub hidden: usize,
}

/// What happens to an object as one coloured sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sign(pub Action);

impl fmt::Display for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Action::Create => "<i>+</i>",
            Action::Change => "<u>~</u>",
            Action::Delete => "<s>−</s>",
            Action::Keep | Action::Unchanged | Action::Hook => "",
        })
    }
}

impl HtmlSafe for Sign {}

pub(crate) fn changes(detail: &RolloutDetail) -> Changes {
    let (created, changed, deleted) = counts(&detail.objects);
    let mut planned: Vec<&ObjectResult> = detail
        .objects
        .iter()
        .filter(|object| object.action != Action::Unchanged)
        .collect();
    planned.sort_by_key(|object| match object.action {
        Action::Delete => 0,
        Action::Create => 1,
        _ => 2,
    });
    let base = format!("/rollouts/{}/diff", encoded(&detail.rollout.id));
    Changes {
        created,
        changed,
        deleted,
        hidden: planned.len().saturating_sub(CHANGES),
        items: planned
            .into_iter()
            .take(CHANGES)
            .map(|object| item(object, &base))
            .collect(),
    }
}

fn item(object: &ObjectResult, base: &str) -> ChangeItem {
    let patch = patch(object);
    let hidden = patch.len().saturating_sub(LINES);
    ChangeItem {
        sign: Sign(object.action),
        title: object.title(),
        href: format!("{base}#{}", encoded(&anchor(&object.kind, &object.key))),
        lines: told(object),
        patch: patch.into_iter().take(LINES).collect(),
        hidden,
    }
}

/// A few words about what happens.
fn told(object: &ObjectResult) -> Vec<String> {
    match object.action {
        Action::Create => vec!["new".into()],
        Action::Delete => vec!["leaves Git".into()],
        Action::Keep if object.message.is_empty() => vec!["left Git, is kept".into()],
        Action::Keep => vec![object.message.clone()],
        Action::Unchanged | Action::Change => Vec::new(),
        Action::Hook if object.health.is_empty() => vec!["hook".into()],
        Action::Hook => vec![format!("hook, {}", object.health.to_lowercase())],
    }
}

/// What changes, with what is around it where that is on record.
fn patch(object: &ObjectResult) -> Vec<(&'static str, String)> {
    let secret = is_secret(&object.kind, &object.key);
    let changes = object.changes.iter().map(|it| diff::shown(it, secret));
    let changes: Vec<FieldChange> = changes.collect();
    let after = object
        .after
        .clone()
        .map(|after| Object::from(ordered(after)));
    let lines = engine::plan::patch(after.as_ref(), &changes).into_iter();
    lines.map(|line| (class(&line), line)).collect()
}

/// The database keeps no order of fields: names first, as people write them, the others as the server
/// lists them.
fn ordered(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut fields: Vec<(String, Value)> = map.into_iter().collect();
            fields.sort_by(|(a, _), (b, _)| (a != "name", a).cmp(&(b != "name", b)));
            let fields = fields.into_iter();
            fields.map(|(name, value)| (name, ordered(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(ordered).collect(),
        other => other,
    }
}

fn class(line: &str) -> &'static str {
    planned::class(match line.chars().next() {
        Some('@') => Mark::Place,
        Some('+') => Mark::Added,
        Some('-') => Mark::Removed,
        _ => Mark::Same,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn changed(kind: &str, changes: &serde_json::Value, after: &serde_json::Value) -> ObjectResult {
        ObjectResult {
            key: api::Collection::new("", kind).key("shop", "web"),
            kind: kind.into(),
            wave: 0,
            position: 0,
            action: Action::Change,
            file: String::new(),
            line: 0,
            changes: serde_json::from_value(changes.clone()).unwrap(),
            after: (!after.is_null()).then(|| after.clone()),
            applied_at: None,
            healthy_at: None,
            health: String::new(),
            message: String::new(),
            exits: Vec::new(),
        }
    }

    #[test]
    fn a_change_is_a_patch_with_what_is_around_it() {
        let changes = json!([{"path": "spec.replicas", "old": 1, "new": 3}]);
        let after = json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "spec": {"paused": false, "replicas": 3}});
        let told = patch(&changed("Deployment", &changes, &after));
        let line = |class, text: &str| (class, text.to_owned());
        let (place, around) = (line("dim", "@@ spec @@"), line("", " paused: false"));
        let (was, is) = (line("bad", "-replicas: 1"), line("ok", "+replicas: 3"));
        assert_eq!(told, [place.clone(), around, was.clone(), is.clone()]);
        // In an order that people know, whichever the database has.
        let after = json!({"kind": "Deployment", "spec": {"template": {"spec": {"containers": [
            {"args": ["ui"], "name": "ui", "image": "x:2", "ports": []}]}}}});
        let path = "spec.template.spec.containers[ui].image";
        let changes = json!([{"path": path, "old": "x:1", "new": "x:2"}]);
        let told = patch(&changed("Deployment", &changes, &after));
        let told: Vec<&str> = told.iter().map(|(_, line)| line.as_str()).collect();
        let around = [
            " name: ui",
            " args:",
            " - ui",
            "-image: x:1",
            "+image: x:2",
            " ports: []",
        ];
        assert_eq!(told[1..], around);
        let changes = json!([{"path": "spec.replicas", "old": 1, "new": 3}]);
        // On record from before the object was.
        let told = patch(&changed("Deployment", &changes, &json!(null)));
        assert_eq!(told, [place, was, is]);
        let long: String = (0..40).map(|line| format!("{line}\n")).collect();
        let changes = json!([{"path": "data.a", "old": "x", "new": long}]);
        let item = item(&changed("ConfigMap", &changes, &json!(null)), "/r");
        assert_eq!((item.patch.len(), item.hidden), (LINES, 31));
    }

    #[test]
    fn a_secret_is_not_shown() {
        let changes =
            json!([{"path": "data.password", "old": "aHVudGVyMg==", "new": "c3dvcmRmaXNo"}]);
        let mut secret = changed("Secret", &changes, &json!(null));
        secret.key = api::Collection::new("", "secrets").key("shop", "web");
        let told = patch(&secret);
        assert!(
            told[1].1.starts_with("-password: (hidden, sha256 "),
            "{told:?}"
        );
        assert!(
            told.iter().all(|(_, it)| !it.contains("aHVudGVyMg")),
            "{told:?}"
        );
    }
}
