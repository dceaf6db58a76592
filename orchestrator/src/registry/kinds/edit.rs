//! Writing into bodies that may be of any shape: never panics, never overwrites an author's value.

use serde_json::{Map, Value};

/// Sets `field` where it is absent or null.
pub(super) fn set(value: &mut Value, field: &str, default: impl Into<Value>) {
    if let Some(map) = value.as_object_mut()
        && map.get(field).is_none_or(Value::is_null)
    {
        map.insert(field.to_owned(), default.into());
    }
}

/// Sets `field` whatever it was.
pub(super) fn put(value: &mut Value, field: &str, new: impl Into<Value>) {
    if let Some(map) = value.as_object_mut() {
        map.insert(field.to_owned(), new.into());
    }
}

pub(super) fn remove(value: &mut Value, field: &str) {
    if let Some(map) = value.as_object_mut() {
        map.shift_remove(field);
    }
}

/// The member, where it is an object.
pub(super) fn member<'a>(value: &'a mut Value, field: &str) -> Option<&'a mut Value> {
    value.get_mut(field).filter(|member| member.is_object())
}

/// The member, made an empty object where it is absent or null. `None` where it is something else.
pub(super) fn ensure<'a>(value: &'a mut Value, field: &str) -> Option<&'a mut Value> {
    set(value, field, Map::new());
    member(value, field)
}

/// The elements of a list; none where there is no list.
pub(super) fn items<'a>(
    value: &'a mut Value,
    field: &str,
) -> impl Iterator<Item = &'a mut Value> + use<'a> {
    value
        .get_mut(field)
        .and_then(Value::as_array_mut)
        .map_or(&mut [][..], Vec::as_mut_slice)
        .iter_mut()
}

/// Sets `field` to what it is in `old`, absent included.
pub(super) fn copy(new: &mut Value, old: &Value, field: &str) {
    match old.get(field) {
        Some(value) => put(new, field, value.clone()),
        None => remove(new, field),
    }
}
