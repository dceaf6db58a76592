//! What a branch would do if it were merged: planned before anybody merges it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use engine::application::Source;
use engine::plan::{self, counts, edits, lines};
use engine::radius::radius;
use engine::rollout::CommitId;
use engine::{Application, Plan};

use super::across::{commits, here, is_in};
use super::check::{self, Checked};
use super::conflict;
use super::core::{Core, recorded, unread};
use super::pushed;
use super::read::{is_here, is_source_here};
use super::surroundings::{demanded, others, workloads};
use crate::forge::{Change, Report, Touched, Verdict};
use crate::githost::hosted::CLUSTER;
use crate::service::Trouble;
use crate::source::{Location, Merged};

/// How long one plan may take.
const PATIENCE: Duration = Duration::from_mins(2);

/// A branch, or a pull request, that nobody follows.
#[derive(Debug, Clone)]
pub(crate) struct Branch {
    /// [`CLUSTER`] for the repository that the cluster follows.
    pub(crate) repository: String,
    pub(crate) name: String,
    /// The number of the pull request; empty for a branch.
    pub(crate) pull: String,
    pub(crate) location: Location,
    pub(crate) head: CommitId,
}

/// What the branch is merged into, and who reads that; no Applications: all of the commit. What is
/// there already is in none.
type Groups = BTreeMap<CommitId, Vec<Reader>>;

/// An Application, and which of its sources the merge moves.
#[derive(Clone)]
struct Reader {
    application: Application,
    moved: BTreeSet<usize>,
}

/// Plans the branch and records that. `None` where nobody reads its repository.
pub(crate) async fn plan(core: &Core, branch: &Branch) -> Result<Option<Change>, client::Error> {
    let groups = groups(core, branch).await?;
    let Some(base) = groups.keys().next().cloned() else {
        return Ok(None);
    };
    let _permit = core.changes.permit().await;
    let found = tokio::select! {
        found = find(core, branch, &groups) => found,
        () = core.env.clock.sleep(PATIENCE) => {
            let seconds = PATIENCE.as_secs();
            Ok(Found::unknown(format!("the plan was not done within {seconds} s")))
        }
    };
    let mut found = found.unwrap_or_else(|error| {
        Found::unknown(format!(
            "the plan could not be made: {}",
            super::causes(&error)
        ))
    });
    let (head, location) = (branch.head.clone(), &branch.location);
    let commit = location.read(move |git| git.commit(&head)).await;
    let commit = commit.map_err(unread)?;
    found.report.subject = commit.subject().to_owned();
    found.report.author = commit.author.to_string();
    let change = Change {
        repository: branch.repository.clone(),
        branch: branch.name.clone(),
        revision: branch.head.clone(),
        base,
        pull: branch.pull.clone(),
        planned_at: core.env.now(),
        verdict: found.verdict,
        digest: found.digest,
        report: found.report,
    };
    core.history.put_change(&change).await.map_err(recorded)?;
    Ok(Some(change))
}

/// The plan of a branch as it is now: the one on record, where nothing moved since.
pub(crate) async fn current(
    core: &Core,
    repository: &str,
    name: &str,
) -> Result<Option<Change>, client::Error> {
    let known = core.history.reader().change(repository, name).await;
    let known = known.map_err(recorded)?;
    let Some(location) = core.location_of(repository) else {
        return Ok(known);
    };
    let wanted = name.to_owned();
    let head = location.read(move |git| git.branch(&wanted)).await;
    let (head, pull) = match (head.map_err(unread)?, &known) {
        (Some(head), _) => (head, String::new()),
        (None, Some(known)) if !known.pull.is_empty() => {
            (known.revision.clone(), known.pull.clone())
        }
        (None, _) => return Ok(None),
    };
    let branch = Branch {
        repository: repository.to_owned(),
        name: name.to_owned(),
        pull,
        location,
        head,
    };
    let base = groups(core, &branch).await?.keys().next().cloned();
    match known {
        Some(known)
            if known.revision == branch.head
                && Some(&known.base) == base.as_ref()
                && known.verdict == Verdict::Passed =>
        {
            Ok(Some(known))
        }
        _ => plan(core, &branch).await,
    }
}

async fn groups(core: &Core, branch: &Branch) -> Result<Groups, client::Error> {
    let mut groups = Groups::new();
    let Some(target) = core.target() else {
        return Ok(groups);
    };
    if branch.repository == CLUSTER {
        if *target.revision() != branch.head {
            groups.insert(target.revision().clone(), Vec::new());
        }
        return Ok(groups);
    }
    for found in target.applications.values() {
        let application = &found.application;
        if is_here(application) {
            continue;
        }
        let mut moved: BTreeMap<CommitId, BTreeSet<usize>> = BTreeMap::new();
        for (index, source) in application.sources().enumerate() {
            if is_source_here(source) || !is_in(core, source, &branch.location) {
                continue;
            }
            let revision = source.revision.clone();
            let resolving = branch.location.read(move |git| {
                // A tag or a range is moved by nobody's merge.
                let moves = revision.is_empty() || git.branch(&revision)?.is_some();
                Ok(if moves { git.resolve(&revision)? } else { None })
            });
            if let Some(base) = resolving.await.map_err(unread)?
                && base != branch.head
            {
                moved.entry(base).or_default().insert(index);
            }
        }
        for (base, moved) in moved {
            let application = application.clone();
            let reader = Reader { application, moved };
            groups.entry(base).or_default().push(reader);
        }
    }
    Ok(groups)
}

struct Found {
    verdict: Verdict,
    digest: String,
    report: Report,
}

impl Found {
    fn unknown(problems: String) -> Self {
        Self::without_plan(Verdict::Unknown, problems)
    }

    fn without_plan(verdict: Verdict, problems: String) -> Self {
        let report = Report {
            problems,
            ..Report::default()
        };
        Self {
            verdict,
            digest: String::new(),
            report,
        }
    }
}

async fn find(core: &Core, branch: &Branch, groups: &Groups) -> Result<Found, client::Error> {
    let mut all: Vec<(String, bool, Plan)> = Vec::new();
    let mut unchanged = 0;
    for (base, readers) in groups {
        let (ours, theirs) = (base.clone(), branch.head.clone());
        let merging = branch.location.read(move |git| git.merged(&ours, &theirs));
        let commit = match merging.await.map_err(unread)? {
            Merged::Commit(commit) => commit,
            Merged::Nothing => continue,
            Merged::Conflicts(files) => {
                return Ok(Found {
                    verdict: Verdict::Refused,
                    digest: String::new(),
                    report: conflict::report(core, branch, base, files).await?,
                });
            }
        };
        let location = &branch.location;
        let checked = if readers.is_empty() {
            check::check(core, location, &commit).await?
        } else {
            match meant(core, &commit, readers).await? {
                Ok(applications) => {
                    pushed::check_for(core, location, &commit, &applications).await?
                }
                Err(trouble) => return Ok(Found::unknown(trouble.message)),
            }
        };
        let Checked {
            plans,
            removed,
            unchanged: others,
            again,
            ..
        } = match checked {
            Ok(checked) => checked,
            Err(problems) => {
                return Ok(Found::without_plan(Verdict::Refused, problems.to_string()));
            }
        };
        unchanged += others + again.len();
        all.extend(removed.into_iter().map(|(name, plan)| (name, true, plan)));
        all.extend(plans.into_iter().map(|(name, plan)| (name, false, plan)));
    }
    Ok(passed(core, all, unchanged).await)
}

/// Each of them with the commits of all its sources, once the merge is done.
async fn meant(
    core: &Core,
    merged: &CommitId,
    readers: &[Reader],
) -> Result<Result<Vec<(Application, CommitId)>, Trouble>, client::Error> {
    let Some(target) = core.target() else {
        return Ok(Ok(Vec::new()));
    };
    let follow = here(&target);
    let mut meant = Vec::new();
    for Reader { application, moved } in readers {
        let given = |index, source: &Source| {
            let merged = moved.contains(&index).then(|| merged.clone());
            merged.or_else(|| follow(index, source))
        };
        match commits(core, application, given).await? {
            Ok(at) => meant.push((application.clone(), at)),
            Err(trouble) => return Ok(Err(trouble)),
        }
    }
    Ok(Ok(meant))
}

async fn passed(core: &Core, all: Vec<(String, bool, Plan)>, mut unchanged: usize) -> Found {
    let digest = plan::digest_of(all.iter().map(|(name, _, plan)| (name, plan)));
    let workloads = workloads(core, all.iter().map(|(.., plan)| plan)).await;
    let mut report = Report {
        demand: demanded(core, all.iter().map(|(.., plan)| plan), &workloads).await,
        ..Report::default()
    };
    for (name, removed, plan) in all {
        if !removed && plan.is_empty() && plan.asking().next().is_none() {
            unchanged += 1;
            continue;
        }
        let others = others(core, &name, &plan);
        report.applications.push(Touched {
            name,
            removed,
            counts: counts(&plan),
            lines: lines(&plan),
            edits: edits(&plan),
            radius: radius(&plan, &workloads, &others),
        });
    }
    report.unchanged = unchanged;
    Found {
        verdict: Verdict::Passed,
        digest,
        report,
    }
}
