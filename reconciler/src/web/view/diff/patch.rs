//! A comparison as one patch, in the form that `git` and `patch` read: each object a file of YAML,
//! without what only the server sets, values of Secrets masked.

use std::borrow::Cow;

use api::{Object, ObjectKey};
use engine::diff::{self, aligned, clean, overlay, unified};
use engine::plan::{Change, Step};

use super::{Compared, Query, Wants, anchor};

/// Lines around a change where all of them are wanted.
const ALL: usize = 1 << 20;

/// Deletions first, then creations, then changes, as on the page.
pub(crate) fn patch(compared: &Compared, query: &Query, wants: Wants) -> String {
    let Compared { plan, sides, .. } = compared;
    let mut patch = format!("# {} -> {}\n", compared.left, compared.right);
    let mut put = |kind: &str, key: &ObjectKey, old: Option<&Object>, new: Option<&Object>| {
        if query.object.is_empty() || query.object == anchor(kind, key) {
            patch.push_str(&file(kind, key, (old, new), wants));
        }
    };
    for it in &plan.deletes {
        let old = it.object.as_deref().or_else(|| sides.old.get(&it.key));
        put(&it.kind, &it.key, old, None);
    }
    for it in plan.asking() {
        put(&it.kind, &it.key, sides.old.get(&it.key), None);
    }
    let stored = |step: &Step| sides.new.get(&step.key).cloned();
    let changed = |step: &&Step| matches!(step.change, Change::Update(_));
    let created = |step: &&Step| step.is_change() && !changed(step);
    for step in plan.steps().filter(created) {
        let new = stored(step).unwrap_or_else(|| step.object.clone());
        put(&step.kind, &step.key, None, Some(&new));
    }
    for step in plan.steps().filter(changed) {
        let old = sides.old.get(&step.key);
        let new = stored(step).unwrap_or_else(|| {
            old.map_or_else(|| step.object.clone(), |old| overlay(old, &step.object))
        });
        put(&step.kind, &step.key, old, Some(&new));
    }
    patch
}

fn file(
    kind: &str,
    key: &ObjectKey,
    (old, new): (Option<&Object>, Option<&Object>),
    wants: Wants,
) -> String {
    let parts = [key.namespace.as_str(), kind, &key.name];
    let parts: Vec<&str> = parts.into_iter().filter(|it| !it.is_empty()).collect();
    let path = format!("{}.yaml", parts.join("/"));
    let name = |side: &str, object: Option<&Object>| match object {
        Some(_) => format!("{side}/{path}"),
        None => "/dev/null".to_owned(),
    };
    let context = wants.context.unwrap_or(ALL);
    let (from, to) = (name("a", old), name("b", new));
    let patch = |old: Option<&Object>| {
        let (old, new) = (diff::yaml(old), diff::yaml(new));
        unified(&old, &new, context, (&from, &to))
    };
    // Items of a list in another order are no change, but where nothing else is one.
    let beside = match (old, new) {
        (Some(old), Some(new)) => Some(Cow::Owned(aligned(&clean(old), &clean(new)))),
        (old, _) => old.map(Cow::Borrowed),
    };
    match patch(beside.as_deref()) {
        same if same.is_empty() => patch(old),
        told => told,
    }
}
