//! Walks to the fields that transformers change.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use api::GroupVersionKind;

/// A field of some kinds; an empty group, version or kind is any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FieldSpec {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
    /// `spec/template/metadata/labels`
    pub(super) path: String,
    pub(super) create: bool,
}

impl FieldSpec {
    pub(super) fn is_for(&self, gvk: &GroupVersionKind) -> bool {
        (self.group.is_empty() || self.group == gvk.group)
            && (self.version.is_empty() || self.version == gvk.version)
            && (self.kind.is_empty() || self.kind == gvk.kind)
    }

    /// Whether it is for everything that `other` is for, at the same path.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let selects = |mine: &str, theirs: &str| theirs.is_empty() || mine == theirs;
        self.path == other.path
            && selects(&self.group, &other.group)
            && selects(&self.version, &other.version)
            && selects(&self.kind, &other.kind)
    }
}

/// Adds what is not there yet.
///
/// # Errors
/// The path, where one says to create it and the other not to.
pub(super) fn add(specs: &mut Vec<FieldSpec>, more: &[FieldSpec]) -> Result<(), String> {
    for spec in more {
        match specs.iter().find(|known| known.covers(spec)) {
            Some(known) if known.create != spec.create => {
                return Err(format!("create of {:?} contradicts another", spec.path));
            }
            Some(_) => {}
            None => specs.push(spec.clone()),
        }
    }
    Ok(())
}

/// What to put where the path ends in nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    Skip,
    Map,
    Text,
}

impl Absent {
    /// The same, unless the field is only to be changed where it is.
    pub(super) fn unless_existing(self, create: bool) -> Self {
        if create { self } else { Self::Skip }
    }
}

/// What is done at the end of a path.
pub(super) type Apply<'a> = &'a mut dyn FnMut(&mut Value) -> Result<(), String>;

/// Calls `apply` on every value at `path`. Lists on the way are walked through.
///
/// # Errors
/// Where the path goes through a text or a number, and what `apply` says.
pub(super) fn visit(
    value: &mut Value,
    path: &str,
    absent: Absent,
    apply: Apply,
) -> Result<(), String> {
    walk(value, &split(path), absent, apply).map_err(|why| format!("{path}: {why}"))
}

/// `a/b\/c` is `a`, then `b/c`.
pub(super) fn split(path: &str) -> Vec<String> {
    let marked = path.replace("\\/", "\u{0}");
    let parts = marked.split('/').filter(|part| !part.is_empty());
    parts.map(|part| part.replace('\u{0}', "/")).collect()
}

fn walk(value: &mut Value, path: &[String], absent: Absent, apply: Apply) -> Result<(), String> {
    let Some((step, rest)) = path.split_first() else {
        return apply(value);
    };
    match value {
        Value::Null => Ok(()),
        Value::Array(items) => {
            for item in items {
                walk(item, path, absent, apply)?;
            }
            Ok(())
        }
        Value::Object(map) => {
            let (key, listed) = match step.strip_suffix("[]") {
                Some(key) => (key, true),
                None => (step.as_str(), false),
            };
            if map.get(key).is_none_or(Value::is_null) {
                let made = match absent {
                    _ if listed => return Ok(()),
                    Absent::Skip => return Ok(()),
                    Absent::Text if rest.is_empty() => Value::String(String::new()),
                    Absent::Text | Absent::Map => Value::Object(Map::new()),
                };
                map.insert(key.to_owned(), made);
            }
            match map.get_mut(key) {
                Some(inner) => walk(inner, rest, absent, apply),
                None => Ok(()),
            }
        }
        _ => Err(format!("{step:?} would be inside of a text or a number")),
    }
}

/// Puts all pairs into the map at `path`.
pub(super) fn set_pairs(
    value: &mut Value,
    spec: &FieldSpec,
    pairs: &BTreeMap<String, String>,
) -> Result<(), String> {
    if pairs.is_empty() {
        return Ok(());
    }
    let absent = Absent::Map.unless_existing(spec.create);
    visit(value, &spec.path, absent, &mut |found| {
        let Value::Object(map) = found else {
            return Err("is no map".into());
        };
        for (key, text) in pairs {
            map.insert(key.clone(), text.as_str().into());
        }
        Ok(())
    })
}

/// Whether a field can hold one value, not a list or map of them.
pub(super) fn is_scalar(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

/// A scalar as text.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
