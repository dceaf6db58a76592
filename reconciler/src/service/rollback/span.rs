//! Which commits a rollback takes back: of one rollout, of a range of them, or all since a point.

use jiff::Timestamp;

use engine::rollout::CommitId;

use super::walk::{Way, walk};
use crate::history::{Rollout, RolloutQuery};
use crate::service::queries::unreadable;
use crate::service::{Error, Span};
use crate::source::Commit;
use crate::sync::core::Core;

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
    if !core.source.is_hosted() {
        return Err(Error::Impossible(format!(
            "{} is not hosted here; undo it there with git revert and push",
            core.source.name
        )));
    }
    let branch = &core.config.branch;
    let head = core.source.head(branch).await.map_err(unreadable)?;
    let tip = head.ok_or_else(|| Error::NotFound(format!("branch {branch}")))?;
    let way = Way {
        application: ends.application.clone(),
        root: core.root(),
        tip: tip.clone(),
        below: ends.below.clone(),
        top: if ends.top.0.is_empty() {
            tip.clone()
        } else {
            ends.top.clone()
        },
    };
    let cluster = core.cluster.clone();
    let location = &core.source.location;
    let walking = location.read(move |git| walk(git, &cluster.kinds(), &way));
    let walked = walking.await.map_err(unreadable)?;
    let commits = walked.ok_or_else(|| {
        let short = ends.below.short();
        Error::Impossible(format!("commit {short} is not below the branch any more"))
    })?;
    let Some(oldest) = commits.last() else {
        return Err(nothing(&ends.what));
    };
    let rollout = match ends.rollout.as_str() {
        "" => first_of(core, &ends.application, &oldest.id).await?,
        named => named.to_owned(),
    };
    let newest = way_to_the_tip(core, &ends, &tip).await?;
    Ok(Undo {
        restores: if newest {
            ends.below
        } else {
            CommitId::default()
        },
        what: ends.what,
        application: ends.application,
        rollout,
        tip,
        commits,
    })
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
    let rollout = rollout.ok_or_else(|| Error::NotFound(format!("rollout {id}")))?;
    if rollout.revision.parts().len() > 1 {
        return Err(Error::Impossible(format!(
            "rollout {id} is of commits in several places: undo the one that is to go where it is, \
             with git revert, and push"
        )));
    }
    Ok(rollout)
}

fn before(rollout: &Rollout) -> Result<CommitId, Error> {
    let id = &rollout.id;
    if rollout.previous.0.is_empty() {
        let text = format!("before rollout {id} there was nothing to go back to");
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
    if core.history.reader().rollout(point).await?.is_some() {
        let named = rollout(core, point).await?;
        if !application.is_empty() && named.application != application {
            let text = format!("rollout {point} is not of application {application}");
            return Err(Error::Impossible(text));
        }
        return Ok(named.revision);
    }
    if let Some(time) = api::parse_time(point) {
        let then = if application.is_empty() {
            head_at(core, time).await?
        } else {
            applied_at(core, application, time).await?
        };
        return then.ok_or_else(|| Error::NotFound(format!("commit recorded for {point}")));
    }
    let found = core.source.resolve(point).await.map_err(unreadable)?;
    found.ok_or_else(|| Error::NotFound(format!("rollout, time or commit {point:?}")))
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
