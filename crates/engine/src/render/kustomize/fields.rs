//! Walks to the fields that transformers change.

use std::collections::BTreeMap;

use api::GroupVersionKind;
use serde_json::{Map, Value};

use super::kustomization::FieldSpec;

/// What to put where the path ends in nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    Skip,
    Map,
    Text,
}

/// A built-in field: path, and the kind it is for. Empty group or kind means any.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) path: &'static str,
    pub(super) group: &'static str,
    pub(super) kind: &'static str,
    pub(super) create: bool,
}

impl Field {
    pub(super) const fn new(path: &'static str, group: &'static str, kind: &'static str) -> Self {
        Self {
            path,
            group,
            kind,
            create: true,
        }
    }

    pub(super) const fn existing(
        path: &'static str,
        group: &'static str,
        kind: &'static str,
    ) -> Self {
        Self {
            path,
            group,
            kind,
            create: false,
        }
    }

    pub(super) fn is_for(&self, gvk: &GroupVersionKind) -> bool {
        (self.group.is_empty() || self.group == gvk.group)
            && (self.kind.is_empty() || self.kind == gvk.kind)
    }
}

impl FieldSpec {
    pub(super) fn is_for(&self, gvk: &GroupVersionKind) -> bool {
        (self.group.is_empty() || self.group == gvk.group)
            && (self.version.is_empty() || self.version == gvk.version)
            && (self.kind.is_empty() || self.kind == gvk.kind)
    }
}

/// Calls `apply` on every value at `path`. Lists on the way are walked through.
pub(super) fn visit(
    value: &mut Value,
    path: &str,
    absent: Absent,
    apply: &mut dyn FnMut(&mut Value),
) {
    let path = split(path);
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    walk(value, &path, absent, apply);
}

/// `a/b\/c` is `a`, then `b/c`.
fn split(path: &str) -> Vec<String> {
    let marked = path.replace("\\/", "\u{0}");
    let parts = marked.split('/').filter(|part| !part.is_empty());
    parts
        .map(|part| part.trim_end_matches("[]").replace('\u{0}', "/"))
        .collect()
}

fn walk(value: &mut Value, path: &[&str], absent: Absent, apply: &mut dyn FnMut(&mut Value)) {
    let Some((key, rest)) = path.split_first() else {
        apply(value);
        return;
    };
    match value {
        Value::Array(items) => {
            for item in items {
                walk(item, path, absent, apply);
            }
        }
        Value::Object(map) => {
            if map.get(*key).is_none_or(Value::is_null) {
                let made = match (absent, rest.is_empty()) {
                    (Absent::Skip, _) => return,
                    (Absent::Text, true) => Value::String(String::new()),
                    _ => Value::Object(Map::new()),
                };
                map.insert((*key).to_owned(), made);
            }
            if let Some(inner) = map.get_mut(*key) {
                walk(inner, rest, absent, apply);
            }
        }
        _ => {}
    }
}

/// Puts all pairs into the map at `path`.
pub(super) fn set_pairs(
    value: &mut Value,
    path: &str,
    create: bool,
    pairs: &BTreeMap<String, String>,
) {
    let absent = if create { Absent::Map } else { Absent::Skip };
    visit(value, path, absent, &mut |found| {
        if let Value::Object(map) = found {
            for (key, text) in pairs {
                map.insert(key.clone(), text.as_str().into());
            }
        }
    });
}
