//! Pods that have no node yet: which are next, which wait and for what. Pure: `now` is given.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use client::Backoff;
use jiff::Timestamp;

use super::pod::{Name, Pod};
use super::reason::{Event, Misfit};

/// A pod that fits nowhere is looked at again after this long although nothing has changed.
const RETRY: Backoff = Backoff {
    first: std::time::Duration::from_secs(1),
    most: std::time::Duration::from_secs(60),
};

/// Higher priority first, then older, then by name.
type Order = (Reverse<i64>, String, Name);

#[derive(Default)]
pub(super) struct Pending {
    entries: BTreeMap<Name, Entry>,
    ready: BTreeSet<Order>,
    due: BTreeSet<(Timestamp, Name)>,
}

struct Entry {
    pod: Arc<Pod>,
    state: State,
    failures: u32,
    /// What was last said about it.
    reported: String,
}

enum State {
    Ready,
    /// Has been given a node that it is not known to be on yet.
    Placed,
    /// `None` where no node was at fault.
    Blocked(Option<Misfit>, Timestamp),
}

impl Pending {
    /// Takes in the newest state of a pod without a node. A changed one may be tried again.
    pub(super) fn set(&mut self, pod: Arc<Pod>) {
        let name = pod.name.clone();
        match self.entries.get_mut(&name) {
            Some(entry) if entry.pod == pod => {}
            Some(entry) if entry.pod.uid == pod.uid => {
                if matches!(entry.state, State::Placed) {
                    entry.pod = pod;
                } else {
                    let (failures, reported) = (entry.failures, entry.reported.clone());
                    self.remove(&name);
                    self.insert(pod, failures, reported);
                }
            }
            _ => {
                self.remove(&name);
                self.insert(pod, 0, String::new());
            }
        }
    }

    fn insert(&mut self, pod: Arc<Pod>, failures: u32, reported: String) {
        self.ready.insert(order(&pod));
        let entry = Entry {
            state: State::Ready,
            failures,
            reported,
            pod,
        };
        self.entries.insert(entry.pod.name.clone(), entry);
    }

    pub(super) fn remove(&mut self, name: &Name) {
        if let Some(entry) = self.entries.remove(name) {
            self.leave(&entry);
        }
    }

    fn leave(&mut self, entry: &Entry) {
        match entry.state {
            State::Ready => {
                self.ready.remove(&order(&entry.pod));
            }
            State::Blocked(_, until) => {
                self.due.remove(&(until, entry.pod.name.clone()));
            }
            State::Placed => {}
        }
    }

    fn change(&mut self, name: &Name, state: State) {
        let Some(mut entry) = self.entries.remove(name) else {
            return;
        };
        self.leave(&entry);
        match state {
            State::Ready => {
                self.ready.insert(order(&entry.pod));
            }
            State::Blocked(_, until) => {
                self.due.insert((until, name.clone()));
            }
            State::Placed => {}
        }
        entry.state = state;
        self.entries.insert(name.clone(), entry);
    }

    /// The next pods to place, at most `limit`. They count as placed until told otherwise.
    pub(super) fn take(&mut self, limit: usize, now: Timestamp) -> Vec<Arc<Pod>> {
        while let Some((at, name)) = self.due.first().cloned() {
            if at > now {
                break;
            }
            self.change(&name, State::Ready);
        }
        let names: Vec<Name> = self
            .ready
            .iter()
            .take(limit)
            .map(|(_, _, name)| name.clone())
            .collect();
        names
            .into_iter()
            .filter_map(|name| {
                self.change(&name, State::Placed);
                self.entries.get(&name).map(|entry| entry.pod.clone())
            })
            .collect()
    }

    /// The pod fits nowhere, or could not be bound. `true` where `message` is news.
    pub(super) fn block(
        &mut self,
        name: &Name,
        misfit: Option<Misfit>,
        message: &str,
        now: Timestamp,
    ) -> bool {
        let Some(entry) = self.entries.get_mut(name) else {
            return false;
        };
        entry.failures = entry.failures.saturating_add(1);
        let is_news = entry.reported != message;
        message.clone_into(&mut entry.reported);
        let wait = RETRY.delay(entry.failures);
        let until = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
        self.change(name, State::Blocked(misfit, until));
        is_news
    }

    /// Saying it failed: the next block says it again.
    pub(super) fn unreported(&mut self, name: &Name) {
        if let Some(entry) = self.entries.get_mut(name) {
            entry.reported.clear();
        }
    }

    /// Lets the pods try again that `events` may have made room for.
    pub(super) fn wake(&mut self, events: &BTreeSet<Event>) {
        if events.is_empty() {
            return;
        }
        let helped = |misfit: &Misfit| events.iter().any(|event| misfit.is_helped_by(*event));
        let names: Vec<Name> = self
            .due
            .iter()
            .map(|(_, name)| name)
            .filter(|name| match self.entries.get(name).map(|e| &e.state) {
                Some(State::Blocked(Some(misfit), _)) => helped(misfit),
                _ => false,
            })
            .cloned()
            .collect();
        for name in names {
            self.change(&name, State::Ready);
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.ready.is_empty()
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }
}

fn order(pod: &Pod) -> Order {
    (Reverse(pod.priority), pod.created.clone(), pod.name.clone())
}
