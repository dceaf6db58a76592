//! What of a rollback is one application's own. Where only files of others stand in its way, it goes
//! back by itself, and the others stay as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::once;

use engine::application::{self, Source};
use engine::render::{self, Place};
use engine::rollout::CommitId;
use engine::tree::Recorder;
use engine::{Kinds, Tree};

use super::span::Undo;
use super::walk::Whose;
use crate::githost::part::{Part, changed, is_below};
use crate::service::Error;
use crate::service::queries::unreadable;
use crate::source::{self, Repository};
use crate::sync::core::Core;
use crate::sync::is_source_here;

/// The way back of one application by itself.
#[derive(Debug, Default)]
pub(super) struct Alone {
    /// What it is made of, before and after.
    pub(super) part: Part,
    /// The same, as short as it can be said.
    pub(super) paths: Vec<String>,
    /// The other files of the commits that are undone.
    pub(super) stays: Vec<String>,
}

/// How it goes back past these files; `None` where one of them is its own, or all of the repository
/// is meant.
pub(super) async fn alone(
    core: &Core,
    undo: &Undo,
    conflicts: &[String],
) -> Result<Option<Alone>, Error> {
    if matches!(undo.whose, Whose::Everybody) {
        return Ok(None);
    }
    let parents = undo.commits.iter().filter_map(|it| it.parents.first());
    let ids = undo.commits.iter().map(|it| &it.id);
    let at: Vec<CommitId> = once(&undo.tip).chain(ids).chain(parents).cloned().collect();
    let (whose, cluster) = (undo.whose.clone(), core.cluster.clone());
    let location = &undo.place.source.location;
    let reading = location.read(move |git| part(git, &cluster.kinds(), &whose, &at));
    let part = reading.await.map_err(unreadable)?;
    if conflicts.iter().any(|file| part.has(file)) {
        return Ok(None);
    }
    let commits: Vec<CommitId> = undo.commits.iter().map(|it| it.id.clone()).collect();
    let path = location.path.clone();
    let files = match client::blocking(move || changed(&path, &commits)).await {
        Ok(files) => files.map_err(|error| Error::Git(Box::new(error)))?,
        Err(error) => return Err(Error::Git(Box::new(error))),
    };
    Ok(Some(Alone {
        paths: part.paths(&files),
        stays: files.into_iter().filter(|file| !part.has(file)).collect(),
        part,
    }))
}

/// All that the application was made of at these commits.
fn part(
    git: &Repository,
    kinds: &Kinds,
    whose: &Whose,
    at: &[CommitId],
) -> Result<Part, source::Error> {
    let mut part = Part::default();
    for id in at {
        let tree = git.tree(id)?;
        match whose {
            Whose::Everybody => {}
            Whose::Application { name, root } => {
                let found = application::find(&tree, root).unwrap_or_default();
                let own = found.iter().find(|it| it.application.name == *name);
                let Some(own) = own else { continue };
                let file = &own.manifest.origin.file;
                // What defines others as well is theirs too, and stays.
                if found
                    .iter()
                    .filter(|it| it.manifest.origin.file == *file)
                    .count()
                    == 1
                {
                    part.files.insert(file.clone());
                }
                let application = &own.application;
                let sources = application.sources().filter(|it| is_source_here(it));
                let namespace = &application.target_namespace;
                read(&mut part, kinds, &tree, sources, namespace);
            }
            Whose::Sources { sources, namespace } => {
                read(&mut part, kinds, &tree, sources.iter(), namespace);
            }
        }
    }
    Ok(part)
}

/// Adds the directories of the sources, and whatever is read to render them.
fn read<'a>(
    part: &mut Part,
    kinds: &Kinds,
    tree: &dyn Tree,
    sources: impl Iterator<Item = &'a Source>,
    namespace: &str,
) {
    for source in sources {
        part.directories.insert(source.path.clone());
        let recorder = Recorder::new(tree);
        let place = Place {
            tree: &recorder,
            source,
            name: "",
        };
        // What cannot be rendered was read as far as it goes.
        drop(render::places(&[place], kinds, namespace));
        part.files.extend(recorder.into_reads().0.into_keys());
    }
}

/// Whose files these are, as the branch that is followed says it.
pub(super) fn owners(
    core: &Core,
    undo: &Undo,
    files: &[String],
) -> BTreeMap<String, BTreeSet<String>> {
    let mut owners: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let Some(target) = core.target().filter(|_| !files.is_empty()) else {
        return owners;
    };
    let place = &undo.place;
    for (name, found) in &target.applications {
        let sources = found.application.sources();
        let there = sources.filter(|it| core.repository(it).location == place.source.location);
        let there: Vec<&str> = there.map(|it| it.path.as_str()).collect();
        let manifest = place.is_tracked.then_some(&found.manifest.origin.file);
        for file in files {
            if manifest == Some(file) || there.iter().any(|it| is_below(file, it)) {
                let of = owners.entry(file.clone()).or_default();
                of.insert(name.clone());
            }
        }
    }
    owners
}
