//! `configMapGenerator` and `secretGenerator`.

mod absorb;
pub(super) mod iam;
mod sources;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::build::Build;
use super::kustomization::{Generator, GeneratorOptions, Kustomization};
use super::metadata::Maker;
use super::resource::{Resource, Resources};
use super::site::Site;
use crate::{Problem, Problems};

use absorb::absorb;
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
