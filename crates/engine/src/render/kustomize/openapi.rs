//! `openapi`: a schema of one's own, by which strategic patches are merged.

use serde_json::{Map, Value};

use api::GroupVersionKind;
use api::codec::yaml;

use super::build::Build;
use super::kustomization::Kustomization;
use super::load;
use crate::{Problem, Problems};

/// Definitions of types by name; see [`Schema::kind`].
#[derive(Debug)]
pub(super) struct Schema {
    definitions: Map<String, Value>,
}

/// The versions of Kubernetes whose schema Kustomize brings along.
const BUILT_IN: [&str; 2] = ["v1.21.2", "v1.20.4"];

/// Takes the schema the kustomization names, unless there is one already.
pub(super) fn load(build: &Build, kustomization: &Kustomization) -> Result<(), Problems> {
    let wanted = &kustomization.openapi;
    let site = kustomization.at("openapi");
    if build.schema.get().is_some() {
        return Ok(());
    }
    let Some(path) = &wanted.path else {
        return match wanted.version.as_deref() {
            None => Ok(()),
            Some(version) if BUILT_IN.contains(&version) => Ok(()),
            Some(version) => {
                let text = format!("there is no built-in schema {version:?}");
                Err(site.field("version").problem(text).into())
            }
        };
    };
    if wanted.version.is_some() {
        return Err(site.problem("has both version and path").into());
    }
    let (file, bytes) = load::read(build, &site.field("path"), path)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Problem::new(&file, "is not UTF-8 text"))?;
    let mut value = yaml::single(text).map_err(|error| {
        let problem = Problem::new(&file, error.message);
        error.position.map_or(problem.clone(), |at| {
            problem.at(at.line, at.column).picture(text)
        })
    })?;
    let Value::Object(definitions) = value["definitions"].take() else {
        return Err(Problem::new(&file, "has no definitions").into());
    };
    let _ = build.schema.set(Schema { definitions });
    Ok(())
}

impl Schema {
    /// The definition that says it is of that kind.
    pub(super) fn kind(&self, gvk: &GroupVersionKind) -> Option<&Value> {
        self.definitions.values().find(|definition| {
            let kinds = definition["x-kubernetes-group-version-kind"].as_array();
            kinds.into_iter().flatten().any(|kind| {
                kind["kind"] == gvk.kind.as_str()
                    && kind["version"] == gvk.version.as_str()
                    && kind["group"].as_str().unwrap_or_default() == gvk.group
            })
        })
    }

    /// What a definition stands for, if it only refers to another.
    pub(super) fn resolve<'a>(&'a self, definition: &'a Value) -> &'a Value {
        let name = definition["$ref"]
            .as_str()
            .and_then(|to| to.strip_prefix("#/definitions/"));
        name.and_then(|name| self.definitions.get(name))
            .unwrap_or(definition)
    }
}
