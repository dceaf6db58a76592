//! `replacements`: a field of one object, copied into fields of others.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::accumulate::read;
use super::kustomization::{FieldOptions, Kustomization, Replacement, Source, Target};
use super::resource::{Resource, Resources};
use super::selector::{Matcher, Selector};
use crate::manifest::title;
use crate::render::Documents;
use crate::tree::Reader;
use crate::{Problem, Problems};

const FIELD: &str = "replacements";
/// What is copied where nothing is said.
const NAME: &str = "metadata.name";

pub(super) fn run(
    reader: &Reader,
    kustomization: &Kustomization,
    resources: &mut Resources,
) -> Result<(), Problems> {
    for replacement in &kustomization.replacements {
        if replacement.path.is_empty() {
            replace(kustomization, replacement, resources)?;
            continue;
        }
        let (file, bytes) = read(reader, kustomization, FIELD, &replacement.path)?;
        for document in Documents::parse(&file, &bytes)?.documents {
            let line = document.start().line;
            let entries = match document.value {
                Value::Array(entries) => entries,
                entry => vec![entry],
            };
            for entry in entries {
                let replacement = Replacement::deserialize(&entry).map_err(|error| {
                    Problem::new(&file, format!("is no replacement: {error}")).at(line, 0)
                })?;
                replace(kustomization, &replacement, resources)?;
            }
        }
    }
    Ok(())
}

fn replace(
    kustomization: &Kustomization,
    replacement: &Replacement,
    resources: &mut Resources,
) -> Result<(), Problem> {
    let fault = |why: String| kustomization.problem(FIELD, why);
    let source = replacement
        .source
        .as_ref()
        .ok_or_else(|| fault("a replacement has no source".into()))?;
    let value = source_value(source, resources).map_err(fault)?;
    for target in &replacement.targets {
        let select = target
            .select
            .as_ref()
            .ok_or_else(|| fault("a target selects nothing".into()))?;
        let select = select.matcher().map_err(fault)?;
        let reject: Result<Vec<Matcher>, String> =
            target.reject.iter().map(Selector::matcher).collect();
        let reject = reject.map_err(fault)?;
        for resource in resources.iter_mut() {
            if !select.matches(resource) || reject.iter().any(|reject| reject.matches(resource)) {
                continue;
            }
            set_all(target, &value, resource)
                .map_err(|why| fault(format!("{}: {why}", title(&resource.object))))?;
        }
    }
    Ok(())
}

fn source_value(source: &Source, resources: &Resources) -> Result<Value, String> {
    let same = |wanted: &str, is: &str| wanted.is_empty() || wanted == is;
    let matches = |resource: &&Resource| {
        let gvk = resource.object.gvk();
        same(&source.group, &gvk.group)
            && same(&source.version, &gvk.version)
            && same(&source.kind, &gvk.kind)
            && resource
                .was(|id| same(&source.name, &id.name) && same(&source.namespace, &id.namespace))
    };
    let found: Vec<&Resource> = resources.iter().filter(matches).collect();
    let name = format!("{} {}", source.kind, source.name);
    let name = name.trim();
    let [only] = found[..] else {
        return Err(format!("the source {name} is there {} times", found.len()));
    };
    let path = if source.field_path.is_empty() {
        NAME
    } else {
        &source.field_path
    };
    let mut at = &only.object.body;
    for step in steps(path) {
        at = child(at, &step).ok_or_else(|| format!("{name} has no field {path}"))?;
    }
    let options = &source.options;
    if options.delimiter.is_empty() {
        return Ok(at.clone());
    }
    let text = text(at).ok_or("only text can be taken apart by a delimiter")?;
    let part = usize::try_from(options.index).ok();
    part.and_then(|index| text.split(options.delimiter.as_str()).nth(index))
        .map(Value::from)
        .ok_or_else(|| format!("{text:?} has no part {}", options.index))
}

fn set_all(target: &Target, value: &Value, resource: &mut Resource) -> Result<(), String> {
    let default = [NAME.to_owned()];
    let paths = if target.field_paths.is_empty() {
        &default[..]
    } else {
        &target.field_paths
    };
    resource.remember();
    for path in paths {
        let steps = steps(path);
        let mut places = 0;
        let result = walk(
            &mut resource.object.body,
            &steps,
            target.options.create,
            &mut |place| {
                places += 1;
                put(place, value, &target.options)
            },
        );
        result?;
        if places == 0 {
            return Err(format!("there is no field {path}"));
        }
    }
    Ok(())
}

fn put(place: &mut Value, value: &Value, options: &FieldOptions) -> Result<(), String> {
    let encoded = match options.encoding.as_str() {
        "" => value.clone(),
        "base64" => {
            let text = text(value).ok_or("only text can be encoded")?;
            STANDARD.encode(text).into()
        }
        other => return Err(format!("the encoding {other:?} is not known")),
    };
    if options.delimiter.is_empty() {
        // A scalar keeps the type of the field it goes into.
        *place = match (&*place, text(&encoded)) {
            (Value::String(_), Some(text)) => text.into(),
            _ => encoded,
        };
        return Ok(());
    }
    let old = text(place).ok_or("only text can be taken apart by a delimiter")?;
    let new = text(&encoded).ok_or("only text can be a part of text")?;
    let mut parts: Vec<&str> = old.split(options.delimiter.as_str()).collect();
    match usize::try_from(options.index) {
        Err(_) => parts.insert(0, &new),
        Ok(index) if index >= parts.len() => parts.push(&new),
        Ok(index) => parts[index] = &new,
    }
    *place = parts.join(&options.delimiter).into();
    Ok(())
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// `spec.containers.[name=web].env.0`, with `\.` and `[…]` for names that have dots.
fn steps(path: &str) -> Vec<String> {
    let mut steps = vec![String::new()];
    let mut chars = path.chars();
    let mut bracket = false;
    while let Some(c) = chars.next() {
        let last = steps.last_mut().expect("there is always one");
        match c {
            '\\' => last.extend(chars.next()),
            '.' if !bracket => steps.push(String::new()),
            '[' | ']' => {
                bracket = c == '[';
                last.push(c);
            }
            c => last.push(c),
        }
    }
    steps.retain(|step| !step.is_empty());
    steps
}

/// `[name=web]` as its two halves; `[a.b]` is just a key.
fn condition(step: &str) -> Option<(&str, &str)> {
    step.strip_prefix('[')?.strip_suffix(']')?.split_once('=')
}

fn key(step: &str) -> &str {
    step.strip_prefix('[')
        .and_then(|step| step.strip_suffix(']'))
        .unwrap_or(step)
}

fn fits(item: &Value, condition: (&str, &str)) -> bool {
    let (key, wanted) = condition;
    let value = if key.is_empty() {
        Some(item)
    } else {
        item.get(key)
    };
    value.and_then(text).is_some_and(|text| text == wanted)
}

fn child<'a>(value: &'a Value, step: &str) -> Option<&'a Value> {
    match value {
        Value::Object(map) => map.get(key(step)),
        Value::Array(items) => match condition(step) {
            Some(condition) => items.iter().find(|item| fits(item, condition)),
            None => items.get(step.parse::<usize>().ok()?),
        },
        _ => None,
    }
}

fn walk(
    value: &mut Value,
    steps: &[String],
    create: bool,
    apply: &mut dyn FnMut(&mut Value) -> Result<(), String>,
) -> Result<(), String> {
    let Some((step, rest)) = steps.split_first() else {
        return apply(value);
    };
    match value {
        Value::Object(map) if step == "*" => map
            .values_mut()
            .try_for_each(|inner| walk(inner, rest, create, apply)),
        Value::Array(items) if step == "*" => items
            .iter_mut()
            .try_for_each(|inner| walk(inner, rest, create, apply)),
        Value::Array(items) => {
            if let Some(condition) = condition(step) {
                let mut fitting = items.iter_mut().filter(|item| fits(item, condition));
                return fitting.try_for_each(|item| walk(item, rest, create, apply));
            }
            match step.parse::<usize>().ok().and_then(|at| items.get_mut(at)) {
                Some(item) => walk(item, rest, create, apply),
                None => Ok(()),
            }
        }
        Value::Object(map) => {
            if create && !map.contains_key(key(step)) {
                let made = if rest.is_empty() {
                    Value::Null
                } else {
                    Value::Object(Map::new())
                };
                map.insert(key(step).to_owned(), made);
            }
            match map.get_mut(key(step)) {
                Some(inner) => walk(inner, rest, create, apply),
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}
