//! Keys to work on. A key waits at most once, and never runs twice at the same time.
//!
//! Time comes only from [`Env`], so a simulation can drive a queue by hand: see
//! [`WorkQueue::try_next`] and [`WorkQueue::next_due`].

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::{Backoff, Env};

/// Cheap to clone; all clones are one queue. Bounded by the number of distinct keys.
pub struct WorkQueue<K> {
    shared: Arc<Shared<K>>,
}

impl<K> Clone for WorkQueue<K> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
        }
    }
}

/// A queue that may be gone: for observers that must not keep it.
pub struct WeakQueue<K> {
    shared: Weak<Shared<K>>,
}

impl<K> Clone for WeakQueue<K> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl<K> WeakQueue<K> {
    pub fn upgrade(&self) -> Option<WorkQueue<K>> {
        let shared = self.shared.upgrade()?;
        Some(WorkQueue { shared })
    }
}

struct Shared<K> {
    state: Mutex<State<K>>,
    wake: Notify,
    env: Env,
    backoff: Backoff,
}

struct State<K> {
    ready: VecDeque<K>,
    /// What is in `ready`, or waits for its run to end.
    wanted: BTreeSet<K>,
    running: BTreeSet<K>,
    /// When each delayed key is due; a key has at most one such time, the earliest asked for.
    due: BTreeMap<K, Timestamp>,
    /// The same, by time.
    order: BTreeSet<(Timestamp, K)>,
    failures: BTreeMap<K, u32>,
}

impl<K: Ord + Clone> WorkQueue<K> {
    pub fn new(env: &Env, backoff: Backoff) -> Self {
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(State {
                    ready: VecDeque::new(),
                    wanted: BTreeSet::new(),
                    running: BTreeSet::new(),
                    due: BTreeMap::new(),
                    order: BTreeSet::new(),
                    failures: BTreeMap::new(),
                }),
                wake: Notify::new(),
                env: env.clone(),
                backoff,
            }),
        }
    }

    pub fn downgrade(&self) -> WeakQueue<K> {
        WeakQueue {
            shared: Arc::downgrade(&self.shared),
        }
    }

    /// Wants `key` worked on as soon as possible; again, if it is running now.
    pub fn add(&self, key: K) {
        self.state().want(key);
        self.shared.wake.notify_one();
    }

    /// Wants `key` worked on once `delay` has passed, or earlier for another reason.
    pub fn add_after(&self, key: K, delay: Duration) {
        if delay.is_zero() {
            return self.add(key);
        }
        let at = self
            .shared
            .env
            .now()
            .saturating_add(delay)
            .unwrap_or(Timestamp::MAX);
        self.state().delay(key, at);
        self.shared.wake.notify_one();
    }

    /// `key` failed: it comes back after a back-off that grows with each failure in a row.
    pub fn fail(&self, key: K) -> Duration {
        let failures = {
            let mut state = self.state();
            let failures = state.failures.entry(key.clone()).or_default();
            *failures = failures.saturating_add(1);
            *failures
        };
        let delay = self
            .shared
            .backoff
            .jittered(failures, &*self.shared.env.ids);
        self.add_after(key, delay);
        delay
    }

    /// `key` succeeded: its next failure is a first one.
    pub fn forget(&self, key: &K) {
        self.state().failures.remove(key);
    }

    /// How often `key` failed in a row.
    pub fn failures(&self, key: &K) -> u32 {
        self.state().failures.get(key).copied().unwrap_or(0)
    }

    /// Waits for a key that may run now. It belongs to the caller until [`WorkQueue::done`].
    pub async fn next(&self) -> K {
        loop {
            if let Some(key) = self.try_next() {
                return key;
            }
            let wait = self.next_due().map(|due| self.until(due));
            let woken = self.shared.wake.notified();
            match wait {
                None => woken.await,
                Some(wait) => tokio::select! {
                    biased;
                    () = woken => {}
                    () = self.shared.env.clock.sleep(wait) => {}
                },
            }
        }
    }

    /// A key that may run now, without waiting.
    pub fn try_next(&self) -> Option<K> {
        let now = self.shared.env.now();
        let mut state = self.state();
        state.promote(now);
        let key = state.ready.pop_front()?;
        state.wanted.remove(&key);
        state.running.insert(key.clone());
        let more = !state.ready.is_empty();
        drop(state);
        if more {
            self.shared.wake.notify_one();
        }
        Some(key)
    }

    /// The run of `key` is over.
    pub fn done(&self, key: &K) {
        let mut state = self.state();
        state.running.remove(key);
        if state.wanted.contains(key) {
            state.ready.push_back(key.clone());
        }
        drop(state);
        self.shared.wake.notify_one();
    }

    /// When the first delayed key is due, if any waits.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.state().order.first().map(|(at, _)| *at)
    }

    /// How many keys are ready or will be once their run has ended. Delayed ones do not count.
    pub fn len(&self) -> usize {
        self.state().wanted.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn until(&self, due: Timestamp) -> Duration {
        let wait = due.duration_since(self.shared.env.now());
        Duration::try_from(wait).unwrap_or(Duration::ZERO)
    }

    fn state(&self) -> MutexGuard<'_, State<K>> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Ord + Clone> State<K> {
    fn want(&mut self, key: K) {
        if self.wanted.insert(key.clone()) && !self.running.contains(&key) {
            self.ready.push_back(key);
        }
    }

    fn delay(&mut self, key: K, at: Timestamp) {
        match self.due.get(&key) {
            Some(earlier) if *earlier <= at => return,
            Some(later) => {
                self.order.remove(&(*later, key.clone()));
            }
            None => {}
        }
        self.due.insert(key.clone(), at);
        self.order.insert((at, key));
    }

    fn promote(&mut self, now: Timestamp) {
        while let Some((at, key)) = self.order.pop_first() {
            if at > now {
                self.order.insert((at, key));
                return;
            }
            self.due.remove(&key);
            self.want(key);
        }
    }
}
