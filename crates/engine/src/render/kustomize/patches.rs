//! `patches`, `patchesStrategicMerge` and `patchesJson6902`.

use serde_json::Value;

use api::Object;

use super::build::Build;
use super::kustomization::{Patch, PatchOptions};
use super::load;
use super::merge::{Merged, merge};
use super::resource::{Id, Resource, Resources};
use super::selector::{Matcher, Selector};
use super::shape::Shape;
use super::site::Site;
use crate::manifest::title;
use crate::render::Documents;
use crate::{Problem, Problems};

/// A patch's text, parsed, and where it came from.
struct Content {
    /// Of the file it is in, or of the place where it is written.
    site: Site,
    values: Vec<Value>,
    /// Operations of RFC 6902, rather than objects.
    json: bool,
}

/// `patchesStrategicMerge`: every entry is a file, or the patch itself.
pub(super) fn strategic(
    build: &Build,
    site: &Site,
    entries: &[String],
    resources: &mut Resources,
) -> Result<(), Problems> {
    for (index, entry) in entries.iter().enumerate() {
        let site = site.item(index);
        let content = if entry.contains('\n') {
            inline(&site, entry)?
        } else {
            from_file(build, &site, entry)?
        };
        by_names(build, &content, PatchOptions::default(), resources)?;
    }
    Ok(())
}

/// Strategic patches written where the site is.
pub(super) fn text(
    build: &Build,
    site: &Site,
    text: &str,
    resources: &mut Resources,
) -> Result<(), Problems> {
    let content = inline(site, text)?;
    by_names(build, &content, PatchOptions::default(), resources)
}

/// An entry of `patches`.
pub(super) fn patch(
    build: &Build,
    site: &Site,
    patch: &Patch,
    resources: &mut Resources,
) -> Result<(), Problems> {
    let content = content(build, site, patch)?;
    let Some(target) = &patch.target else {
        if content.json {
            let problem = site.problem("a JSON patch has no target");
            return Err(problem.hint("say which objects it is for").into());
        }
        return by_names(build, &content, patch.options, resources);
    };
    let matcher = matcher(site, target)?;
    let chosen: Vec<usize> = (0..resources.len())
        .filter(|at| matcher.matches(&resources[*at]))
        .collect();
    if content.json {
        return operate(build, &content, &chosen, resources);
    }
    let [value] = &content.values[..] else {
        let text = "a patch with a target is one object, not several";
        return Err(content.site.problem(text).into());
    };
    for at in chosen.into_iter().rev() {
        overlay(build, &content.site, value, patch.options, at, resources)?;
    }
    Ok(())
}

/// An entry of `patchesJson6902`.
pub(super) fn json(
    build: &Build,
    site: &Site,
    patch: &Patch,
    resources: &mut Resources,
) -> Result<(), Problems> {
    let content = content(build, site, patch)?;
    if !content.json {
        let text = "is no list of JSON patch operations";
        return Err(content.site.problem(text).into());
    }
    let Some(target) = patch.target.as_ref().filter(|it| !it.name.is_empty()) else {
        let problem = site.problem("a JSON patch has no target with a name");
        return Err(problem.hint("say which object it is for").into());
    };
    let matcher = matcher(site, target)?;
    let chosen: Vec<usize> = (0..resources.len())
        .filter(|at| matcher.matches(&resources[*at]))
        .collect();
    operate(build, &content, &chosen, resources)
}

fn matcher(site: &Site, target: &Selector) -> Result<Matcher, Problem> {
    target
        .matcher()
        .map_err(|why| site.field("target").problem(why))
}

fn content(build: &Build, site: &Site, patch: &Patch) -> Result<Content, Problems> {
    match (patch.path.as_str(), patch.patch.trim()) {
        ("", "") => Err(site.problem("a patch has neither path nor patch").into()),
        ("", text) => inline(&site.field("patch"), text),
        (path, "") => from_file(build, &site.field("path"), path),
        _ => Err(site.problem("a patch has both path and patch").into()),
    }
}

/// What is written in the kustomization itself: its positions are not those of the file.
pub(super) fn inline_documents(site: &Site, text: &str) -> Result<Vec<Value>, Problem> {
    let parsed = Documents::parse(site.file(), text.as_bytes()).map_err(|problems| {
        let first = problems.0.into_iter().next().unwrap_or_default();
        let place = if first.line == 0 {
            String::new()
        } else {
            format!(" in its line {}", first.line)
        };
        site.problem(format!("cannot be read: {}{place}", first.message))
    })?;
    let documents = parsed.documents.into_iter();
    Ok(documents.map(|document| document.value).collect())
}

fn inline(site: &Site, text: &str) -> Result<Content, Problems> {
    strict_json(site, text)?;
    let values = inline_documents(site, text)?;
    sort_out(site.clone(), values)
}

fn from_file(build: &Build, site: &Site, entry: &str) -> Result<Content, Problems> {
    let (file, bytes) = load::read(build, site, entry)?;
    strict_json(site, &String::from_utf8_lossy(&bytes))?;
    let parsed = Documents::parse(&file, &bytes)?;
    let mut documents = parsed.documents.into_iter();
    let first = documents.next();
    let first_value = first.as_ref().map(|document| document.value.clone());
    let rest = documents.map(|document| document.value);
    let values = first_value.into_iter().chain(rest).collect();
    let site = Site::new(&file, &parsed.text, first).relative_to(site.directory());
    sort_out(site, values)
}

/// What begins as a list of JSON must be JSON, to Kustomize.
fn strict_json(site: &Site, text: &str) -> Result<(), Problem> {
    if !text.trim_start().starts_with('[') {
        return Ok(());
    }
    let read: Result<serde::de::IgnoredAny, _> = serde_json::from_str(text);
    read.map(|_| ()).map_err(|error| {
        site.problem(format!("a patch that begins with [ is JSON: {error}"))
            .hint("put the names in quotes, or write the operations as a list of YAML")
    })
}

/// Whether it is operations or objects.
fn sort_out(site: Site, values: Vec<Value>) -> Result<Content, Problems> {
    if values.is_empty() {
        return Err(site.problem("the patch is empty").into());
    }
    let json = values[0].is_array();
    if json && values.len() > 1 {
        let text = "a JSON patch is one list of operations";
        return Err(site.problem(text).into());
    }
    if !json {
        for value in &values {
            named(&site, value)?;
        }
    }
    Ok(Content { site, values, json })
}

/// A strategic patch says what kind and name it is for, even where a target says so again.
fn named(site: &Site, value: &Value) -> Result<Object, Problem> {
    let object = Object::from(value.clone());
    let empty = |what: &str| site.problem(format!("a patch has no {what}"));
    if !value.is_object() {
        return Err(site.problem("a patch is a list of operations or an object"));
    }
    if object.kind().is_empty() {
        return Err(empty("kind"));
    }
    if object.name().is_empty() {
        return Err(empty("metadata.name"));
    }
    Ok(object)
}

/// Strategic patches for the objects they name.
fn by_names(
    build: &Build,
    content: &Content,
    options: PatchOptions,
    resources: &mut Resources,
) -> Result<(), Problems> {
    for value in &content.values {
        let wanted = Id::of(&named(&content.site, value)?);
        let at = find(resources, &wanted);
        let at = at.map_err(|found| absent(&content.site, &wanted, found))?;
        overlay(build, &content.site, value, options, at, resources)?;
    }
    Ok(())
}

/// The one resource that is called so, now or before. An empty group or version is any.
fn find(resources: &Resources, wanted: &Id) -> Result<usize, usize> {
    let fits = |id: &Id| id.is(wanted);
    let of = |matches: &dyn Fn(&Resource) -> bool| -> Vec<usize> {
        (0..resources.len())
            .filter(|at| matches(&resources[*at]))
            .collect()
    };
    match of(&|resource| resource.was(fits))[..] {
        [only] => Ok(only),
        [] => Err(0),
        ref several => match of(&|resource| fits(&resource.id()))[..] {
            [only] => Ok(only),
            _ => Err(several.len()),
        },
    }
}

fn absent(site: &Site, wanted: &Id, found: usize) -> Problem {
    let name = crate::manifest::name_of(&wanted.gvk.kind, &wanted.namespace, &wanted.name);
    match found {
        0 => site.problem(format!("there is no {name} to patch")),
        several => site.problem(format!("there are {several} objects called {name}")),
    }
}

/// Merges a strategic patch; what it deletes leaves the list.
fn overlay(
    build: &Build,
    site: &Site,
    patch: &Value,
    options: PatchOptions,
    at: usize,
    resources: &mut Resources,
) -> Result<(), Problem> {
    build.copy(size(patch), site)?;
    let resource = &mut resources[at];
    let before = resource.id();
    if options.allow_name_change || options.allow_kind_change {
        resource.remember();
    }
    let shape = Shape::of(&before.gvk, build.schema.get());
    match merge(&mut resource.object.body, patch, shape) {
        Merged::Deleted => {
            resources.remove(at);
        }
        Merged::Object => {
            let body = &mut resource.object.body;
            body["apiVersion"] = before.gvk.api_version().into();
            if options.allow_kind_change {
                body["apiVersion"] = patch
                    .get("apiVersion")
                    .unwrap_or(&body["apiVersion"])
                    .clone();
            } else {
                body["kind"] = before.gvk.kind.into();
            }
            let metadata = resource.object.metadata_mut();
            if !options.allow_name_change {
                metadata.insert("name".into(), before.name.into());
            }
            if before.namespace.is_empty() {
                metadata.shift_remove("namespace");
            } else {
                metadata.insert("namespace".into(), before.namespace.into());
            }
        }
    }
    Ok(())
}

fn operate(
    build: &Build,
    content: &Content,
    chosen: &[usize],
    resources: &mut Resources,
) -> Result<(), Problems> {
    for at in chosen {
        let resource = &mut resources[*at];
        resource.remember();
        for operation in content.values.iter().flat_map(operations) {
            build.copy(size(operation), &content.site)?;
            let body = &resource.object.body;
            let patch = Value::Array(vec![lenient(body, operation)]);
            let patched = api::patch::json::apply(body, &patch);
            resource.object.body = patched.map_err(|status| {
                let why = status
                    .causes
                    .first()
                    .map_or(&status.message, |cause| &cause.message);
                let text = format!("a JSON patch does not fit: {why}");
                content.site.problem(text).object(title(&resource.object))
            })?;
        }
    }
    Ok(())
}

fn operations(patch: &Value) -> impl Iterator<Item = &Value> {
    patch.as_array().into_iter().flatten()
}

/// To Kustomize, replacing a field that is not there is adding it.
fn lenient(body: &Value, operation: &Value) -> Value {
    let path = operation["path"].as_str().unwrap_or_default();
    let parent = path
        .rsplit_once('/')
        .and_then(|(parent, _)| body.pointer(parent));
    let mut operation = operation.clone();
    if operation["op"] == "replace"
        && body.pointer(path).is_none()
        && parent.is_some_and(Value::is_object)
    {
        operation["op"] = "add".into();
    }
    operation
}

/// About as many bytes as the value has.
pub(super) fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 8,
        Value::Array(items) => 8 + items.iter().map(size).sum::<usize>(),
        Value::Object(map) => {
            let fields = map.iter().map(|(key, value)| key.len() + 8 + size(value));
            8 + fields.sum::<usize>()
        }
        _ => 8,
    }
}
