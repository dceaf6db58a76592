//! Lays an applied configuration over a live object.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::Misfit;
use crate::patch::fields::PathElement;
use crate::patch::shape::Shape;

/// The live value with the configuration on top. Null takes a field away.
pub(in crate::patch) fn merge(
    shape: Shape<'_>,
    live: &Value,
    config: &Value,
) -> Result<Value, Misfit> {
    match (live, config) {
        (Value::Object(live), Value::Object(config)) if shape.is_object() => {
            merge_objects(shape, live, config).map(Value::Object)
        }
        (_, Value::Object(config)) if shape.is_object() => {
            merge_objects(shape, &Map::new(), config).map(Value::Object)
        }
        (Value::Array(live), Value::Array(config)) if shape.is_list() => {
            merge_lists(shape, live, config).map(Value::Array)
        }
        (_, Value::Array(config)) if shape.is_list() => {
            merge_lists(shape, &[], config).map(Value::Array)
        }
        _ => Ok(config.clone()),
    }
}

fn merge_objects(
    shape: Shape<'_>,
    live: &Map<String, Value>,
    config: &Map<String, Value>,
) -> Result<Map<String, Value>, Misfit> {
    let mut merged = Map::with_capacity(live.len().max(config.len()));
    for (key, live) in live {
        match config.get(key) {
            None => {
                merged.insert(key.clone(), live.clone());
            }
            Some(Value::Null) => {}
            Some(config) => {
                merged.insert(key.clone(), merge_at(shape, key, live, config)?);
            }
        }
    }
    for (key, config) in config {
        if !config.is_null() && !live.contains_key(key) {
            merged.insert(key.clone(), merge_at(shape, key, &Value::Null, config)?);
        }
    }
    Ok(merged)
}

fn merge_at(shape: Shape<'_>, key: &str, live: &Value, config: &Value) -> Result<Value, Misfit> {
    merge(shape.child(key), live, config).map_err(|misfit| misfit.below(format_args!(".{key}")))
}

fn merge_lists(shape: Shape<'_>, live: &[Value], config: &[Value]) -> Result<Vec<Value>, Misfit> {
    let keys = keys(shape, config)?;
    let configured: BTreeSet<&PathElement> = keys.iter().collect();
    // An item of the live list that has no key is nobody's: it stays where it is.
    let live: Vec<(Option<PathElement>, &Value)> = live
        .iter()
        .map(|item| (shape.element(item).ok(), item))
        .collect();
    let mut first_of = BTreeMap::new();
    for (place, (key, _)) in live.iter().enumerate() {
        if let Some(key) = key {
            first_of.entry(key).or_insert(place);
        }
    }

    let is_configured = |(key, _): &(Option<PathElement>, &Value)| {
        key.as_ref().is_some_and(|key| configured.contains(key))
    };
    let mut merged = Vec::with_capacity(live.len().max(config.len()));
    let mut rest = live.as_slice();
    for (item, key) in config.iter().zip(&keys) {
        // What only the live list has keeps its place among its neighbours.
        let twin = first_of.get(key).copied();
        let passed = live.len() - rest.len();
        let ahead = match twin {
            Some(twin) => (twin + 1).saturating_sub(passed),
            None => rest.iter().take_while(|item| !is_configured(item)).count(),
        };
        let (before, after) = rest.split_at(ahead);
        let only_live = before.iter().filter(|item| !is_configured(item));
        merged.extend(only_live.map(|(_, item)| (*item).clone()));
        rest = after;
        let below = twin.map_or(&Value::Null, |twin| live[twin].1);
        let item = merge(shape.item(), below, item).map_err(|misfit| misfit.below(key))?;
        merged.push(item);
    }
    let only_live = rest.iter().filter(|item| !is_configured(item));
    merged.extend(only_live.map(|(_, item)| (*item).clone()));
    Ok(merged)
}

/// The keys of configured items; each may be there once.
fn keys(shape: Shape<'_>, config: &[Value]) -> Result<Vec<PathElement>, Misfit> {
    let keys: Vec<PathElement> = config
        .iter()
        .enumerate()
        .map(|(place, item)| {
            let misplaced = |why| Misfit::new(why).below(format_args!("[{place}]"));
            shape.element(item).map_err(misplaced)
        })
        .collect::<Result<_, _>>()?;
    let mut seen = BTreeSet::new();
    match keys.iter().find(|key| !seen.insert(*key)) {
        Some(double) => Err(Misfit::new(format_args!(
            "duplicate entries for key {double}"
        ))),
        None => Ok(keys),
    }
}
