//! Which commits a rollback takes back: of one rollout, of a range of them, or all since a point.

use jiff::Timestamp;

use engine::Application;
use engine::rollout::CommitId;

use super::place::{Place, place};
use super::walk::{Way, Whose, walk};
use crate::history::{Rollout, RolloutQuery};
use crate::service::queries::{self, unreadable};
use crate::service::{Error, Span};
use crate::source::Commit;
use crate::sync::core::Core;
use crate::sync::{commits, here, is_here, is_source_here};

/// What there is to undo.
pub(super) struct Undo {
    /// In words: `rollout web-12`.
    pub(super) what: String,
    /// Empty for all of the repository.
    pub(super) application: String,
    /// The oldest rollout that is undone; empty where that is not known.
    pub(super) rollout: String,
    /// The commit whose state comes back; empty where later commits stay.
    pub(super) restores: CommitId,
    pub(super) tip: CommitId,
    /// Newest first, never empty.
    pub(super) commits: Vec<Commit>,
    /// Where they are.
    pub(super) place: Place,
    pub(super) whose: Whose,
}

/// Where a rollback begins and ends.
struct Ends {
    what: String,
    application: String,
    rollout: String,
    /// The newest commit that stays.
    below: CommitId,
    /// The newest commit that goes; empty for the branch as it is.
    top: CommitId,
}

pub(super) async fn undo(core: &Core, span: &Span) -> Result<Undo, Error> {
    let ends = ends(core, span).await?;
    let application = current(core, &ends.application);
    let top = match (&application, ends.top.0.as_str()) {
        (Some(application), "") => newest(core, application).await?,
        _ => ends.top.clone(),
    };
    let place = place(core, application.as_ref(), (&ends.below, &top)).await?;
    let source = &place.source;
    if !source.is_hosted() {
        return Err(Error::Impossible(format!(
            "repository {} is not hosted here; undo it there with git revert and push",
            source.name
        )));
    }
    let branch = &place.branch;
    let head = source.head(branch).await.map_err(unreadable)?;
    let tip = head.ok_or_else(|| Error::NotFound(format!("branch {branch}")))?;
    let (below, top) = (place.part(&ends.below), place.part(&ends.top));
    let whose = whose(core, application, &ends, &place);
    let way = Way {
        whose: whose.clone(),
        tip: tip.clone(),
        below: below.clone(),
        top: if top.0.is_empty() { tip.clone() } else { top },
    };
    let cluster = core.cluster.clone();
    let location = &source.location;
    let walking = location.read(move |git| walk(git, &cluster.kinds(), &way));
    let walked = walking.await.map_err(unreadable)?;
    let commits = walked.ok_or_else(|| {
        let short = below.short();
        Error::Impossible(format!("commit {short} is not below the branch any more"))
    })?;
    let Some(oldest) = commits.last() else {
        return Err(match span {
            Span::Since { point, .. } => Error::Impossible(format!(
                "nothing came after {point}: there is nothing to undo"
            )),
            _ => nothing(&ends.what),
        });
    };
    let rollout = match ends.rollout.as_str() {
        "" => first_of(core, &ends.application, &oldest.id).await?,
        named => named.to_owned(),
    };
    let newest = way_to_the_tip(core, &ends, &tip).await?;
    Ok(Undo {
        restores: if newest { below } else { CommitId::default() },
        what: ends.what,
        application: ends.application,
        rollout,
        tip,
        commits,
        place,
        whose,
    })
}

/// The application as it is now; `None` where there is none, or all of the repository is meant.
fn current(core: &Core, name: &str) -> Option<Application> {
    let target = core.target()?;
    core.application(&target, name)
}

/// What the application is to be brought to, were nobody to roll back.
async fn newest(core: &Core, application: &Application) -> Result<CommitId, Error> {
    let Some(target) = core.target() else {
        return Ok(CommitId::default());
    };
    let found = commits(core, application, here(&target)).await;
    let found = found.map_err(Error::Cluster)?;
    found.map_err(|trouble| Error::Impossible(trouble.message))
}

/// Whose commits are taken, of all that are in the branch.
fn whose(core: &Core, application: Option<Application>, ends: &Ends, place: &Place) -> Whose {
    match application {
        _ if ends.application.is_empty() => Whose::Everybody,
        Some(application) if !place.is_tracked => {
            let location = &place.source.location;
            let is_there = |it: &&engine::application::Source| {
                core.repository(it).location == *location && !is_source_here(it)
            };
            Whose::Sources {
                sources: application.sources().filter(is_there).cloned().collect(),
                namespace: application.target_namespace.clone(),
            }
        }
        _ => Whose::Application {
            name: ends.application.clone(),
            root: core.root(),
        },
    }
}

pub(super) fn nothing(what: &str) -> Error {
    Error::Impossible(format!("all of {what} is undone already"))
}

async fn ends(core: &Core, span: &Span) -> Result<Ends, Error> {
    match span {
        Span::Rollout(id) => {
            let rollout = rollout(core, id).await?;
            Ok(Ends {
                what: format!("rollout {id}"),
                rollout: id.clone(),
                below: before(&rollout)?,
                top: rollout.revision,
                application: rollout.application,
            })
        }
        Span::Range { first, last } => {
            let (oldest, newest) = (rollout(core, first).await?, rollout(core, last).await?);
            if oldest.application != newest.application || oldest.number > newest.number {
                return Err(Error::Impossible(format!(
                    "{first}..{last} is no range: the first one comes first, and both are of one \
                     application"
                )));
            }
            Ok(Ends {
                what: format!("rollouts {first} to {last}"),
                rollout: first.clone(),
                below: before(&oldest)?,
                top: newest.revision,
                application: oldest.application,
            })
        }
        Span::Since { application, point } => Ok(Ends {
            what: format!("everything since {point}"),
            rollout: String::new(),
            below: at(core, application, point).await?,
            top: CommitId::default(),
            application: application.clone(),
        }),
    }
}

async fn rollout(core: &Core, id: &str) -> Result<Rollout, Error> {
    let rollout = core.history.reader().rollout(id).await?;
    rollout.ok_or_else(|| Error::NotFound(format!("rollout {id}")))
}

fn before(rollout: &Rollout) -> Result<CommitId, Error> {
    let id = &rollout.id;
    if rollout.previous.0.is_empty() {
        let text = format!(
            "before rollout {id} there was nothing to go back to; to have its objects gone, push \
             a commit without the Application"
        );
        return Err(Error::Impossible(text));
    }
    if rollout.previous == rollout.revision {
        let text = format!("rollout {id} brought no other commit than the one before it");
        return Err(Error::Impossible(text));
    }
    Ok(rollout.previous.clone())
}

/// The commit at a point: of a rollout, at a moment, or one that Git knows by this name.
async fn at(core: &Core, application: &str, point: &str) -> Result<CommitId, Error> {
    if !application.is_empty() && !queries::exists(core, application) {
        return Err(queries::missing(application));
    }
    if core.history.reader().rollout(point).await?.is_some() {
        let named = rollout(core, point).await?;
        if !application.is_empty() && named.application != application {
            let other = &named.application;
            let text = format!(
                "rollout {point} is of application {other}, not of {application}: name one of \
                 its own, a commit or a time"
            );
            return Err(Error::Impossible(text));
        }
        return Ok(named.revision);
    }
    if let Some(time) = api::parse_time(point) {
        if time > core.env.now() {
            return Err(Error::Impossible(format!(
                "{point} is still to come: name a moment that has passed"
            )));
        }
        let then = if application.is_empty() {
            head_at(core, time).await?
        } else {
            applied_at(core, application, time).await?
        };
        return then.ok_or_else(|| Error::NotFound(format!("commit recorded for {point}")));
    }
    let found = named(core, application, point).await?;
    found.ok_or_else(|| Error::NotFound(format!("rollout, time or commit {point:?}")))
}

/// A commit that Git knows by this name, in the repository of the application's manifests.
async fn named(core: &Core, application: &str, point: &str) -> Result<Option<CommitId>, Error> {
    let Some(application) = current(core, application).filter(|it| !is_here(it)) else {
        return core.source.resolve(point).await.map_err(unreadable);
    };
    let now = newest(core, &application).await?;
    for (index, source) in application.sources().enumerate() {
        let found = core.repository(source).resolve(point).await;
        if let Some(found) = found.map_err(unreadable)? {
            let mut parts = now.parts();
            parts[index] = found;
            return Ok(Some(CommitId::joined(&parts)));
        }
    }
    Ok(None)
}

async fn head_at(core: &Core, time: Timestamp) -> Result<Option<CommitId>, Error> {
    let (repository, branch) = (&core.source.name, &core.config.branch);
    let reader = core.history.reader();
    Ok(reader.head_at(repository, branch, time).await?)
}

/// What the application was at, whole.
async fn applied_at(
    core: &Core,
    application: &str,
    time: Timestamp,
) -> Result<Option<CommitId>, Error> {
    let reader = core.history.reader();
    Ok(reader.applied_at(application, time).await?)
}

/// The rollout of the oldest commit that goes.
async fn first_of(core: &Core, application: &str, oldest: &CommitId) -> Result<String, Error> {
    if application.is_empty() {
        return Ok(String::new());
    }
    let found = core.history.reader().rollout_at(application, oldest);
    Ok(found.await?.map(|it| it.id).unwrap_or_default())
}

/// Whether no rollout of the application is younger than what goes.
async fn way_to_the_tip(core: &Core, ends: &Ends, tip: &CommitId) -> Result<bool, Error> {
    if ends.top.0.is_empty() || ends.top == *tip {
        return Ok(true);
    }
    let query = RolloutQuery {
        application: Some(ends.application.clone()),
        limit: 1,
        ..RolloutQuery::default()
    };
    let newest = core.history.reader().rollouts(&query).await?;
    Ok(newest.first().is_none_or(|it| it.revision == ends.top))
}
