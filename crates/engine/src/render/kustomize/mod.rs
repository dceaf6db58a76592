//! Kustomize directories, rendered as `kubectl kustomize` renders them. What it does not do is
//! refused by name; nothing is left out in silence, and nothing is fetched or run.

mod accumulate;
mod annotations;
mod fields;
mod generators;
mod hash;
mod images;
mod kustomization;
mod labels;
mod merge;
mod names;
mod namespace;
mod patches;
mod references;
mod replacements;
mod replicas;
mod resource;
mod scope;
mod selector;
#[cfg(test)]
mod tests;

use crate::render::check;
use crate::tree::{Reader, path};
use crate::{Manifest, Problem, Problems, Tree};

use kustomization::Kustomization;
use resource::Resources;

/// The names a kustomization may have.
pub const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The kustomization file of a directory, if it has one.
pub fn find(reader: &Reader, directory: &str) -> Result<Option<String>, Problems> {
    let mut found = None;
    for name in NAMES {
        let file = path::join(directory, name).unwrap_or_default();
        if reader.file(&file)?.is_none() {
            continue;
        }
        if let Some(first) = found {
            let text = format!("{first} and {file} are both there");
            return Err(Problem::new(&file, text).hint("keep one of them").into());
        }
        found = Some(file);
    }
    Ok(found)
}

/// What the directory builds to, in Kustomize's order.
pub fn build(tree: &dyn Tree, directory: &str) -> Result<Vec<Manifest>, Problems> {
    let reader = Reader::new(tree);
    let mut resources = accumulate::directory(&reader, directory)?;
    hash::rename(&mut resources);
    references::update(&mut resources)?;
    let manifests: Vec<Manifest> = resources
        .into_iter()
        .map(|resource| Manifest {
            object: resource.object,
            origin: resource.origin,
        })
        .collect();
    let problems = manifests.iter().flat_map(check::transformed).collect();
    Problems(problems).or(manifests)
}

/// Everything a kustomization does to the resources it has gathered, in Kustomize's order.
fn transform(
    reader: &Reader,
    kustomization: &Kustomization,
    resources: &mut Resources,
) -> Result<(), Problems> {
    generators::run(reader, kustomization, resources)?;
    patches::strategic(reader, kustomization, resources)?;
    patches::patches(reader, kustomization, resources)?;
    namespace::set(kustomization, resources)?;
    names::prefix(kustomization, resources);
    names::suffix(kustomization, resources);
    labels::add(kustomization, resources);
    annotations::add(kustomization, resources);
    patches::json(reader, kustomization, resources)?;
    replicas::set(kustomization, resources)?;
    images::set(kustomization, resources);
    replacements::run(reader, kustomization, resources)
}
