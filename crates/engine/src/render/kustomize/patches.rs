//! `patches`, `patchesStrategicMerge` and `patchesJson6902`.

use serde_json::Value;

use api::Object;

use super::accumulate::read;
use super::kustomization::{Kustomization, Patch, PatchOptions};
use super::merge::{Merged, merge};
use super::resource::{Id, Resources, find};
use super::selector::{Matcher, Selector};
use crate::manifest::title;
use crate::render::Documents;
use crate::tree::Reader;
use crate::{Problem, Problems};

/// A patch's text, parsed, and where it came from.
struct Content {
    file: String,
    values: Vec<Value>,
}

impl Content {
    /// Operations of RFC 6902, rather than an object.
    fn is_json(&self) -> bool {
        self.values.first().is_some_and(Value::is_array)
    }
}

pub(super) fn strategic(
    reader: &Reader,
    kustomization: &Kustomization,
    resources: &mut Resources,
) -> Result<(), Problems> {
    let field = "patchesStrategicMerge";
    for entry in &kustomization.patches_strategic_merge {
        // An entry is a file, or the patch itself.
        let content = if entry.contains('\n') {
            inline(kustomization, entry)?
        } else {
            from_file(reader, kustomization, field, entry)?
        };
        for value in &content.values {
            by_name(
                kustomization,
                field,
                value,
                PatchOptions::default(),
                resources,
            )?;
        }
    }
    Ok(())
}

pub(super) fn patches(
    reader: &Reader,
    kustomization: &Kustomization,
    resources: &mut Resources,
) -> Result<(), Problems> {
    for patch in &kustomization.patches {
        let content = content(reader, kustomization, "patches", patch)?;
        match (&patch.target, content.is_json()) {
            (None, false) => {
                for value in &content.values {
                    by_name(kustomization, "patches", value, patch.options, resources)?;
                }
            }
            (None, true) => {
                let problem = kustomization.problem("patches", "a JSON patch has no target");
                return Err(problem.hint("say which objects it is for").into());
            }
            (Some(target), json) => {
                let matcher = matcher(kustomization, "patches", target)?;
                let chosen: Vec<usize> = (0..resources.len())
                    .filter(|at| matcher.matches(&resources[*at]))
                    .collect();
                for at in chosen.into_iter().rev() {
                    if json {
                        operations(&content, at, resources)?;
                    } else {
                        for value in &content.values {
                            overlay(value, patch.options, at, resources);
                        }
                    }
                }
            }
        }
    }
    Ok(())
}

pub(super) fn json(
    reader: &Reader,
    kustomization: &Kustomization,
    resources: &mut Resources,
) -> Result<(), Problems> {
    let field = "patchesJson6902";
    for patch in &kustomization.patches_json6902 {
        let content = content(reader, kustomization, field, patch)?;
        let target = patch.target.clone().unwrap_or_default();
        let matcher = matcher(kustomization, field, &target)?;
        let chosen: Vec<usize> = (0..resources.len())
            .filter(|at| matcher.matches(&resources[*at]))
            .collect();
        if chosen.is_empty() {
            let text = format!("there is no {} {:?} to patch", target.kind, target.name);
            return Err(kustomization.problem(field, text).into());
        }
        for at in chosen {
            operations(&content, at, resources)?;
        }
    }
    Ok(())
}

fn matcher(
    kustomization: &Kustomization,
    field: &str,
    target: &Selector,
) -> Result<Matcher, Problem> {
    target
        .matcher()
        .map_err(|why| kustomization.problem(field, why))
}

fn content(
    reader: &Reader,
    kustomization: &Kustomization,
    field: &str,
    patch: &Patch,
) -> Result<Content, Problems> {
    match (patch.path.as_str(), patch.patch.as_str()) {
        ("", "") => Err(kustomization
            .problem(field, "a patch has neither path nor patch")
            .into()),
        ("", text) => inline(kustomization, text),
        (path, "") => from_file(reader, kustomization, field, path),
        _ => Err(kustomization
            .problem(field, "a patch has both path and patch")
            .into()),
    }
}

fn inline(kustomization: &Kustomization, text: &str) -> Result<Content, Problems> {
    parse(&kustomization.file, text.as_bytes()).map_err(|problems| {
        // Positions are those of the patch, not of the file it is in.
        let problems = problems.0.into_iter().map(|problem| Problem {
            line: 0,
            column: 0,
            excerpt: None,
            message: format!("a patch {}", problem.message),
            ..problem
        });
        Problems(problems.collect())
    })
}

fn from_file(
    reader: &Reader,
    kustomization: &Kustomization,
    field: &str,
    entry: &str,
) -> Result<Content, Problems> {
    let (file, bytes) = read(reader, kustomization, field, entry)?;
    parse(&file, &bytes)
}

fn parse(file: &str, bytes: &[u8]) -> Result<Content, Problems> {
    let documents = Documents::parse(file, bytes)?;
    let values = documents
        .documents
        .into_iter()
        .map(|document| document.value);
    Ok(Content {
        file: file.to_owned(),
        values: values.collect(),
    })
}

/// A strategic patch for the object it names.
fn by_name(
    kustomization: &Kustomization,
    field: &str,
    patch: &Value,
    options: PatchOptions,
    resources: &mut Resources,
) -> Result<(), Problem> {
    let object = Object::from(patch.clone());
    if object.kind().is_empty() || object.name().is_empty() {
        let problem =
            kustomization.problem(field, "a patch names no kind and name, and has no target");
        return Err(problem);
    }
    match find(resources, &Id::of(&object)) {
        Ok(at) => {
            overlay(patch, options, at, resources);
            Ok(())
        }
        Err(0) => {
            let text = format!("there is no {} to patch", title(&object));
            Err(kustomization.problem(field, text))
        }
        Err(several) => {
            let text = format!("there are {several} objects called {}", title(&object));
            Err(kustomization.problem(field, text))
        }
    }
}

/// Merges a strategic patch; what it deletes leaves the list.
fn overlay(patch: &Value, options: PatchOptions, at: usize, resources: &mut Resources) {
    let resource = &mut resources[at];
    let before = resource.id();
    if options.allow_name_change || options.allow_kind_change {
        resource.remember();
    }
    match merge(&mut resource.object.body, patch, &before.gvk) {
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
}

fn operations(content: &Content, at: usize, resources: &mut Resources) -> Result<(), Problems> {
    let resource = &mut resources[at];
    resource.remember();
    for value in &content.values {
        let patched = api::patch::json::apply(&resource.object.body, value).map_err(|status| {
            let why = status
                .causes
                .first()
                .map_or(&status.message, |cause| &cause.message);
            let text = format!("a JSON patch does not fit: {why}");
            Problem::new(&content.file, text).object(title(&resource.object))
        })?;
        resource.object.body = patched;
    }
    Ok(())
}
