//! Hosts that do not answer: however many repositories one has, it is asked by one of them, and
//! less and less often, until it answers again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use client::{Backoff, Env};

use super::Failure;

/// Between two questions to a host that does not answer.
const WAIT: Backoff = Backoff {
    first: Duration::from_secs(2),
    most: Duration::from_mins(5),
};
/// As long as somebody asks, nobody else does.
const ASKING: Duration = Duration::from_secs(30);

/// Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub(crate) struct Hosts {
    failing: Arc<Mutex<BTreeMap<String, Failing>>>,
}

/// A host that did not answer last time.
struct Failing {
    failure: Failure,
    failures: u32,
    until: Timestamp,
}

impl Hosts {
    /// Whether the host may be asked now; why it did not answer last, if it may not.
    pub(crate) fn ask(&self, host: &str, now: Timestamp) -> Result<(), Failure> {
        let mut failing = self.failing();
        let Some(known) = failing.get_mut(host) else {
            return Ok(());
        };
        if now < known.until {
            return Err(known.failure.clone());
        }
        known.until = after(now, ASKING);
        Ok(())
    }

    /// What came of a question.
    pub(crate) fn answered(&self, host: &str, failure: Option<&Failure>, env: &Env) {
        let mut failing = self.failing();
        let Some(failure) = failure.filter(|failure| failure.is_hosts()) else {
            failing.remove(host);
            return;
        };
        let failures = failing.get(host).map_or(0, |known| known.failures) + 1;
        let wait = WAIT.jittered(failures, &*env.ids);
        let known = Failing {
            failure: failure.clone(),
            failures,
            until: after(env.now(), wait),
        };
        failing.insert(host.to_owned(), known);
    }

    fn failing(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Failing>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn after(now: Timestamp, wait: Duration) -> Timestamp {
    now.checked_add(wait).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_fails_is_asked_by_one_and_later() {
        let (hosts, env) = (Hosts::default(), Env::system());
        let failure = Failure::read("Connection refused", "a", true);
        let start = env.now();
        let at = |seconds| after(start, Duration::from_secs(seconds));
        assert!(hosts.ask("a", at(0)).is_ok());
        hosts.answered("a", Some(&failure), &env);
        assert_eq!(hosts.ask("a", at(0)), Err(failure.clone()));
        assert!(hosts.ask("b", at(0)).is_ok());
        assert!(hosts.ask("a", at(10)).is_ok());
        assert!(hosts.ask("a", at(10)).is_err());
        for _ in 0..4 {
            hosts.answered("a", Some(&failure), &env);
        }
        assert!(hosts.ask("a", at(10)).is_err());
        assert!(hosts.ask("a", at(60)).is_ok());
        let refused = Failure::read("Authentication failed for 'x'", "a", true);
        hosts.answered("a", Some(&refused), &env);
        assert!(hosts.ask("a", at(0)).is_ok());
    }
}
