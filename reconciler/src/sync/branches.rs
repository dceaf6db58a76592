//! Branches of repositories elsewhere are planned when a fetch brings something new on them, the
//! newest first and one at a time, and the commit is told on its forge where there is a token.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::Notify;
use tracing::{Instrument, info, info_span, warn};

use engine::rollout::CommitId;

use super::causes;
use super::change::{self, Branch};
use super::core::{Core, recorded, unread};
use super::news::name;
use super::pulls::{self, again, page, state};
use crate::forge::{Change, Forge, Kind, State};
use crate::githost::hosted::CLUSTER;
use crate::source::{Merged, Source};

/// Of one repository, as many of the newest branches are planned unasked.
const NEWEST: usize = 20;
/// Branches of one repository that are looked at.
const BRANCHES: usize = 1_000;
/// Heads that are remembered.
const REMEMBERED: usize = 10_000;

/// What was fetched, and what was looked at of it.
#[derive(Default)]
pub(crate) struct Branches {
    fetched: Mutex<BTreeSet<PathBuf>>,
    asked: Notify,
    /// What each branch was looked at with, by repository and name: it needs no other look while that
    /// is so. In memory: after a start the plans on record say the same.
    seen: Mutex<BTreeMap<(String, String), Sight>>,
}

/// What somebody follows: branches by name, and the commits that are compared.
#[derive(Debug, Default)]
struct Followed {
    names: BTreeSet<String>,
    commits: BTreeSet<CommitId>,
    /// What a branch would be merged into.
    bases: BTreeSet<CommitId>,
}

/// A head, and what it would have been merged into.
type Sight = (CommitId, BTreeSet<CommitId>);

/// A branch, and when its newest commit was made.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Head {
    name: String,
    commit: CommitId,
    at: Timestamp,
}

impl Branches {
    /// Has the branches of the repository at `path` looked at.
    pub(crate) fn fetched(&self, path: &Path) {
        let mut fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        fetched.insert(path.to_owned());
        self.asked.notify_one();
    }

    fn take(&self) -> BTreeSet<PathBuf> {
        let mut fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *fetched)
    }

    fn is_seen(&self, repository: &str, head: &Head, bases: &BTreeSet<CommitId>) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let sight = seen.get(&(repository.to_owned(), head.name.clone()));
        sight.is_some_and(|(commit, into)| *commit == head.commit && into == bases)
    }

    fn note(&self, repository: &str, head: &Head, bases: &BTreeSet<CommitId>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= REMEMBERED {
            seen.clear();
        }
        let branch = (repository.to_owned(), head.name.clone());
        seen.insert(branch, (head.commit.clone(), bases.clone()));
    }
}

/// Looks after each fetch, without end.
pub(crate) async fn follow(core: Arc<Core>) {
    loop {
        core.branches.asked.notified().await;
        for path in core.branches.take() {
            for (repository, source) in repositories(&core, &path) {
                let span = info_span!("branches", repository = %source.name);
                let looking = look(&core, &repository, &source).instrument(span.clone());
                if let Err(error) = looking.await {
                    let _entered = span.enter();
                    warn!(error = %causes(&error), "cannot plan the branches");
                }
            }
        }
    }
}

/// Those elsewhere that are at this path.
fn repositories(core: &Core, path: &Path) -> Vec<(String, Source)> {
    let own = std::iter::once((CLUSTER.to_owned(), core.source.clone()));
    let others = core.sources.followed().into_iter();
    let others = others.map(|source| (source.name.clone(), source));
    own.chain(others)
        .filter(|(_, source)| !source.is_hosted() && source.location.path == *path)
        .collect()
}

/// Plans what nobody planned. Each plan takes a while: what is newest is asked again after it.
async fn look(core: &Core, repository: &str, source: &Source) -> Result<(), client::Error> {
    loop {
        // Before there is something to compare with, nothing can be planned.
        let Some(target) = core.target() else {
            return Ok(());
        };
        let followed = followed(core, repository, source).await?;
        let heads = heads(source).await?;
        let known = core.history.reader().changes(repository).await;
        let known = known.map_err(recorded)?;
        for gone in gone(&heads, &known) {
            let removing = core
                .history
                .remove_change(repository, gone, core.env.now())
                .await;
            removing.map_err(recorded)?;
        }
        let bases = &followed.bases;
        let is_seen = |head: &Head| core.branches.is_seen(repository, head, bases);
        let Some(head) = choose(&heads, &followed, &known, is_seen) else {
            return Ok(());
        };
        core.branches.note(repository, head, bases);
        if repository == CLUSTER {
            let (ours, theirs) = (target.revision().clone(), head.commit.clone());
            let merging = source.location.read(move |git| git.merged(&ours, &theirs));
            // It is in what is followed: there is nothing to say of it.
            if matches!(merging.await.map_err(unread)?, Merged::Nothing) {
                continue;
            }
        }
        plan(core, repository, source, head).await;
    }
}

/// The newest head that nobody planned as things are, among the newest branches that nobody follows.
fn choose<'a>(
    heads: &'a [Head],
    followed: &Followed,
    known: &[Change],
    is_seen: impl Fn(&Head) -> bool,
) -> Option<&'a Head> {
    let mut heads: Vec<&Head> = heads
        .iter()
        .filter(|head| !followed.names.contains(&head.name))
        .filter(|head| !followed.commits.contains(&head.commit))
        .collect();
    heads.sort_by_key(|head| (std::cmp::Reverse(head.at), head.name.clone()));
    // A pull request's plan is its branch's.
    let is_planned = |head: &Head| {
        let mut known = known.iter().filter(|it| it.revision == head.commit);
        known.any(|it| {
            let is_own = it.branch == head.name && followed.bases.contains(&it.base);
            is_own || !it.pull.is_empty()
        })
    };
    let mut newest = heads.into_iter().take(NEWEST);
    newest.find(|head| !is_planned(head) && !is_seen(head))
}

/// The branches that are on record and are no more, or whose pull request says the same.
fn gone<'a>(heads: &[Head], known: &'a [Change]) -> Vec<&'a str> {
    let pulls: BTreeSet<&CommitId> = known
        .iter()
        .filter(|it| !it.pull.is_empty())
        .map(|it| &it.revision)
        .collect();
    let is_there = |name: &str| heads.iter().any(|head| head.name == name);
    let branches = known.iter().filter(|it| it.pull.is_empty());
    let gone = branches.filter(|it| !is_there(&it.branch) || pulls.contains(&it.revision));
    gone.map(|it| it.branch.as_str()).collect()
}

async fn heads(source: &Source) -> Result<Vec<Head>, client::Error> {
    let reading = source.location.read(|git| {
        let mut heads = Vec::new();
        for name in git.branches()?.into_iter().take(BRANCHES) {
            if let Some(id) = git.branch(&name)? {
                let commit = git.commit(&id)?;
                heads.push(Head {
                    name,
                    commit: id,
                    at: commit.committed_at,
                });
            }
        }
        Ok(heads)
    });
    reading.await.map_err(unread)
}

/// What the cluster, or an Application, follows.
async fn followed(
    core: &Core,
    repository: &str,
    source: &Source,
) -> Result<Followed, client::Error> {
    let mut revisions = BTreeSet::new();
    if repository == CLUSTER {
        revisions.insert(core.config.branch.clone());
    }
    if let Some(target) = core.target() {
        let all = target.applications.values();
        let sources = all.flat_map(|found| found.application.sources());
        let own = sources.filter(|it| core.repository(it).location == source.location);
        revisions.extend(own.map(|it| it.revision.clone()));
    }
    let target = core.target().filter(|_| repository == CLUSTER);
    let reading = source.location.read(move |git| {
        let mut followed = Followed::default();
        for revision in &revisions {
            followed.names.extend(git.branch_name(revision)?);
            followed.commits.extend(git.resolve(revision)?);
        }
        // The cluster's own is merged into what is followed by now, which may be older than the branch.
        followed.bases = match &target {
            Some(target) => [target.revision().clone()].into(),
            None => followed.commits.clone(),
        };
        Ok(followed)
    });
    reading.await.map_err(unread)
}

async fn plan(core: &Core, repository: &str, source: &Source, head: &Head) {
    let forge = forge(core, source).await;
    let branch = Branch {
        repository: repository.to_owned(),
        name: head.name.clone(),
        pull: String::new(),
        location: source.location.clone(),
        head: head.commit.clone(),
    };
    if let Some(forge) = &forge {
        tell(core, forge, &branch, State::Pending, "Kedge makes the plan").await;
    }
    let (state, text) = match change::plan(core, &branch).await {
        Ok(Some(change)) => {
            info!(
                branch = head.name,
                verdict = change.verdict.as_str(),
                "planned a branch"
            );
            (state(change.verdict), change.summary())
        }
        Ok(None) => (
            State::Passed,
            "Nothing here follows what it would change".into(),
        ),
        Err(error) => {
            warn!(branch = head.name, error = %causes(&error), "cannot plan a branch");
            (State::Broken, "Kedge could not make the plan".into())
        }
    };
    if let Some(forge) = &forge {
        tell(core, forge, &branch, state, &text).await;
    }
}

async fn tell(core: &Core, forge: &Forge, branch: &Branch, state: State, text: &str) {
    let page = page(core, &branch.repository, &branch.name);
    let told = again(core, || forge.status(&branch.head.0, state, text, &page)).await;
    if let Err(error) = told {
        warn!(branch = branch.name, error = %causes(&error), "the forge cannot be told");
    }
}

/// The forge, where there is a token for it and it is known which one it is.
async fn forge(core: &Core, source: &Source) -> Option<Forge> {
    let url = source.url().unwrap_or_default();
    let own = name(url);
    let webhook = core.deliveries.of(|address| name(address) == own);
    let host = source.elsewhere().map(|(_, host)| host).unwrap_or_default();
    let said = webhook.last.map(|last| last.forge).unwrap_or_default();
    match pulls::forge(core, source, kind(&said, &host)?).await {
        Ok(forge) => forge,
        Err(error) => {
            warn!(error, "the forge cannot be told");
            None
        }
    }
}

/// What a webhook said it is, or else the name of its host.
fn kind(said: &str, host: &str) -> Option<Kind> {
    Kind::named(said).or_else(|| {
        let mut words = host.split(['.', '-', ':']);
        words.find_map(|word| match word {
            "codeberg" => Some(Kind::Gitea),
            word => Kind::named(word),
        })
    })
}

#[cfg(test)]
mod tests;
