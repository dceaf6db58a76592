//! `configMapGenerator` and `secretGenerator`.

pub(super) mod iam;
mod sources;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use api::Object;

use super::build::Build;
use super::kustomization::{Generator, GeneratorOptions, Kustomization};
use super::metadata::Maker;
use super::resource::{Id, Resource, Resources, append};
use super::site::Site;
use crate::manifest::title;
use crate::{Problem, Problems};

use sources::Pairs;

/// What is generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    ConfigMap,
    Secret,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
        }
    }

    /// Of Kustomize, for the annotation that says where an object is from.
    pub(super) fn generator(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMapGenerator",
            Self::Secret => "SecretGenerator",
        }
    }
}

/// What a generator does with what is already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behavior {
    Create,
    Merge,
    Replace,
}

pub(super) fn run(
    build: &Build,
    kustomization: &Kustomization,
    resources: &mut Resources,
) -> Result<(), Problems> {
    let global = kustomization.generator_options.clone().unwrap_or_default();
    for (kind, field, generators) in [
        (
            Kind::ConfigMap,
            "configMapGenerator",
            &kustomization.config_maps,
        ),
        (Kind::Secret, "secretGenerator", &kustomization.secrets),
    ] {
        for (index, generator) in generators.iter().enumerate() {
            let site = kustomization.at(field).item(index);
            let made = make(build, &site, kind, generator, &global)?;
            absorb(
                &site,
                behavior(&site, &generator.behavior)?,
                made,
                resources,
            )?;
        }
    }
    Ok(())
}

/// One generator that is a plugin of its own.
pub(super) fn single(
    build: &Build,
    site: &Site,
    kind: Kind,
    generator: &Generator,
    resources: &mut Resources,
) -> Result<(), Problems> {
    let made = make(build, site, kind, generator, &GeneratorOptions::default())?;
    absorb(site, behavior(site, &generator.behavior)?, made, resources).map_err(Into::into)
}

fn behavior(site: &Site, written: &str) -> Result<Behavior, Problem> {
    match written {
        "" | "unspecified" | "create" => Ok(Behavior::Create),
        "merge" => Ok(Behavior::Merge),
        "replace" => Ok(Behavior::Replace),
        other => Err(site
            .field("behavior")
            .problem(format!("there is no behavior {other:?}"))
            .hint("write create, merge or replace")),
    }
}

fn make(
    build: &Build,
    site: &Site,
    kind: Kind,
    generator: &Generator,
    global: &GeneratorOptions,
) -> Result<Resource, Problems> {
    if generator.name.is_empty() {
        return Err(site.problem("a generator has no name").into());
    }
    let pairs = sources::pairs(build, site, generator)?;
    let own = generator.options.clone().unwrap_or_default();
    let mut body = json!({"apiVersion": "v1", "kind": kind.name(), "metadata": metadata(generator, global, &own)});
    fill(&mut body, kind, generator, pairs);
    if global.immutable || own.immutable {
        body["immutable"] = true.into();
    }
    let mut resource = Resource::new(body.into(), site.origin());
    resource.made_by = Some(Maker::builtin(kind.generator()));
    resource.hashed = !(global.disable_name_suffix_hash || own.disable_name_suffix_hash);
    Ok(resource)
}

fn metadata(
    generator: &Generator,
    global: &GeneratorOptions,
    own: &GeneratorOptions,
) -> Map<String, Value> {
    let mut metadata = Map::new();
    metadata.insert("name".into(), generator.name.as_str().into());
    if !generator.namespace.is_empty() {
        metadata.insert("namespace".into(), generator.namespace.as_str().into());
    }
    for (field, global, own) in [
        ("labels", &global.labels, &own.labels),
        ("annotations", &global.annotations, &own.annotations),
    ] {
        let all: Map<String, Value> = global
            .iter()
            .chain(own)
            .map(|(key, value)| (key.clone(), value.as_str().into()))
            .collect();
        if !all.is_empty() {
            metadata.insert(field.into(), Value::Object(all));
        }
    }
    metadata
}

fn fill(body: &mut Value, kind: Kind, generator: &Generator, pairs: Pairs) {
    if kind == Kind::Secret {
        let kind = match generator.kind.as_str() {
            "" => "Opaque",
            kind => kind,
        };
        body["type"] = kind.into();
        body["data"] = Value::Object(Map::new());
    }
    for (key, value) in pairs {
        match (kind, String::from_utf8(value)) {
            (Kind::ConfigMap, Ok(text)) => body["data"][key] = text.into(),
            (Kind::Secret, Ok(text)) => body["data"][key] = encode(text.as_bytes()).into(),
            (Kind::ConfigMap, Err(bytes)) => {
                body["binaryData"][key] = encode(bytes.as_bytes()).into();
            }
            (Kind::Secret, Err(bytes)) => body["data"][key] = encode(bytes.as_bytes()).into(),
        }
    }
}

/// Base64 in lines, as Kustomize writes it: its hashes cover the line ends.
fn encode(bytes: &[u8]) -> String {
    const LINE: usize = 70;
    let text = STANDARD.encode(bytes);
    if text.len() < LINE {
        return text;
    }
    let mut lines = String::new();
    for at in (0..text.len()).step_by(LINE) {
        lines.push_str(&text[at..text.len().min(at + LINE)]);
        lines.push('\n');
    }
    lines
}

/// Puts what was generated among the others, by its behavior.
fn absorb(
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
