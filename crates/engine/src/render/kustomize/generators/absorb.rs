//! What is generated among what is there already.

use serde_json::{Map, Value};

use api::Object;

use super::super::resource::{Id, Resource, Resources, append};
use super::super::site::Site;
use super::Behavior;
use crate::Problem;
use crate::manifest::title;

/// Puts what was generated among the others, by its behavior.
pub(super) fn absorb(
    site: &Site,
    behavior: Behavior,
    mut made: Resource,
    resources: &mut Resources,
) -> Result<(), Problem> {
    let id = made.id();
    let mut existing = (0..resources.len()).filter(|at| resources[*at].was(|was| was.is(&id)));
    let (existing, None) = (existing.next(), existing.next()) else {
        let text = format!("{} could be one of several", title(&made.object));
        return Err(site.problem(text));
    };
    match (existing, behavior) {
        (None, Behavior::Create) => append(resources, made),
        (None, _) => {
            let text = format!(
                "{} is not there to be merged or replaced",
                title(&made.object)
            );
            Err(site.problem(text))
        }
        (Some(_), Behavior::Create) => {
            let text = format!("{} is already there", title(&made.object));
            Err(site
                .problem(text)
                .hint("set behavior: merge or behavior: replace"))
        }
        (Some(at), _) => {
            inherit(&mut made, &resources[at], behavior);
            resources[at] = made;
            Ok(())
        }
    }
}

/// What a generated object takes over from the one it stands for.
fn inherit(made: &mut Resource, old: &Resource, behavior: Behavior) {
    let Id {
        name, namespace, ..
    } = old.id();
    for field in ["labels", "annotations"] {
        combine(
            made.object.metadata_mut(),
            field,
            &old.object.body["metadata"][field],
        );
    }
    let metadata = made.object.metadata_mut();
    metadata.insert("name".into(), name.into());
    if namespace.is_empty() {
        metadata.shift_remove("namespace");
    } else {
        metadata.insert("namespace".into(), namespace.into());
    }
    if behavior == Behavior::Merge {
        let Object { body } = &mut made.object;
        if let Value::Object(fields) = body {
            combine(fields, "data", &old.object.body["data"]);
            combine(fields, "binaryData", &old.object.body["binaryData"]);
        }
    }
    made.hashed = old.hashed;
    made.variables.clone_from(&old.variables);
    made.previous.clone_from(&old.previous);
    made.prefixes.clone_from(&old.prefixes);
    made.suffixes.clone_from(&old.suffixes);
}

/// Adds to the map at `field` what it does not have yet.
fn combine(fields: &mut Map<String, Value>, field: &str, old: &Value) {
    let Some(old) = old.as_object().filter(|old| !old.is_empty()) else {
        return;
    };
    let mut all = old.clone();
    if let Some(Value::Object(own)) = fields.get(field) {
        all.extend(own.clone());
    }
    fields.insert(field.into(), Value::Object(all));
}
