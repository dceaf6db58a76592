//! Pull requests of followed repositories: planned when their forge tells of them, and the plan is
//! told to the forge.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Url;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{Instrument, info, info_span, warn};

use client::Backoff;
use engine::rollout::CommitId;

use super::causes;
use super::change::{self, Branch};
use super::core::Core;
use super::news::name;
use crate::forge::{Change, Error, Forge, Kind, Pull, State, Target, Verdict};
use crate::githost::hosted::CLUSTER;
use crate::source::Source;

/// Plans that are made at once.
const AT_ONCE: usize = 2;
/// Pull requests that are remembered.
const REMEMBERED: usize = 10_000;
/// How often a forge that does not answer is told.
const TRIES: u32 = 5;
const AGAIN: Backoff = Backoff {
    first: Duration::from_secs(2),
    most: Duration::from_secs(30),
};

/// Which plans are being made.
pub(crate) struct Changes {
    permits: Arc<Semaphore>,
    /// The newest head of each pull request, by repository and number: older ones are not told.
    heads: Mutex<BTreeMap<(String, u64), String>>,
}

impl Default for Changes {
    fn default() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(AT_ONCE)),
            heads: Mutex::default(),
        }
    }
}

impl Changes {
    pub(crate) async fn permit(&self) -> OwnedSemaphorePermit {
        let permits = self.permits.clone();
        permits.acquire_owned().await.expect("it is never closed")
    }

    fn is_newest(&self, repository: &str, pull: &Pull) -> bool {
        let heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        heads.get(&(repository.to_owned(), pull.number)) == Some(&pull.head)
    }

    fn note(&self, repository: &str, pull: &Pull) {
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        if heads.len() >= REMEMBERED {
            heads.clear();
        }
        heads.insert((repository.to_owned(), pull.number), pull.head.clone());
    }
}

/// Plans a pull request of those of the repositories that are followed; answers how many that are.
pub(crate) fn pull(core: &Arc<Core>, repositories: &[String], pull: &Pull) -> usize {
    let named: Vec<String> = repositories.iter().map(|url| name(url)).collect();
    let fits = |url: &str| named.contains(&name(url));
    let mut found: Vec<(String, Source)> = Vec::new();
    if core.source.url().is_some_and(fits) && pull.into == core.config.branch {
        found.push((CLUSTER.to_owned(), core.source.clone()));
    }
    let others = core.sources.followed().into_iter();
    let others = others.filter(|source| source.url().is_some_and(fits));
    found.extend(others.map(|source| (source.name.clone(), source)));
    for (repository, source) in &found {
        core.changes.note(repository, pull);
        let span = info_span!("pull", repository = %source.name, number = pull.number);
        let work = work(
            core.clone(),
            repository.clone(),
            source.clone(),
            pull.clone(),
        );
        core.tasks.spawn_until_cancelled(work.instrument(span));
    }
    found.len()
}

/// It was merged or closed: nothing is to be said of it any more.
async fn forget(core: &Core, repository: &str, pull: &Pull) {
    let branch = pull.branch();
    let gone = core
        .history
        .remove_change(repository, &branch, core.env.now());
    if let Err(error) = gone.await {
        warn!(error = %causes(&error), "cannot forget the plan of a pull request");
    }
}

async fn work(core: Arc<Core>, repository: String, source: Source, pull: Pull) {
    if pull.over {
        return forget(&core, &repository, &pull).await;
    }
    let forge = match forge(&core, &source, pull.kind).await {
        Ok(forge) => forge,
        Err(error) => {
            warn!(error, "the forge cannot be told");
            None
        }
    };
    let pending = "Kedge makes the plan";
    let page = page(&core, &repository, &pull.branch());
    if let Some(forge) = &forge {
        let told = again(&core, || {
            forge.status(&pull.head, State::Pending, pending, &page)
        })
        .await;
        if let Err(error) = told {
            warn!(error = %causes(&error), "the forge cannot be told");
        }
    }
    let planned = planned(&core, &repository, &source, &pull).await;
    if !core.changes.is_newest(&repository, &pull) {
        return;
    }
    let change = match planned {
        Ok(Some(change)) => change,
        Ok(None) => return,
        Err(error) => {
            warn!(error, "cannot plan a pull request");
            if let Some(forge) = &forge {
                let text = "Kedge could not make the plan";
                let _told = again(&core, || {
                    forge.status(&pull.head, State::Broken, text, &page)
                })
                .await;
            }
            return;
        }
    };
    info!(verdict = change.verdict.as_str(), "planned a pull request");
    let Some(forge) = forge else {
        return;
    };
    if let Err(error) = tell(&core, &forge, &pull, &change).await {
        let untold = causes(&error);
        warn!(error = untold, "the forge cannot be told");
        let mut change = change;
        change.report.untold = untold;
        if let Err(error) = core.history.put_change(&change).await {
            warn!(error = %causes(&error), "cannot record that the forge was not told");
        }
    }
}

async fn planned(
    core: &Core,
    repository: &str,
    source: &Source,
    pull: &Pull,
) -> Result<Option<Change>, String> {
    let fetched = core.fetcher.fetch_ref(source, &pull.reference()).await;
    fetched.map_err(|error| causes(&error))?;
    let branch = Branch {
        repository: repository.to_owned(),
        name: pull.branch(),
        pull: pull.number.to_string(),
        location: source.location.clone(),
        head: CommitId(pull.head.clone()),
    };
    let planned = change::plan(core, &branch).await;
    planned.map_err(|error| causes(&error))
}

async fn tell(core: &Core, forge: &Forge, pull: &Pull, change: &Change) -> Result<(), Error> {
    let (state, text) = (state(change.verdict), change.summary());
    let page = page(core, &change.repository, &change.branch);
    again(core, || forge.status(&pull.head, state, &text, &page)).await?;
    again(core, || forge.comment(pull.number, change)).await
}

/// Where people read the plan of a branch.
pub(super) fn page(core: &Core, repository: &str, branch: &str) -> String {
    address(&core.config.address, repository, branch).unwrap_or_default()
}

fn address(pages: &str, repository: &str, branch: &str) -> Option<String> {
    let mut url = Url::parse(pages).ok()?;
    let mut path = url.path_segments_mut().ok()?;
    path.pop_if_empty()
        .push("changes")
        .extend(branch.split('/'));
    drop(path);
    url.query_pairs_mut().append_pair("repository", repository);
    Some(url.into())
}

pub(super) fn state(verdict: Verdict) -> State {
    match verdict {
        Verdict::Passed => State::Passed,
        Verdict::Refused => State::Refused,
        Verdict::Unknown => State::Broken,
    }
}

/// Tries again, later and later, where the forge does not answer.
pub(super) async fn again<F: Future<Output = Result<(), Error>>>(
    core: &Core,
    tell: impl Fn() -> F,
) -> Result<(), Error> {
    let mut tries = 1;
    loop {
        match tell().await {
            Err(error) if error.is_passing() && tries < TRIES => {
                let wait = AGAIN.jittered(tries, &*core.env.ids);
                core.env.clock.sleep(wait).await;
                tries += 1;
            }
            told => return told,
        }
    }
}

/// The forge, where there is a token for it.
pub(super) async fn forge(
    core: &Core,
    source: &Source,
    kind: Kind,
) -> Result<Option<Forge>, String> {
    let url = source.url().unwrap_or_default();
    let access = core.fetcher.forge(url).await;
    let Some(access) = access.map_err(|error| causes(&error))? else {
        return Ok(None);
    };
    let target = Target::new(kind, url, &access.api, &access.token);
    let target = target.ok_or_else(|| format!("{} is on no forge", source.name))?;
    let target = Target {
        authority: access.authority,
        ..target
    };
    Forge::open(target)
        .map(Some)
        .map_err(|error| causes(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_has_an_address() {
        let found = address("https://kedge.example.org", "shop", "fix/a#1");
        let expected = "https://kedge.example.org/changes/fix/a%231?repository=shop";
        assert_eq!(found.as_deref(), Some(expected));
        assert_eq!(address("nowhere", "shop", "fix"), None);
    }
}
