//! The plan in short.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;
use serde_json::Value;

use engine::diff::{self, FieldChange};

use crate::history::{Action, ObjectResult, RolloutDetail};
use crate::web::view::component::encoded;
use crate::web::view::diff::{anchor, is_secret};

use super::state::counts;

/// Planned changes on the page.
const CHANGES: usize = 30;

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
            .map(|object| ChangeItem {
                sign: Sign(object.action),
                title: object.title(),
                href: format!("{base}#{}", encoded(&anchor(&object.kind, &object.key))),
                lines: told(object),
            })
            .collect(),
    }
}

/// A few words about what changes.
fn told(object: &ObjectResult) -> Vec<String> {
    match object.action {
        Action::Create => vec!["new".into()],
        Action::Delete => vec!["leaves Git".into()],
        Action::Keep if object.message.is_empty() => vec!["left Git, is kept".into()],
        Action::Keep => vec![object.message.clone()],
        Action::Unchanged => Vec::new(),
        Action::Hook if object.health.is_empty() => vec!["hook".into()],
        Action::Hook => vec![format!("hook, {}", object.health.to_lowercase())],
        Action::Change => {
            let secret = is_secret(&object.kind, &object.key);
            let mut lines: Vec<String> = object
                .changes
                .iter()
                .take(3)
                .map(|change| brief(change, secret))
                .collect();
            if object.changes.len() > 3 {
                lines.push(format!("and {} more fields", object.changes.len() - 3));
            }
            lines
        }
    }
}

/// `containers[api].image: 2.18.0 → 2.18.1`; of what is no plain value only that it changes.
fn brief(change: &FieldChange, secret: bool) -> String {
    let is_plain =
        |value: &Option<Value>| !matches!(value, Some(Value::Object(_) | Value::Array(_)));
    let path = &change.path;
    let short = path.strip_prefix("spec.template.spec.").unwrap_or(path);
    if is_plain(&change.old) && is_plain(&change.new) {
        let shown = diff::show(change, secret).replacen(path.as_str(), short, 1);
        return shown.replace(" -> ", " → ");
    }
    let word = match (&change.old, &change.new) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "changed",
    };
    format!("{short}: {word}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_is_one_short_line() {
        let check = |path: &str, old: Value, new: Value, line: &str| {
            let change = FieldChange {
                path: path.into(),
                old: (!old.is_null()).then_some(old),
                new: (!new.is_null()).then_some(new),
            };
            assert_eq!(brief(&change, false), line);
        };
        let image = "spec.template.spec.containers[api].image";
        check(
            image,
            json!("a:1"),
            json!("a:2"),
            "containers[api].image: a:1 → a:2",
        );
        check("spec.replicas", json!(1), json!(3), "spec.replicas: 1 → 3");
        check("data.a", Value::Null, json!("b"), "data.a: added b");
        check(
            "spec.ports",
            Value::Null,
            json!([{"port": 1}]),
            "spec.ports: added",
        );
        check(
            "spec.ports",
            json!([{"port": 1}]),
            Value::Null,
            "spec.ports: removed",
        );
        check("spec.x", json!({"a": 1}), json!(1), "spec.x: changed");
    }

    #[test]
    fn a_secret_is_not_shown() {
        let change = FieldChange {
            path: "data.password".into(),
            old: Some(json!("aHVudGVyMg==")),
            new: Some(json!("c3dvcmRmaXNo")),
        };
        let line = brief(&change, true);
        assert!(
            line.starts_with("data.password: changed (sha256 "),
            "{line}"
        );
        assert!(!line.contains("aHVudGVyMg"), "{line}");
    }
}
