//! A number that changed over time, and what it was lately.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

/// How long a reader may act on what was true before: a watch that broke, a call under way, a
/// leader that does not know yet that it is none.
const LATELY: SignedDuration = SignedDuration::from_secs(90);

#[derive(Debug, Default)]
pub(super) struct History {
    values: VecDeque<(Timestamp, i64)>,
}

impl History {
    pub(super) fn set(&mut self, now: Timestamp, value: i64) {
        self.values.push_back((now, value));
        // The last value before the window was still in force when it began.
        while self.values.len() > 1 && now.duration_since(self.values[1].0) > LATELY {
            self.values.pop_front();
        }
    }

    pub(super) fn most_lately(&mut self, now: Timestamp) -> i64 {
        self.refresh(now);
        self.values
            .iter()
            .map(|(_, value)| *value)
            .max()
            .unwrap_or(0)
    }

    pub(super) fn least_lately(&mut self, now: Timestamp) -> i64 {
        self.refresh(now);
        self.values
            .iter()
            .map(|(_, value)| *value)
            .min()
            .unwrap_or(0)
    }

    fn refresh(&mut self, now: Timestamp) {
        if let Some((_, value)) = self.values.back().copied() {
            self.set(now, value);
        }
    }
}

/// Whether something happened lately.
pub(super) fn is_lately(at: Option<&Timestamp>, now: Timestamp) -> bool {
    at.is_some_and(|at| now.duration_since(*at) <= LATELY)
}
