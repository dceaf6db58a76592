//! `replacements`: a field of one object, copied into fields of others.

use serde_json::Value;

use super::build::Build;
use super::config;
use super::fields::{is_scalar, text};
use super::kustomization::{FieldOptions, Kustomization, Replacement, Selected, Target, read};
use super::patches::size;
use super::resource::{Resource, Resources};
use super::selector::{Matcher, Selector};
use super::site::Site;
use super::steps::{self, Create};
use super::transformers::labels::fault;
use crate::{Problem, Problems};

/// What is copied where nothing is said.
const NAME: &str = "metadata.name";

pub(super) fn run(
    build: &Build,
    kustomization: &Kustomization,
    resources: &mut Resources,
) -> Result<(), Problems> {
    let site = kustomization.at("replacements");
    all(build, &site, &kustomization.replacements, resources)
}

/// Replacements one after the other; some may be in files.
pub(super) fn all(
    build: &Build,
    site: &Site,
    replacements: &[Replacement],
    resources: &mut Resources,
) -> Result<(), Problems> {
    for (index, replacement) in replacements.iter().enumerate() {
        let site = site.item(index);
        if replacement.path.is_empty() {
            replace(build, &site, replacement, resources)?;
            continue;
        }
        if replacement.source.is_some() || replacement.targets.is_some() {
            return Err(site.problem("has a path and more").into());
        }
        for document in config::documents(build, &site.field("path"), &replacement.path)? {
            let written = document.value();
            let entries: Vec<Replacement> = if written.is_array() {
                read::list(&document, &written)?
            } else {
                vec![read::one(&document, &written)?]
            };
            for (index, entry) in entries.iter().enumerate() {
                let site = if written.is_array() {
                    document.item(index)
                } else {
                    document.clone()
                };
                replace(build, &site, entry, resources)?;
            }
        }
    }
    Ok(())
}

fn replace(
    build: &Build,
    site: &Site,
    replacement: &Replacement,
    resources: &mut Resources,
) -> Result<(), Problem> {
    let value = match (&replacement.source, &replacement.source_value) {
        (Some(source), None) => source_value(&site.field("source"), source, resources)?,
        (None, Some(text)) => Value::from(text.as_str()),
        (None, None) => return Err(site.problem("a replacement has no source")),
        (Some(_), Some(_)) => return Err(site.problem("has both source and sourceValue")),
    };
    let targets = replacement.targets.as_deref().unwrap_or_default();
    if targets.is_empty() {
        return Err(site.problem("a replacement has no targets"));
    }
    for (index, target) in targets.iter().enumerate() {
        let site = site.field("targets").item(index);
        let select = target.select.as_ref();
        let select = select.ok_or_else(|| site.problem("a target selects nothing"))?;
        let select = select
            .matcher()
            .map_err(|why| site.field("select").problem(why))?;
        let reject: Result<Vec<Matcher>, String> =
            target.reject.iter().map(Selector::matcher).collect();
        let reject = reject.map_err(|why| site.field("reject").problem(why))?;
        for resource in resources.iter_mut() {
            if !select.matches_any(resource) || rejects(&reject, target, resource) {
                continue;
            }
            set_all(build, &site, target, &value, resource)?;
        }
    }
    Ok(())
}

/// Labels and annotations reject by themselves, and so do names.
fn rejects(reject: &[Matcher], target: &Target, resource: &Resource) -> bool {
    reject.iter().zip(&target.reject).any(|(matcher, written)| {
        let names = [
            &written.group,
            &written.version,
            &written.kind,
            &written.name,
            &written.namespace,
        ];
        let named = names.iter().any(|name| !name.is_empty());
        matcher.labelled(resource).unwrap_or(false) || (named && matcher.was(resource))
    })
}

fn source_value(site: &Site, source: &Selected, resources: &Resources) -> Result<Value, Problem> {
    let same = |wanted: &str, is: &str| wanted.is_empty() || wanted == is;
    let matches = |resource: &&Resource| {
        resource.was(|id| {
            same(&source.group, &id.gvk.group)
                && same(&source.version, &id.gvk.version)
                && same(&source.kind, &id.gvk.kind)
                && same(&source.name, &id.name)
                && (same(&source.namespace, &id.namespace)
                    || source.namespace == id.effective_namespace())
        })
    };
    let mut found = resources.iter().filter(matches);
    let name = format!("{} {}", source.kind, source.name);
    let name = name.trim();
    let only = match (found.next(), found.count()) {
        (Some(only), 0) => only,
        (None, _) => return Err(site.problem(format!("there is no {name}"))),
        (Some(_), more) => {
            return Err(site.problem(format!("there are {} objects {name}", more + 1)));
        }
    };
    let path = match source.field_path.as_str() {
        "" => NAME,
        path => path,
    };
    let value = steps::find(&only.object.body, path).filter(|value| !is_empty(value));
    let site = site.field("fieldPath");
    let value = value.ok_or_else(|| site.problem(format!("{name} has no field {path}")))?;
    part(value, &source.options).map_err(|why| site.problem(why))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

fn part(value: &Value, options: &FieldOptions) -> Result<Value, String> {
    if options.delimiter.is_empty() {
        return Ok(value.clone());
    }
    let text = text(value).ok_or("only text can be taken apart by a delimiter")?;
    let part = usize::try_from(options.index).ok();
    part.and_then(|index| text.split(options.delimiter.as_str()).nth(index))
        .map(Value::from)
        .ok_or_else(|| format!("{text:?} has no part {}", options.index))
}

fn set_all(
    build: &Build,
    site: &Site,
    target: &Target,
    value: &Value,
    resource: &mut Resource,
) -> Result<(), Problem> {
    let default = [NAME.to_owned()];
    let paths = if target.field_paths.is_empty() {
        &default[..]
    } else {
        &target.field_paths
    };
    let bytes = size(value);
    for (index, path) in paths.iter().enumerate() {
        let site = site.field("fieldPaths").item(index);
        let create = if target.options.create {
            Create::Like(value)
        } else {
            Create::No
        };
        let mut places = 0;
        let body = &mut resource.object.body;
        let done = steps::walk(body, &steps::steps(path), create, &mut |place| {
            places += 1;
            build
                .copy(bytes, &site)
                .map_err(|problem| problem.message)?;
            put(place, value, &target.options)
        });
        done.map_err(|why| fault(&site, resource, &why))?;
        if places == 0 {
            return Err(fault(&site, resource, &format!("there is no field {path}")));
        }
    }
    Ok(())
}

fn put(place: &mut Value, value: &Value, options: &FieldOptions) -> Result<(), String> {
    if options.delimiter.is_empty() {
        *place = converted(place, value.clone());
        return Ok(());
    }
    if !is_scalar(place) {
        return Err("only text can be taken apart by a delimiter".into());
    }
    let old = text(place).unwrap_or_default();
    let new = text(value).ok_or("only text can be a part of text")?;
    let mut parts: Vec<&str> = old.split(options.delimiter.as_str()).collect();
    match usize::try_from(options.index) {
        Err(_) => parts.insert(0, &new),
        Ok(index) if index >= parts.len() => parts.push(&new),
        Ok(index) => parts[index] = &new,
    }
    *place = converted(place, parts.join(&options.delimiter).into());
    Ok(())
}

/// A scalar keeps the type of the field it goes into, where it can.
fn converted(place: &Value, value: Value) -> Value {
    let Some(text) = text(&value) else {
        return value;
    };
    match place {
        Value::String(_) => text.into(),
        Value::Number(_) => text
            .parse::<i64>()
            .map(Value::from)
            .or_else(|_| text.parse::<f64>().map(Value::from))
            .unwrap_or(value),
        Value::Bool(_) => text.parse::<bool>().map_or(value, Value::from),
        _ => value,
    }
}
