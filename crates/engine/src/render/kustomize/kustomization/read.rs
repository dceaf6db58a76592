//! Reads values strictly and says where they are wrong.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::super::site::Site;
use crate::{Problem, Problems};

/// A value that is wrong as a whole or not at all.
pub(in super::super) fn one<T: DeserializeOwned>(site: &Site, value: &Value) -> Result<T, Problem> {
    T::deserialize(value).map_err(|error| {
        let told = error.to_string();
        // serde names what it does not know, but not where it is.
        let unknown = told
            .strip_prefix("unknown field `")
            .and_then(|rest| rest.split_once('`'));
        let Some((name, rest)) = unknown else {
            return site.problem(format!("cannot be read: {told}"));
        };
        let known = rest.split('`').skip(1).step_by(2);
        let hint = api::codec::strict::nearest(name, known);
        let hint = hint.map_or_else(String::new, |near| format!("did you mean {near:?}?"));
        place(site, value, name)
            .unwrap_or_else(|| site.clone())
            .problem(format!("unknown field {name:?}"))
            .hint(hint)
    })
}

/// A list, of which every entry is read by itself.
pub(in super::super) fn list<T: DeserializeOwned>(
    site: &Site,
    value: &Value,
) -> Result<Vec<T>, Problems> {
    let Value::Array(items) = value else {
        return one(site, value).map_err(Into::into);
    };
    let mut problems = Vec::new();
    let mut read = Vec::new();
    for (index, item) in items.iter().enumerate() {
        match one(&site.item(index), item) {
            Ok(value) => read.push(value),
            Err(problem) => problems.push(problem),
        }
    }
    Problems(problems).or(read)
}

/// Where the first field of that name is.
fn place(site: &Site, value: &Value, name: &str) -> Option<Site> {
    match value {
        Value::Object(map) if map.contains_key(name) => Some(site.field(name)),
        Value::Object(map) => map
            .iter()
            .find_map(|(key, inner)| place(&site.field(key), inner, name)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, inner)| place(&site.item(index), inner, name)),
        _ => None,
    }
}
