//! Strategic merge patch: lists of built-in kinds merge by key, directives say what else to do.
//!
//! - `$patch: replace | delete | merge` in an object is about that object (in a keyed list `delete`
//!   is about the item, `replace` about the whole list);
//! - `$retainKeys: [a, b]` drops the other fields of the live object;
//! - `$deleteFromPrimitiveList/field: [x]` takes values out of a list of scalars;
//! - `$setElementOrder/field: [...]` orders a list; what only the live list has keeps its place.

mod list;

use serde_json::{Map, Value};

use crate::schema::{Field, FieldType, PatchStrategy, Type};
use crate::{Reason, Status};

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM_LIST: &str = "$deleteFromPrimitiveList/";
const SET_ORDER: &str = "$setElementOrder/";

const DISRUPTION_BUDGET: &str = "api.policy.v1.PodDisruptionBudgetSpec";

/// Applies a strategic merge patch to an object of a kind. Without a schema there is no such
/// patch: 415.
pub fn merge(original: &Value, patch: &Value, schema: Option<&Type>) -> Result<Value, Status> {
    let schema = schema.ok_or_else(unsupported)?;
    let Value::Object(patch) = patch else {
        return Err(Status::bad_request("invalid JSON document"));
    };
    let original = original.as_object().cloned().unwrap_or_default();
    merge_objects(original, patch, Members::Fields(schema)).map(Value::Object)
}

fn unsupported() -> Status {
    Status::new(
        Reason::UnsupportedMediaType,
        "the body of the request was in an unknown format - accepted media types include: \
         application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
    )
}

/// What is known of an object's members.
#[derive(Clone, Copy)]
enum Members<'a> {
    Fields(&'a Type),
    Values(&'a FieldType),
    Unknown,
}

impl<'a> Members<'a> {
    fn of(ty: &'a FieldType) -> Self {
        match ty {
            FieldType::Named(reference) => Self::Fields(reference.get()),
            FieldType::Map(element) => Self::Values(element),
            _ => Self::Unknown,
        }
    }

    fn field(self, key: &str) -> Option<&'a Field> {
        match self {
            Self::Fields(ty) => ty.child(key),
            _ => None,
        }
    }

    /// Whether an object behind a key is replaced as a whole: `patchStrategy: replace`, which
    /// Kubernetes gives to one struct.
    fn replaces(self, key: &str) -> bool {
        matches!(self, Self::Fields(ty) if key == "selector" && ty.name == DISRUPTION_BUDGET)
    }

    /// What is known of the members of the object behind a key.
    fn below(self, key: &str) -> Self {
        match self {
            Self::Fields(ty) => ty
                .child(key)
                .map_or(Self::Unknown, |field| Self::of(&field.ty)),
            Self::Values(element) => Self::of(element),
            Self::Unknown => Self::Unknown,
        }
    }
}

fn merge_objects(
    mut original: Map<String, Value>,
    patch: &Map<String, Value>,
    members: Members<'_>,
) -> Result<Map<String, Value>, Status> {
    match patch.get(DIRECTIVE).map(Value::as_str) {
        None | Some(Some("merge")) => {}
        Some(Some("replace")) => return Ok(settle_object(patch)),
        Some(Some("delete")) => return Ok(Map::new()),
        Some(_) => return Err(unknown_directive(patch)),
    }
    retain_keys(&mut original, patch)?;
    for (key, value) in patch {
        if key == DIRECTIVE || key == RETAIN_KEYS {
            continue;
        }
        if let Some(name) = key.strip_prefix(DELETE_FROM_LIST) {
            let mut nothing = Vec::new();
            let items = original.get_mut(name).and_then(Value::as_array_mut);
            list::delete_from(items.unwrap_or(&mut nothing), value)?;
        } else if let Some(name) = key.strip_prefix(SET_ORDER) {
            // With a patch of the same list, the order is set where that is merged.
            if !patch.contains_key(name) {
                let merge_key = members.field(name).and_then(|field| field.merge_key);
                let mut nothing = Vec::new();
                let items = original.get_mut(name).and_then(Value::as_array_mut);
                list::reorder(items.unwrap_or(&mut nothing), value, merge_key)?;
            }
        } else if value.is_null() {
            original.shift_remove(key);
        } else {
            let order = patch.get(&format!("{SET_ORDER}{key}"));
            merge_member(&mut original, key, value, order, members)?;
        }
    }
    Ok(original)
}

fn merge_member(
    original: &mut Map<String, Value>,
    key: &str,
    patch: &Value,
    order: Option<&Value>,
    members: Members<'_>,
) -> Result<(), Status> {
    let field = members.field(key);
    let strategy = field.map_or(PatchStrategy::Replace, |field| field.patch);
    match (original.get_mut(key), patch) {
        (Some(target), patch) if members.replaces(key) => *target = settle(patch),
        (Some(Value::Object(target)), Value::Object(patch)) => {
            let taken = std::mem::take(target);
            *target = merge_objects(taken, patch, members.below(key))?;
        }
        (Some(Value::Array(target)), Value::Array(patch)) if strategy.merges() => {
            let rules = list::Rules {
                element: field.and_then(|field| field.ty.element()),
                merge_key: field.and_then(|field| field.merge_key),
                order,
            };
            *target = rules.merge(std::mem::take(target), patch)?;
        }
        (Some(target), patch) => *target = settle(patch),
        (None, patch) => {
            original.insert(key.to_owned(), settle(patch));
        }
    }
    Ok(())
}

/// Drops what the directive does not list. The patch may set only what it lists.
fn retain_keys(
    original: &mut Map<String, Value>,
    patch: &Map<String, Value>,
) -> Result<(), Status> {
    let Some(retained) = patch.get(RETAIN_KEYS) else {
        return Ok(());
    };
    let wrong = || Status::bad_request("invalid patch format of retainKeys");
    let retained = retained.as_array().ok_or_else(wrong)?;
    let is_retained = |key: &str| retained.iter().any(|retained| retained == key);
    let is_foreign = patch
        .iter()
        .any(|(key, value)| !value.is_null() && !key.starts_with('$') && !is_retained(key));
    if is_foreign {
        return Err(wrong());
    }
    original.retain(|key, _| is_retained(key));
    Ok(())
}

/// A value of the patch that there is nothing to merge with: without nulls and directives.
fn settle(patch: &Value) -> Value {
    match patch {
        Value::Object(patch) => settle_object(patch).into(),
        Value::Array(items) => {
            let is_directive = |item: &&Value| {
                item.get(DIRECTIVE)
                    .is_some_and(|directive| directive != "merge")
            };
            let items = items.iter().filter(|item| !is_directive(item));
            items.map(settle).collect()
        }
        scalar => scalar.clone(),
    }
}

fn settle_object(patch: &Map<String, Value>) -> Map<String, Value> {
    let is_directive = |key: &str| {
        key == DIRECTIVE
            || key == RETAIN_KEYS
            || key.starts_with(DELETE_FROM_LIST)
            || key.starts_with(SET_ORDER)
    };
    if patch
        .get(DIRECTIVE)
        .is_some_and(|directive| directive == "delete")
    {
        return Map::new();
    }
    patch
        .iter()
        .filter(|(key, value)| !value.is_null() && !is_directive(key))
        .map(|(key, value)| (key.clone(), settle(value)))
        .collect()
}

fn unknown_directive(patch: &Map<String, Value>) -> Status {
    invalid(format!(
        "unknown patch type: {} in map: {}",
        patch[DIRECTIVE],
        Value::Object(patch.clone())
    ))
}

/// A patch that reads well and makes no sense: 422.
fn invalid(why: String) -> Status {
    Status::new(Reason::Invalid, why)
}

#[cfg(test)]
mod tests;
