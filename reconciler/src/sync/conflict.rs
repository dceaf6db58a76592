//! A branch that cannot be merged: what is in the way, and what was planned before it was.

use engine::rollout::CommitId;

use super::change::Branch;
use super::core::{Core, recorded, unread};
use crate::forge::{Change, Changed, Conflict, Conflicting, Earlier, Report, Verdict};

/// Files that a conflict names.
const FILES: usize = 20;
/// Commits that are named for a file.
const COMMITS: usize = 3;

/// What is said of a branch that conflicts with `base` in these files.
pub(super) async fn report(
    core: &Core,
    branch: &Branch,
    base: &CommitId,
    files: Vec<String>,
) -> Result<Report, client::Error> {
    let more = files.len().saturating_sub(FILES);
    let (ours, theirs) = (base.clone(), branch.head.clone());
    let reading = branch.location.read(move |git| {
        let files = files.into_iter().take(FILES).map(|path| {
            let commits = git.changed_since(&ours, &theirs, &path, COMMITS)?;
            let commits = commits.into_iter().map(|commit| Changed {
                subject: commit.subject().to_owned(),
                author: commit.author.name.clone(),
                id: commit.id,
            });
            let commits = commits.collect();
            Ok(Conflicting { path, commits })
        });
        files.collect()
    });
    let files: Vec<Conflicting> = reading.await.map_err(unread)?;
    let known = core
        .history
        .reader()
        .change(&branch.repository, &branch.name);
    let known = known.await.map_err(recorded)?;
    let (before, earlier) = known.and_then(before).unzip();
    let conflict = Conflict {
        files,
        more,
        earlier,
    };
    let before = before.unwrap_or_default();
    Ok(Report {
        problems: conflict.problems(base, &branch.name, &branch.pull),
        conflict: Some(conflict),
        applications: before.applications,
        unchanged: before.unchanged,
        demand: before.demand,
        ..Report::default()
    })
}

/// The last plan that could be made: the one on record, or the one that it keeps.
fn before(known: Change) -> Option<(Report, Earlier)> {
    if known.verdict == Verdict::Passed {
        let earlier = Earlier {
            revision: known.revision,
            base: known.base,
            planned_at: known.planned_at,
        };
        return Some((known.report, earlier));
    }
    let earlier = known.report.conflict.as_ref()?.earlier.clone()?;
    Some((known.report, earlier))
}
