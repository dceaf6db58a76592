//! `buildMetadata`: annotations and a label that say where objects come from.

use serde_json::{Map, Value, json};

use super::kustomization::Kustomization;
use super::resource::{Resource, Resources};
use super::site::Site;
use crate::Problem;
use crate::tree::path;

const ORIGIN: &str = "config.kubernetes.io/origin";
const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";
const OPTIONS: [&str; 3] = [
    "originAnnotations",
    "transformerAnnotations",
    "managedByLabel",
];

/// Which of it is wanted.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    pub(super) origin: bool,
    pub(super) transformations: bool,
    managed_by: bool,
}

/// A generator or transformer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Maker {
    kind: String,
    /// Empty for a field of a kustomization.
    name: String,
}

impl Maker {
    pub(super) fn builtin(kind: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            name: String::new(),
        }
    }

    pub(super) fn plugin(kind: &str, name: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            name: name.to_owned(),
        }
    }

    fn describe(&self, configured_in: &str) -> Map<String, Value> {
        let mut by = json!({"apiVersion": "builtin", "kind": self.kind});
        if !self.name.is_empty() {
            by["name"] = self.name.as_str().into();
        }
        let mut map = Map::new();
        map.insert("configuredIn".into(), configured_in.into());
        map.insert("configuredBy".into(), by);
        map
    }
}

/// What the root of a build asks for.
pub(super) fn wanted(root: &Kustomization) -> Result<Wanted, Problem> {
    for (index, option) in root.build_metadata.iter().enumerate() {
        if !OPTIONS.contains(&option.as_str()) {
            let site = root.at("buildMetadata").item(index);
            return Err(site
                .problem(format!("there is no build metadata {option:?}"))
                .hint(format!("choose from {}", OPTIONS.join(", "))));
        }
    }
    let has = |option: &str| root.build_metadata.iter().any(|it| it == option);
    Ok(Wanted {
        origin: has(OPTIONS[0]),
        transformations: has(OPTIONS[1]),
        managed_by: has(OPTIONS[2]),
    })
}

/// Writes it down.
pub(super) fn write(wanted: &Wanted, root: &Site, resources: &mut Resources) {
    for resource in resources {
        if wanted.origin {
            let file = relative(root.directory(), &resource.origin.file);
            let origin = match &resource.made_by {
                Some(maker) => maker.describe(&file),
                None => [("path".to_owned(), Value::from(file))]
                    .into_iter()
                    .collect(),
            };
            annotate(resource, ORIGIN, &Value::Object(origin));
        }
        if wanted.transformations && !resource.transformed_by.is_empty() {
            let all = resource.transformed_by.iter();
            let all: Vec<Value> = all
                .map(|(file, maker)| {
                    Value::Object(maker.describe(&relative(root.directory(), file)))
                })
                .collect();
            annotate(resource, TRANSFORMATIONS, &Value::Array(all));
        }
        if wanted.managed_by {
            let labels = &mut resource.object.body["metadata"]["labels"];
            labels["app.kubernetes.io/managed-by"] = "kedge".into();
        }
    }
}

fn annotate(resource: &mut Resource, name: &str, value: &Value) {
    let text = api::codec::yaml::to_string(value);
    resource.object.body["metadata"]["annotations"][name] = text.into();
}

/// `to` as seen from the directory `from`.
fn relative(from: &str, to: &str) -> String {
    let from: Vec<&str> = from.split('/').filter(|part| !part.is_empty()).collect();
    let directory = path::parent(to);
    let shared = from
        .iter()
        .zip(directory.split('/'))
        .take_while(|(a, b)| *a == b)
        .count();
    let up = "../".repeat(from.len() - shared);
    let rest: Vec<&str> = to.split('/').skip(shared).collect();
    format!("{up}{}", rest.join("/"))
}
