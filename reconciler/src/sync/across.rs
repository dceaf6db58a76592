//! An Application at the commits of all its sources: of those it follows, and of one that is only
//! about to be, pushed or merged in thought.

use std::sync::Arc;

use engine::application;
use engine::rollout::CommitId;
use engine::{Application, Problem, Tree};
use tracing::{Instrument, info_span};

use super::core::{Core, unread};
use super::read::{is_here, is_source_here};
use super::render::{Render, Trees};
use super::target::Target;
use crate::service::Trouble;
use crate::source::{Location, Repository, Source};

/// The commit of each source: the one that `given` says (sources are numbered from 0), or else the
/// one it follows.
///
/// # Errors
/// The outer one where a repository cannot be read; the inner one where one of them has no such
/// commit.
pub(crate) async fn commits(
    core: &Core,
    application: &Application,
    given: impl Fn(usize, &application::Source) -> Option<CommitId>,
) -> Result<Result<CommitId, Trouble>, client::Error> {
    if is_here(application)
        && let Some(here) = given(0, &application.source)
    {
        return Ok(Ok(here));
    }
    let mut all = Vec::new();
    for (index, source) in application.sources().enumerate() {
        let commit = match given(index, source) {
            Some(given) => Ok(given),
            None => newest(core, source).await?,
        };
        match commit {
            Ok(commit) => all.push(commit),
            Err(trouble) => return Ok(Err(trouble)),
        }
    }
    Ok(Ok(CommitId::joined(&all)))
}

/// What sources in the commit itself are at.
pub(crate) fn here(
    target: &Target,
) -> impl Fn(usize, &application::Source) -> Option<CommitId> + use<'_> {
    |_, source| is_source_here(source).then(|| target.revision().clone())
}

async fn newest(
    core: &Core,
    wanted: &application::Source,
) -> Result<Result<CommitId, Trouble>, client::Error> {
    let source = core.repository(wanted);
    let revision = &wanted.revision;
    let found = match source.resolve(revision).await {
        Ok(found) => found,
        // A mirror that was never fetched: the first fetch wakes the Application.
        Err(_) if !source.is_hosted() => None,
        Err(error) => return Err(unread(error)),
    };
    let name = if revision.is_empty() {
        "default branch".to_owned()
    } else {
        format!("revision {revision:?}")
    };
    let missing = || {
        Trouble::missing(if wanted.repo.contains("://") && !source.is_hosted() {
            format!("{} was not read yet, or has no {name}", source.name)
        } else {
            format!("there is no {name} in {}", source.name)
        })
    };
    let unfetched = || core.sources.trouble(&wanted.repo);
    Ok(found.ok_or_else(|| unfetched().unwrap_or_else(missing)))
}

/// Whether the source's manifests are in this repository.
pub(super) fn is_in(core: &Core, source: &application::Source, location: &Location) -> bool {
    core.repository(source).location.path == location.path
}

/// Whether any of the Application's manifests are.
pub(super) fn reads(core: &Core, application: &Application, location: &Location) -> bool {
    let mut sources = application.sources();
    sources.any(|source| is_in(core, source, location))
}

/// What the Application renders to at `commit`, or those of all its sources; the first of them is
/// `source`.
pub(crate) async fn render(
    core: &Core,
    source: &Source,
    application: &Application,
    commit: &CommitId,
) -> Result<Arc<Render>, client::Error> {
    let more = application.more.iter();
    let more = more.map(|it| core.source_at(it).location).collect();
    render_in(core, (source.location.clone(), more), application, commit).await
}

/// The same, where the commits that are in `coming`'s repository may be in it alone.
pub(super) async fn render_coming(
    core: &Core,
    coming: &Location,
    application: &Application,
    commit: &CommitId,
) -> Result<Arc<Render>, client::Error> {
    let place = |source: &application::Source| {
        let own = core.repository(source).location;
        if own.path == coming.path {
            coming.clone()
        } else {
            own
        }
    };
    let more = application.more.iter().map(place).collect();
    let places = (place(&application.source), more);
    render_in(core, places, application, commit).await
}

async fn render_in(
    core: &Core,
    (first, more): (Location, Vec<Location>),
    application: &Application,
    commit: &CommitId,
) -> Result<Arc<Render>, client::Error> {
    if let Some(render) = core.renders.known(application, commit) {
        return Ok(render);
    }
    let (renders, cluster) = (core.renders.clone(), core.cluster.clone());
    let (application, commit) = (application.clone(), commit.clone());
    let commits = commit.parts();
    let is_same = commits.len() == 1 && (is_here(&application) || application.more.is_empty());
    if !is_same && commits.len() != application.sources().count() {
        let text = format!("commit {commit} is of other sources than the Application has now");
        let failed = Render::failed(&application, Problem::new("", text));
        return Ok(Arc::new(failed));
    }
    let rendering = first.read(move |git| {
        let first = git.tree(&commits[0])?;
        if is_same {
            let trees = Trees::same(&first, &application);
            return Ok(renders.render(&application, &commit, &trees, &cluster.kinds()));
        }
        let opened: Result<Vec<_>, _> = more.iter().map(Repository::open).collect();
        let opened = opened?;
        let trees: Result<Vec<_>, _> = opened
            .iter()
            .zip(&commits[1..])
            .map(|(git, commit)| git.tree(commit))
            .collect();
        let trees = trees?;
        let more = trees.iter().map(|tree| tree as &dyn Tree);
        let all = std::iter::once(&first as &dyn Tree).chain(more).collect();
        let trees = Trees::new(all, &application);
        Ok(renders.render(&application, &commit, &trees, &cluster.kinds()))
    });
    let span = info_span!("render");
    rendering.instrument(span).await.map_err(unread)
}
