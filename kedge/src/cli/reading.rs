//! Reads files as a commit would be read.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;

use engine::application::Found;
use engine::commit::{self, Part};
use engine::render::{self, Options, Rendered};
use engine::sops::Sealed;
use engine::{Application, Kinds, Manifest, Problem, Problems, application};

use orchestrator::registry::faults;
use reconciler::findings;
use reconciler::source::Keyring;

use super::directory::DirectoryTree;
use super::place::Place;

/// What a path holds, or all that is wrong with it.
pub(super) struct Reading {
    pub(super) place: Place,
    pub(super) result: Result<Read, Problems>,
}

/// What a path holds.
pub(super) enum Read {
    /// A cluster repository, complete.
    Cluster(Vec<Part>),
    /// Manifests, or a Kustomize directory.
    Manifests(Rendered),
}

impl Read {
    pub(super) fn manifests(&self) -> Vec<&Manifest> {
        match self {
            Self::Cluster(parts) => parts.iter().flat_map(|part| &part.manifests).collect(),
            Self::Manifests(rendered) => rendered.manifests.iter().collect(),
        }
    }

    /// The manifests with the encrypted files they come from.
    fn parts(&self) -> Vec<(&[Manifest], &Sealed)> {
        match self {
            Self::Cluster(parts) => {
                let parts = parts.iter();
                parts.map(|it| (&it.manifests[..], &it.sealed)).collect()
            }
            Self::Manifests(rendered) => vec![(&rendered.manifests[..], &rendered.sealed)],
        }
    }

    /// The manifests as they may be shown: nothing that is encrypted in the files is in them.
    pub(super) fn shown(&self) -> Vec<Manifest> {
        let parts = self.parts().into_iter();
        let shown = parts.flat_map(|(manifests, sealed)| {
            let shown = |manifest: &Manifest| Manifest {
                object: sealed.shown(&manifest.object),
                origin: manifest.origin.clone(),
            };
            manifests.iter().map(shown).collect::<Vec<_>>()
        });
        shown.collect()
    }

    /// The encrypted files, and who can open each.
    pub(super) fn encrypted(&self) -> BTreeMap<&str, Vec<String>> {
        let parts = self.parts().into_iter();
        parts.flat_map(|(_, sealed)| sealed.files()).collect()
    }
}

/// Where objects go that name no namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Namespace {
    /// Where the Application of the path sends them, or nowhere yet.
    Found,
    Named(String),
}

/// Reads and checks everything at `path`.
///
/// # Errors
/// A path that is not there. What is wrong with the files is in the answer.
pub(super) fn read(path: &Path, namespace: &Namespace) -> anyhow::Result<Reading> {
    let place = Place::find(path)?;
    let tree = DirectoryTree::new(&place.root);
    let kinds = Kinds::served();
    let result = if place.is_cluster() {
        commit::read(&tree, &place.path, &kinds).map(Read::Cluster)
    } else {
        let application = owner(&tree, &place);
        let target = application.as_ref().map(|it| it.target_namespace.as_str());
        let options = Options {
            kinds: &kinds,
            namespace: match namespace {
                Namespace::Found => target.unwrap_or_default(),
                Namespace::Named(name) => name,
            },
            substitutions: application
                .as_ref()
                .and_then(|it| it.sources().find(|it| it.path == place.path))
                .and_then(|it| it.substitutions.as_ref()),
        };
        manifests(&tree, &place.path, &options).map(Read::Manifests)
    };
    Ok(Reading { place, result })
}

fn manifests(tree: &DirectoryTree, path: &str, options: &Options) -> Result<Rendered, Problems> {
    let mut rendered = render::render(tree, path, options)?;
    if options.namespace.is_empty() {
        for manifest in &mut rendered.manifests {
            if manifest.object.namespace().is_empty() {
                manifest.object.metadata_mut().shift_remove("namespace");
            }
        }
    }
    Ok(rendered)
}

/// The Application whose path this is.
fn owner(tree: &DirectoryTree, place: &Place) -> Option<Application> {
    let found = place
        .cluster
        .as_ref()
        .and_then(|root| application::find(tree, root).ok())
        .unwrap_or_default();
    let own = |found: &Found| found.application.sources().any(|it| it.path == place.path);
    let own = found.into_iter().find(own);
    own.map(|found| found.application)
}

impl Reading {
    /// Decrypts what is encrypted, to see that it can be; nothing of it is kept.
    #[must_use]
    pub(super) fn decrypted(mut self, keys: &Keyring) -> Self {
        let Ok(read) = &self.result else {
            return self;
        };
        let parts = read.parts().into_iter().filter(|_| keys.is_given());
        let problems: Vec<Problem> = parts
            .filter(|(_, sealed)| !sealed.is_empty())
            .filter_map(|(manifests, sealed)| keys.open(sealed, manifests).err())
            .flat_map(|problems| problems.0)
            .collect();
        if !problems.is_empty() {
            self.result = Err(Problems(problems));
        }
        self
    }

    /// Asks the rules of each kind, as the API server does before it looks at anything else. What is
    /// encrypted in the files cannot be judged.
    #[must_use]
    pub(super) fn ruled(mut self) -> Self {
        let Ok(read) = &self.result else {
            return self;
        };
        let tree = DirectoryTree::new(&self.place.root);
        let shown = read.shown();
        let problems: Vec<Problem> = read
            .manifests()
            .into_iter()
            .zip(&shown)
            .filter(|(manifest, shown)| manifest.object == shown.object)
            .filter_map(|(manifest, _)| Some((manifest, faults(&manifest.object)?)))
            .flat_map(|(manifest, status)| findings(&tree, manifest, &status.into()))
            .collect();
        if !problems.is_empty() {
            self.result = Err(Problems(problems));
        }
        self
    }

    /// The problems, with files called as they are from the current directory.
    pub(super) fn problems(&self) -> anyhow::Result<Option<Problems>> {
        let Err(problems) = &self.result else {
            return Ok(None);
        };
        let here = std::env::current_dir().context("cannot tell the current directory")?;
        let mut problems = problems.clone();
        for problem in &mut problems.0 {
            if !problem.file.is_empty() {
                problem.file = self.place.shown(&problem.file, &here);
            }
        }
        Ok(Some(problems))
    }
}
