//! Fields that are not Git's: a rule names them, and they keep the value that the cluster has. The
//! manifest is changed before anybody is asked about it, so that plan, drift and apply agree.

mod locate;
mod place;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;

use api::patch::fields::FieldSet;
use api::patch::managed::{Entry, Managed};
use api::{Object, ObjectKey};

use crate::{Kinds, Manifest};

pub use api::kinds::IgnoreDifferences as Rule;
pub(crate) use place::part;

/// The manifests as they are to be applied over `live` by `manager`.
pub fn respect<'a>(
    rules: &[Rule],
    kinds: &Kinds,
    manifests: &'a [Manifest],
    live: &BTreeMap<ObjectKey, Object>,
    manager: &str,
) -> Cow<'a, [Manifest]> {
    if rules.is_empty() {
        return Cow::Borrowed(manifests);
    }
    let respected = manifests.iter().map(|manifest| {
        let live = kinds.key(&manifest.object).and_then(|key| live.get(&key));
        let live = live.filter(|live| !live.is_deleting());
        let object = live.and_then(|live| respected(rules, live, &manifest.object, manager));
        Manifest {
            object: object.unwrap_or_else(|| manifest.object.clone()),
            origin: manifest.origin.clone(),
        }
    });
    Cow::Owned(respected.collect())
}

/// `desired` with the ignored fields as `live` has them: those that are `manager`'s alone are in
/// it with their live value, since they would go otherwise; all others are left out. `None` where
/// no rule has anything to say.
fn respected(rules: &[Rule], live: &Object, desired: &Object, manager: &str) -> Option<Object> {
    let rules: Vec<&Rule> = rules
        .iter()
        .filter(|rule| concerns(rule, desired))
        .collect();
    if rules.is_empty() {
        return None;
    }
    let managed = Managed::of(live).entries;
    let mut paths = locate::paths(&rules, live, &managed);
    paths.extend(locate::paths(&rules, desired, &[]));
    paths.retain(|path| !is_identity(path));
    let (ours, theirs): (Vec<&Entry>, Vec<&Entry>) =
        managed.iter().partition(|entry| entry.manager == manager);
    let (ours, theirs) = (owned(&ours), owned(&theirs));
    let mut object = desired.clone();
    for path in paths {
        let value = place::kept(&live.body, &path, &ours, &theirs);
        place::put(&mut object.body, &path, value);
    }
    Some(object)
}

fn owned(entries: &[&Entry]) -> FieldSet {
    let mut all = FieldSet::default();
    for entry in entries {
        all = all.union(entry.fields.clone());
    }
    all
}

fn concerns(rule: &Rule, object: &Object) -> bool {
    let is = |pattern: &Option<String>, text: &str| {
        pattern
            .as_ref()
            .is_none_or(|pattern| matches(pattern, text))
    };
    let gvk = object.gvk();
    is(&rule.group, &gvk.group)
        && is(&rule.kind, &gvk.kind)
        && is(&rule.name, object.name())
        && is(&rule.namespace, object.namespace())
}

/// Whether the text is the pattern, in which `*` is any text.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(text) = text.strip_prefix(first) else {
        return false;
    };
    let ends = (0..=text.len()).filter(|end| text.is_char_boundary(*end));
    let mut tails = ends.map(|start| &text[start..]);
    tails.any(|tail| matches(rest, tail))
}

/// What an object is called, and what it is, is never anybody else's.
fn is_identity(path: &locate::Path) -> bool {
    let names: Vec<&str> = path.iter().map_while(locate::name).collect();
    match names.as_slice() {
        [] | ["apiVersion" | "kind" | "metadata"] => true,
        ["metadata", field, ..] => !matches!(*field, "annotations" | "labels" | "finalizers"),
        _ => false,
    }
}
