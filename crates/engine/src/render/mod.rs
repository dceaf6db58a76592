//! What a path of a commit renders to. Plain manifests, or Kustomize where the path has a
//! kustomization.

mod check;
mod documents;
pub mod kustomize;
mod places;
mod plain;
mod secret;
mod substitute;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use api::{Object, Scope};

use crate::manifest::title;
use crate::sops::{Sealed, Sealing};
use crate::tree::Reader;
use crate::validate::unknown_kind;
use crate::{Kinds, Manifest, Problem, Problems, Tree, order};

pub use documents::{Documents, Texts};
pub use places::{Place, places};
pub use substitute::Substitutions;

/// Changes whenever the same files could render to something else: part of a cache's key.
pub const VERSION: u32 = 4;

/// How to render.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    pub kinds: &'a Kinds,
    /// Where namespaced objects go that name no namespace.
    pub namespace: &'a str,
    /// Variables to fill in; absent where text is only text.
    pub substitutions: Option<&'a Substitutions>,
}

/// How a path is rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renderer {
    Plain,
    Kustomize,
}

/// What a path renders to.
#[derive(Debug, Clone, Default)]
pub struct Rendered {
    /// With tokens for what is encrypted in the repository: see [`Sealed::open`].
    pub manifests: Vec<Manifest>,
    /// The encrypted files among those that were read.
    pub sealed: Sealed,
}

/// The objects that `path` asks for, complete and checked, in the order of the files.
///
/// # Errors
/// Everything that is wrong, not only the first.
pub fn render(tree: &dyn Tree, path: &str, options: &Options) -> Result<Rendered, Problems> {
    let sealing = Sealing::new(tree);
    let manifests = manifests(&sealing, path, options)?;
    let sealed = sealing.into_sealed();
    Problems(sealed.misplaced(&manifests)).or(Rendered { manifests, sealed })
}

fn manifests(tree: &dyn Tree, path: &str, options: &Options) -> Result<Vec<Manifest>, Problems> {
    let reader = Reader::new(tree);
    let texts = match options.substitutions {
        Some(_) => Texts::WithVariables,
        None => Texts::Final,
    };
    let mut manifests = match renderer(&reader, path)? {
        Renderer::Kustomize => kustomize::build_with(tree, path, texts)?,
        Renderer::Plain => plain::read(&reader, path, texts)?,
    };
    let mut problems = Vec::new();
    if let Some(substitutions) = options.substitutions {
        substitutions.apply(&reader, &mut manifests)?;
        let wrong = manifests
            .iter()
            .flat_map(|it| check::transformed(it, Texts::Final));
        problems.extend(wrong);
    }
    let objects = manifests.iter().map(|manifest| &manifest.object);
    let kinds = options.kinds.with_definitions(objects).into_owned();
    for manifest in &mut manifests {
        if let Err(problem) = complete(manifest, &kinds, options.namespace) {
            problems.push(problem);
        }
    }
    problems.extend(duplicates(&manifests, &kinds));
    Problems(problems).or(manifests)
}

/// Which renderer `path` is for.
pub fn renderer(reader: &Reader, path: &str) -> Result<Renderer, Problems> {
    Ok(match kustomize::find(reader, path)? {
        Some(_) => Renderer::Kustomize,
        None => Renderer::Plain,
    })
}

/// Known kind, known wave, and the right namespace.
fn complete(manifest: &mut Manifest, kinds: &Kinds, namespace: &str) -> Result<(), Problem> {
    let kind = kinds
        .find(&manifest.object.gvk())
        .ok_or_else(|| unknown_kind(kinds, manifest))?;
    order::wave(manifest)?;
    secret::encode_text(&mut manifest.object);
    match kind.scope {
        Scope::Namespaced => default_namespace(&mut manifest.object, namespace),
        Scope::Cluster => {
            manifest.object.metadata_mut().shift_remove("namespace");
        }
    }
    Ok(())
}

/// Puts the object into `namespace` where it names none.
pub(crate) fn default_namespace(object: &mut Object, namespace: &str) {
    if object.namespace().is_empty() {
        object
            .metadata_mut()
            .insert("namespace".into(), namespace.into());
    }
}

/// The same object twice, with both places.
fn duplicates(manifests: &[Manifest], kinds: &Kinds) -> Vec<Problem> {
    let mut seen = BTreeMap::new();
    let mut problems = Vec::new();
    for manifest in manifests {
        let Some(key) = kinds.key(&manifest.object) else {
            continue;
        };
        match seen.get(&key) {
            None => {
                seen.insert(key, &manifest.origin);
            }
            Some(first) => problems.push(
                Problem::new(
                    &manifest.origin.file,
                    format!("{} is defined twice", title(&manifest.object)),
                )
                .at(manifest.origin.line, 0)
                .hint(format!("the first one is at {first}")),
            ),
        }
    }
    problems
}
