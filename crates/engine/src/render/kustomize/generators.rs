//! `configMapGenerator` and `secretGenerator`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use api::Object;

use super::accumulate::read;
use super::kustomization::{Behavior, Generator, Kustomization};
use super::resource::{Id, Resource, Resources, append};
use crate::manifest::title;
use crate::tree::{Reader, path};
use crate::{Origin, Problem, Problems};

pub(super) fn run(
    reader: &Reader,
    kustomization: &Kustomization,
    resources: &mut Resources,
) -> Result<(), Problems> {
    let config_maps = kustomization
        .config_maps
        .iter()
        .map(|it| (it, "ConfigMap", "configMapGenerator"));
    let secrets = kustomization
        .secrets
        .iter()
        .map(|it| (it, "Secret", "secretGenerator"));
    for (generator, kind, field) in config_maps.chain(secrets) {
        if generator.name.is_empty() {
            return Err(kustomization
                .problem(field, "a generator has no name")
                .into());
        }
        let pairs = pairs(reader, kustomization, field, generator)?;
        let made = make(kustomization, generator, kind, pairs);
        absorb(kustomization, field, generator.behavior, made, resources)?;
    }
    Ok(())
}

fn make(
    kustomization: &Kustomization,
    generator: &Generator,
    kind: &str,
    pairs: BTreeMap<String, Vec<u8>>,
) -> Resource {
    let global = &kustomization.generator_options;
    let own = &generator.options;
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
    let mut body = json!({"apiVersion": "v1", "kind": kind, "metadata": metadata});
    if kind == "Secret" {
        let kind = if generator.kind.is_empty() {
            "Opaque"
        } else {
            &generator.kind
        };
        body["type"] = kind.into();
    }
    for (key, value) in pairs {
        match String::from_utf8(value) {
            Ok(text) if kind == "ConfigMap" => body["data"][key] = text.into(),
            Ok(text) => body["data"][key] = encode(text.as_bytes()).into(),
            Err(bytes) => {
                let field = if kind == "ConfigMap" {
                    "binaryData"
                } else {
                    "data"
                };
                body[field][key] = encode(bytes.as_bytes()).into();
            }
        }
    }
    if global.immutable || own.immutable {
        body["immutable"] = true.into();
    }
    let origin = Origin {
        file: kustomization.file.clone(),
        line: 1,
    };
    let mut resource = Resource::new(body.into(), origin);
    resource.hashed = !(global.disable_name_suffix_hash || own.disable_name_suffix_hash);
    resource
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

/// Keys and values of all sources.
fn pairs(
    reader: &Reader,
    kustomization: &Kustomization,
    field: &str,
    generator: &Generator,
) -> Result<BTreeMap<String, Vec<u8>>, Problems> {
    let mut pairs = BTreeMap::new();
    let mut add = |key: &str, value: Vec<u8>| -> Result<(), Problem> {
        if pairs.insert(key.to_owned(), value).is_some() {
            let text = format!("{} has the key {key:?} twice", generator.name);
            return Err(kustomization.problem(field, text));
        }
        Ok(())
    };
    let single = Some(&generator.env).filter(|env| !env.is_empty());
    for entry in generator.envs.iter().chain(single) {
        let (file, bytes) = read(reader, kustomization, field, entry)?;
        for (key, value) in environment(&file, &bytes)? {
            add(&key, value.into_bytes())?;
        }
    }
    for literal in &generator.literals {
        let (key, value) = literal
            .split_once('=')
            .filter(|(key, _)| !key.is_empty())
            .ok_or_else(|| {
                kustomization.problem(
                    field,
                    format!("a literal of {} is not KEY=VALUE", generator.name),
                )
            })?;
        add(key, unquoted(value).as_bytes().to_vec())?;
    }
    for entry in &generator.files {
        let (key, file) = match entry.split_once('=') {
            Some((key, file)) => (key, file),
            None => (path::name(entry), entry.as_str()),
        };
        let (_, bytes) = read(reader, kustomization, field, file)?;
        add(key, bytes.to_vec())?;
    }
    Ok(pairs)
}

/// Without one pair of quotes around it.
fn unquoted(value: &str) -> &str {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value)
}

/// The pairs of a file of `KEY=VALUE` lines.
fn environment(file: &str, bytes: &[u8]) -> Result<Vec<(String, String)>, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| Problem::new(file, "is not UTF-8 text"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut pairs = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = line.split_once('=').ok_or_else(|| {
            let text = "the line has no value";
            Problem::new(file, text)
                .at(number, 1)
                .hint("write KEY=VALUE; nothing is taken from the environment")
        })?;
        pairs.push((key.to_owned(), value.to_owned()));
    }
    Ok(pairs)
}

/// Puts what was generated among the others, by its behavior.
fn absorb(
    kustomization: &Kustomization,
    field: &str,
    behavior: Behavior,
    mut made: Resource,
    resources: &mut Resources,
) -> Result<(), Problem> {
    let id = made.id();
    let existing = match super::resource::find(resources, &id) {
        Ok(at) => Some(at),
        Err(0) => None,
        Err(_) => {
            let text = format!("{} could be one of several", title(&made.object));
            return Err(kustomization.problem(field, text));
        }
    };
    match (existing, behavior) {
        (None, Behavior::Create) => append(resources, made),
        (None, _) => {
            let text = format!(
                "{} is not there to be merged or replaced",
                title(&made.object)
            );
            Err(kustomization.problem(field, text))
        }
        (Some(_), Behavior::Create) => {
            let text = format!("{} is already there", title(&made.object));
            Err(kustomization
                .problem(field, text)
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
    if !namespace.is_empty() {
        metadata.insert("namespace".into(), namespace.into());
    }
    if behavior == Behavior::Merge {
        let Object { body } = &mut made.object;
        if let Value::Object(fields) = body {
            combine(fields, "data", &old.object.body["data"]);
            combine(fields, "binaryData", &old.object.body["binaryData"]);
        }
    }
    made.hashed |= old.hashed;
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
