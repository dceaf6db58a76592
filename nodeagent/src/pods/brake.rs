//! Waiting after a failure.

use std::time::Duration;

use client::{Backoff, Env};
use jiff::Timestamp;

use super::spec::later;

/// An execution that failed, a runtime that does not answer, a status that did not get out.
const RETRY: Backoff = Backoff {
    first: Duration::from_millis(200),
    most: Duration::from_secs(10),
};

/// Holds an activity back after it failed.
pub(super) struct Brake {
    failures: u32,
    pub(super) not_before: Timestamp,
}

impl Brake {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            failures: 0,
            not_before: now,
        }
    }

    pub(super) fn release(&mut self, now: Timestamp) {
        *self = Self::new(now);
    }

    pub(super) fn failed(&mut self, env: &Env) {
        self.failures = self.failures.saturating_add(1);
        let delay = RETRY.jittered(self.failures, &*env.ids);
        self.not_before = later(env.now(), delay);
    }

    /// When it lets go; `None` when it does not hold.
    pub(super) fn holds_until(&self, now: Timestamp) -> Option<Timestamp> {
        (now < self.not_before).then_some(self.not_before)
    }
}
