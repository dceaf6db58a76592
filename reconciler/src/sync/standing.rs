//! How each Application is, as its last pass found it. In memory: the first pass after a start
//! finds it again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use api::kinds::SyncStatus;
use engine::Health;
use engine::rollout::{CommitId, DependencyState, Pause};

use super::target::Target;
use crate::service::Standing;

/// One Application's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Stand {
    pub(crate) standing: Arc<Standing>,
    /// The tracked commit at the time: the Application has at least heard of it.
    pub(crate) seen: CommitId,
    /// The commit whose rollout runs.
    pub(crate) rolls_out: Option<CommitId>,
    /// What rolls out is another try of what failed before: no commit is judged by it.
    pub(crate) retries: bool,
    /// How many of its objects are not as Git says, or not healthy.
    pub(crate) unconverged: usize,
    /// What of its health keeps those from going on that depend on it.
    pub(crate) holds_back: Option<Health>,
}

/// Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub(crate) struct Standings {
    stands: Arc<Mutex<BTreeMap<String, Stand>>>,
    tick: watch::Sender<u64>,
}

impl Standings {
    pub(crate) fn get(&self, application: &str) -> Option<Stand> {
        self.lock().get(application).cloned()
    }

    /// Shows every one, briefly.
    pub(crate) fn each(&self, mut show: impl FnMut(&Stand)) {
        self.lock().values().for_each(&mut show);
    }

    /// Answers whether anything is different now, times apart.
    pub(crate) fn set(&self, application: &str, stand: &Stand) -> bool {
        let before = self.lock().insert(application.to_owned(), stand.clone());
        let same = before.is_some_and(|before| {
            let standing = Standing {
                observed_at: before.standing.observed_at,
                ..(*stand.standing).clone()
            };
            let at_the_same_time = Stand {
                standing: Arc::new(standing),
                ..stand.clone()
            };
            before == at_the_same_time
        });
        if !same {
            self.tick.send_modify(|tick| *tick = tick.wrapping_add(1));
        }
        !same
    }

    /// What [`Standings::get`] would answer is not copied.
    pub(crate) fn is(&self, application: &str, like: impl FnOnce(&Stand) -> bool) -> bool {
        self.lock().get(application).is_some_and(like)
    }

    /// Has these be at `new` as they were at `old`: it asks the same of them.
    pub(crate) fn carry<'a>(
        &self,
        applications: impl Iterator<Item = &'a str>,
        old: &CommitId,
        new: &CommitId,
    ) {
        let mut stands = self.lock();
        for application in applications {
            // A pass may have found something else meanwhile.
            let stand = stands.get_mut(application);
            if let Some(stand) = stand.filter(|it| it.seen == *old) {
                stand.seen.clone_from(new);
                let standing = Arc::make_mut(&mut stand.standing);
                standing.revision.clone_from(new);
                if standing.applied == *old {
                    standing.applied.clone_from(new);
                }
            }
        }
        drop(stands);
        self.tick.send_modify(|tick| *tick = tick.wrapping_add(1));
    }

    pub(crate) fn remove(&self, application: &str) {
        self.lock().remove(application);
        self.tick.send_modify(|tick| *tick = tick.wrapping_add(1));
    }

    /// Moves with every change.
    pub(crate) fn ticks(&self) -> watch::Receiver<u64> {
        self.tick.subscribe()
    }

    /// How far a dependency is, seen from an Application at `target`.
    pub(crate) fn dependency(&self, name: &str, target: &Target) -> DependencyState {
        let stand = self.get(name);
        match stand {
            None if target.application(name).is_none() => DependencyState::Absent,
            None => DependencyState::Unseen,
            Some(stand) => state(&stand, target.revision()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Stand>> {
        self.stands.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn state(stand: &Stand, revision: &CommitId) -> DependencyState {
    let standing = &stand.standing;
    if stand.seen != *revision {
        return DependencyState::Unseen;
    }
    if standing.on_hold {
        return DependencyState::Failed;
    }
    if stand.rolls_out.is_some() {
        return DependencyState::Waiting("is being rolled out".into());
    }
    if let Some(health) = &stand.holds_back {
        let text = format!("is {}: {}", health.status, health.message);
        return DependencyState::Waiting(text.trim_end_matches(": ").to_owned());
    }
    // What it still has beyond the commit is nobody's need.
    let asks = |pause: &Pause| pause.reason == Pause::APPROVAL;
    let whole = standing.sync == SyncStatus::Synced || standing.paused.as_ref().is_some_and(asks);
    if !whole {
        return DependencyState::Waiting(format!("is {}", standing.sync));
    }
    DependencyState::Ready
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(stand: &mut Stand) -> &mut Standing {
        Arc::make_mut(&mut stand.standing)
    }

    #[test]
    fn a_dependency_is_ready_once_it_is_healthy_at_the_commit() {
        let revision = CommitId("abcdefgh".into());
        let ready = Stand {
            standing: Arc::new(Standing {
                sync: SyncStatus::Synced,
                ..Standing::default()
            }),
            seen: revision.clone(),
            ..Stand::default()
        };
        let check = |change: fn(&mut Stand), expected: DependencyState| {
            let mut stand = ready.clone();
            change(&mut stand);
            assert_eq!(state(&stand, &revision), expected);
        };
        let waiting = |text: &str| DependencyState::Waiting(text.into());
        check(|_| {}, DependencyState::Ready);
        check(
            |stand| stand.seen = CommitId::default(),
            DependencyState::Unseen,
        );
        check(
            |stand| stand.rolls_out = Some(CommitId::default()),
            waiting("is being rolled out"),
        );
        check(
            |stand| standing(stand).on_hold = true,
            DependencyState::Failed,
        );
        check(
            |stand| {
                standing(stand).health = Health::degraded("the last run failed");
                stand.holds_back = Some(Health::degraded("it is broken"));
            },
            waiting("is Degraded: it is broken"),
        );
        // The last run of a CronJob failed.
        let late = |stand: &mut Stand| standing(stand).health = Health::degraded("it failed");
        check(late, DependencyState::Ready);
        check(
            |stand| standing(stand).sync = SyncStatus::OutOfSync,
            waiting("is OutOfSync"),
        );
        let asks = |stand: &mut Stand| {
            standing(stand).sync = SyncStatus::OutOfSync;
            standing(stand).paused = Some(Pause {
                reason: Pause::APPROVAL,
                message: String::new(),
            });
        };
        check(asks, DependencyState::Ready);
    }
}
