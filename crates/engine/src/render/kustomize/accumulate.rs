//! Gathers what a directory is made of: files, other directories, components.

use super::kustomization::Kustomization;
use super::resource::{Resource, Resources, append};
use super::{find, transform};
use crate::render::Documents;
use crate::tree::{Reader, path};
use crate::{Problem, Problems};

/// How deep bases may stand on bases.
const DEPTH: usize = 32;

/// Everything the directory builds to, but for hashes and references.
pub(super) fn directory(reader: &Reader, directory: &str) -> Result<Resources, Problems> {
    let root = load(reader, directory)?
        .ok_or_else(|| Problem::new(directory, "has no kustomization.yaml"))?;
    if root.component {
        let text = "is a Component, which only a Kustomization's components can use";
        return Err(root.problem("kind", text).into());
    }
    let mut resources = Resources::new();
    accumulate(
        reader,
        &root,
        &mut resources,
        &mut vec![directory.to_owned()],
    )?;
    Ok(resources)
}

fn load(reader: &Reader, directory: &str) -> Result<Option<Kustomization>, Problems> {
    let Some(file) = find(reader, directory)? else {
        return Ok(None);
    };
    let bytes = reader.file(&file)?.unwrap_or_default();
    Kustomization::parse(&file, &bytes).map(Some)
}

/// Adds to `resources` what the kustomization asks for, then changes all of it as it says.
fn accumulate(
    reader: &Reader,
    kustomization: &Kustomization,
    resources: &mut Resources,
    above: &mut Vec<String>,
) -> Result<(), Problems> {
    for entry in &kustomization.resources {
        for resource in resolve(reader, kustomization, entry, above)? {
            append(resources, resource)?;
        }
    }
    for entry in &kustomization.components {
        let base = local(kustomization, "components", entry)?;
        let component = load(reader, &base)?.ok_or_else(|| {
            kustomization.problem("components", format!("{entry:?} has no kustomization"))
        })?;
        if !component.component {
            let text = format!("{entry:?} is not of kind Component");
            return Err(kustomization.problem("components", text).into());
        }
        descend(kustomization, "components", &base, above)?;
        accumulate(reader, &component, resources, above)?;
        above.pop();
    }
    transform(reader, kustomization, resources)
}

fn resolve(
    reader: &Reader,
    kustomization: &Kustomization,
    entry: &str,
    above: &mut Vec<String>,
) -> Result<Resources, Problems> {
    let place = local(kustomization, "resources", entry)?;
    if let Some(bytes) = reader.file(&place)? {
        inside(kustomization, "resources", entry, &place)?;
        let manifests = Documents::parse(&place, &bytes)?.manifests()?;
        return Ok(manifests
            .into_iter()
            .map(|manifest| Resource::new(manifest.object, manifest.origin))
            .collect());
    }
    if reader.directory(&place)?.is_none() {
        let text = format!("{entry:?} is neither a file nor a directory of the repository");
        return Err(kustomization.problem("resources", text).into());
    }
    let base = load(reader, &place)?.ok_or_else(|| {
        let text = format!("the directory {entry:?} has no kustomization.yaml");
        kustomization
            .problem("resources", text)
            .hint("name its files one by one")
    })?;
    if base.component {
        let text = format!("{entry:?} is a Component");
        let problem = kustomization.problem("resources", text);
        return Err(problem.hint("list it under components").into());
    }
    descend(kustomization, "resources", &place, above)?;
    let mut resources = Resources::new();
    accumulate(reader, &base, &mut resources, above)?;
    above.pop();
    Ok(resources)
}

fn descend(
    kustomization: &Kustomization,
    field: &str,
    base: &str,
    above: &mut Vec<String>,
) -> Result<(), Problem> {
    if above.iter().any(|directory| directory == base) {
        let text = format!("goes in a circle: {} -> {base}", above.join(" -> "));
        return Err(kustomization.problem(field, text));
    }
    if above.len() > DEPTH {
        return Err(kustomization.problem(field, "bases stand on bases too deeply"));
    }
    above.push(base.to_owned());
    Ok(())
}

/// The path of an entry, which must not be somewhere else on the network.
fn local(kustomization: &Kustomization, field: &str, entry: &str) -> Result<String, Problem> {
    let remote = entry.contains("://")
        || entry.contains("?ref=")
        || entry.starts_with("git@")
        || ["github.com/", "gitlab.com/", "bitbucket.org/"]
            .iter()
            .any(|host| entry.starts_with(host));
    if remote {
        let text =
            format!("{entry:?} is outside of the repository; remote bases are not supported");
        return Err(kustomization
            .problem(field, text)
            .hint("commit a copy of it"));
    }
    path::join(kustomization.directory(), entry)
        .ok_or_else(|| kustomization.problem(field, format!("{entry:?} leaves the repository")))
}

/// Kustomize reads files only below the kustomization that names them; bases may be anywhere.
fn inside(
    kustomization: &Kustomization,
    field: &str,
    entry: &str,
    place: &str,
) -> Result<(), Problem> {
    let directory = kustomization.directory();
    if directory.is_empty() || place.starts_with(&format!("{directory}/")) {
        return Ok(());
    }
    let text = format!("the file {entry:?} is not in or below the directory of the kustomization");
    Err(kustomization
        .problem(field, text)
        .hint("only directories with a kustomization can be elsewhere"))
}

/// A file that a field of the kustomization names.
pub(super) fn read(
    reader: &Reader,
    kustomization: &Kustomization,
    field: &str,
    entry: &str,
) -> Result<(String, std::sync::Arc<[u8]>), Problems> {
    let place = local(kustomization, field, entry)?;
    inside(kustomization, field, entry, &place)?;
    match reader.file(&place)? {
        Some(bytes) => Ok((place, bytes)),
        None => Err(kustomization
            .problem(field, format!("there is no file {entry:?}"))
            .into()),
    }
}
