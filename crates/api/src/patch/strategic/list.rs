//! Lists that merge: of objects by their merge key, of scalars by value.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{DIRECTIVE, Members, invalid, merge_objects, settle, unknown_directive};
use crate::Status;
use crate::schema::FieldType;

/// How a list merges.
pub(super) struct Rules<'a> {
    pub(super) element: Option<&'a FieldType>,
    /// Only lists of objects have one.
    pub(super) merge_key: Option<&'a str>,
    /// `$setElementOrder`, where the patch has it.
    pub(super) order: Option<&'a Value>,
}

/// The place of each item, by what tells it from the others.
type Places = BTreeMap<String, usize>;

impl Rules<'_> {
    /// The live list with the patch in it. What the patch names stands in the patch's order, what
    /// only the live list has among it as before.
    pub(super) fn merge(&self, live: Vec<Value>, patch: &[Value]) -> Result<Vec<Value>, Status> {
        let is_of_objects = is_of_objects(&live, patch)?;
        let merge_key = self.merge_key.filter(|_| is_of_objects);
        if is_of_objects && merge_key.is_none() {
            return Err(invalid("cannot merge lists without merge key".to_owned()));
        }
        let server = places(&live, merge_key)?;
        let (merged, named) = match merge_key {
            Some(merge_key) => match self.merge_items(live, patch, merge_key)? {
                Outcome::Merged(merged, named) => (merged, named),
                Outcome::Replaced(items) => return Ok(items),
            },
            None => (unite(live, patch), places(patch, None)?),
        };
        let wanted = match self.order {
            Some(order) => {
                let order = order_list(order)?;
                check_order(patch, order, merge_key)?;
                places(order, merge_key)?
            }
            None => named,
        };
        arrange(merged, &wanted, &server, merge_key)
    }

    fn merge_items(
        &self,
        mut live: Vec<Value>,
        patch: &[Value],
        merge_key: &str,
    ) -> Result<Outcome, Status> {
        let mut items = Vec::with_capacity(patch.len());
        let mut is_replacement = false;
        for item in patch {
            match item.get(DIRECTIVE).map(Value::as_str) {
                None => items.push(item),
                Some(Some("merge")) if item.get(merge_key).is_some() => items.push(item),
                Some(Some("merge")) => {}
                Some(Some("replace")) => is_replacement = true,
                Some(Some("delete")) => {
                    let key = key(item, Some(merge_key))?;
                    live.retain(|item| self::key(item, Some(merge_key)).as_ref() != Ok(&key));
                }
                Some(_) => {
                    let item = item.as_object().expect("only an object has a directive");
                    return Err(unknown_directive(item));
                }
            }
        }
        if is_replacement {
            return Ok(Outcome::Replaced(items.into_iter().map(settle).collect()));
        }
        let mut at = places(&live, Some(merge_key))?;
        let mut named = Places::new();
        let members = self.element.map_or(Members::Unknown, Members::of);
        for item in items {
            let key = key(item, Some(merge_key))?;
            let place = named.len();
            named.entry(key.clone()).or_insert(place);
            let twin = at.get(&key).map(|place| &mut live[*place]);
            if let (Some(Value::Object(target)), Value::Object(item)) = (twin, item) {
                let taken = std::mem::take(target);
                *target = merge_objects(taken, item, members)?;
            } else {
                at.insert(key, live.len());
                live.push(settle(item));
            }
        }
        Ok(Outcome::Merged(live, named))
    }
}

enum Outcome {
    Merged(Vec<Value>, Places),
    Replaced(Vec<Value>),
}

/// Puts a list in the order of `$setElementOrder` when the patch does not change it otherwise.
pub(super) fn reorder(
    items: &mut Vec<Value>,
    order: &Value,
    merge_key: Option<&str>,
) -> Result<(), Status> {
    let order = order_list(order)?;
    let merge_key = merge_key.filter(|_| items.iter().any(Value::is_object));
    let server = places(items, merge_key)?;
    let wanted = places(order, merge_key)?;
    *items = arrange(std::mem::take(items), &wanted, &server, merge_key)?;
    Ok(())
}

/// Takes the values of `$deleteFromPrimitiveList` out of a list.
pub(super) fn delete_from(items: &mut Vec<Value>, values: &Value) -> Result<(), Status> {
    let values = values
        .as_array()
        .ok_or_else(|| Status::bad_request("invalid patch format of primitive list"))?;
    items.retain(|item| !values.contains(item));
    Ok(())
}

fn order_list(order: &Value) -> Result<&[Value], Status> {
    let order = order.as_array().map(Vec::as_slice);
    order.ok_or_else(|| Status::bad_request("invalid patch format of setElementOrder list"))
}

fn is_of_objects(live: &[Value], patch: &[Value]) -> Result<bool, Status> {
    let items = || live.iter().chain(patch);
    if items().any(Value::is_array) {
        return Err(invalid("lists of lists are not supported".to_owned()));
    }
    let objects = items().filter(|item| item.is_object()).count();
    match objects {
        0 => Ok(false),
        all if all == live.len() + patch.len() => Ok(true),
        _ => Err(invalid("list element types are not identical".to_owned())),
    }
}

fn unite(mut live: Vec<Value>, patch: &[Value]) -> Vec<Value> {
    for value in patch {
        if !live.contains(value) {
            live.push(value.clone());
        }
    }
    live
}

/// What tells an item from the others.
fn key(item: &Value, merge_key: Option<&str>) -> Result<String, Status> {
    let Some(merge_key) = merge_key else {
        return Ok(item.to_string());
    };
    item.get(merge_key).map(Value::to_string).ok_or_else(|| {
        invalid(format!(
            "map: {item} does not contain declared merge key: {merge_key}"
        ))
    })
}

fn places(items: &[Value], merge_key: Option<&str>) -> Result<Places, Status> {
    let mut places = Places::new();
    for (place, item) in items.iter().enumerate() {
        places.entry(key(item, merge_key)?).or_insert(place);
    }
    Ok(places)
}

/// What the patch changes has to be in the order list, in the same order.
fn check_order(patch: &[Value], order: &[Value], merge_key: Option<&str>) -> Result<(), Status> {
    let mut rest = order.iter();
    for item in patch.iter().filter(|item| item.get(DIRECTIVE).is_none()) {
        let wanted = key(item, merge_key)?;
        if !rest.any(|item| key(item, merge_key).as_ref() == Ok(&wanted)) {
            return Err(invalid(format!(
                "The order in patch list:\n{}\n doesn't match $setElementOrder list:\n{}\n",
                Value::from(patch),
                Value::from(order)
            )));
        }
    }
    Ok(())
}

/// Sorts what is wanted as wanted and the rest as the server had it, then weaves the two: an item
/// of the rest comes before the first wanted item that it preceded on the server.
fn arrange(
    items: Vec<Value>,
    wanted: &Places,
    server: &Places,
    merge_key: Option<&str>,
) -> Result<Vec<Value>, Status> {
    let mut first = Vec::new();
    let mut rest = Vec::new();
    for item in items {
        let key = key(&item, merge_key)?;
        let on_server = server.get(&key).copied();
        match wanted.get(&key) {
            Some(place) => first.push((*place, on_server, item)),
            None => rest.push((on_server, item)),
        }
    }
    first.sort_by_key(|(place, ..)| *place);
    rest.sort_by_key(|(on_server, _)| on_server.unwrap_or(usize::MAX));
    let mut arranged = Vec::with_capacity(first.len() + rest.len());
    let mut rest = rest.into_iter().peekable();
    for (_, on_server, item) in first {
        let precedes = |(place, _): &(Option<usize>, Value)| matches!((place, on_server), (Some(place), Some(mine)) if *place < mine);
        while let Some((_, item)) = rest.next_if(precedes) {
            arranged.push(item);
        }
        arranged.push(item);
    }
    arranged.extend(rest.map(|(_, item)| item));
    Ok(arranged)
}
