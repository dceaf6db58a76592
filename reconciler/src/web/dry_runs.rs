//! How often somebody may have something tried out: a dry run costs the API server as much as the
//! change itself.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use client::Env;
use jiff::{SignedDuration, Timestamp};

use super::app::App;
use super::error::PageError;
use super::visitor::Visitor;

/// Dry runs that somebody may ask for without a pause.
const AT_ONCE: i32 = 200;
/// After that, one more each time this has passed.
const EACH: SignedDuration = SignedDuration::from_millis(50);
/// People who are remembered, before those whose pause is over are forgotten.
const PEOPLE: usize = 10_000;

/// What everybody has asked for lately.
pub(super) struct DryRuns {
    /// The present, whatever moment a page is about.
    env: Env,
    /// When somebody's dry runs would be through, had each been asked for in its turn: the virtual
    /// scheduling of the generic cell rate algorithm (ITU-T I.371).
    through: Mutex<BTreeMap<String, Timestamp>>,
}

impl DryRuns {
    pub(super) fn new(env: Env) -> Self {
        Self {
            env,
            through: Mutex::default(),
        }
    }

    /// Counts one more of somebody's.
    ///
    /// # Errors
    /// How long to wait, where there were too many; that one does not count.
    fn take(&self, who: &str, now: Timestamp) -> Result<(), Duration> {
        let mut all = self.through.lock().unwrap_or_else(PoisonError::into_inner);
        let before = all.get(who).copied().unwrap_or(now).max(now);
        let through = before + EACH;
        let ahead = now.duration_until(through) - EACH * AT_ONCE;
        if ahead.is_positive() {
            return Err(ahead.unsigned_abs());
        }
        if all.len() >= PEOPLE {
            all.retain(|_, through| *through > now);
        }
        all.insert(who.to_owned(), through);
        Ok(())
    }
}

impl App {
    /// Counts a dry run of this visitor's.
    ///
    /// # Errors
    /// [`PageError::TooMany`], and for who is not signed in.
    pub(super) fn admit_dry_run(&self, visitor: &Visitor) -> Result<(), PageError> {
        let who = visitor.person()?;
        let who = format!("{} <{}>", who.name, who.email);
        let taken = self.dry_runs.take(&who, self.dry_runs.env.now());
        taken.map_err(|wait| PageError::TooMany { wait })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_too_often_waits_and_nobody_else_does() {
        let all = DryRuns::new(super::super::tests::env());
        let now = Timestamp::UNIX_EPOCH;
        let later = |millis| now + SignedDuration::from_millis(millis);
        for number in 0..AT_ONCE {
            assert_eq!(all.take("ada", now), Ok(()), "{number}");
        }
        assert_eq!(all.take("ada", now), Err(Duration::from_millis(50)));
        assert_eq!(all.take("ada", later(20)), Err(Duration::from_millis(30)));
        assert_eq!(all.take("eve", now), Ok(()));
        assert_eq!(all.take("ada", later(50)), Ok(()));
        assert_eq!(all.take("ada", later(50)), Err(Duration::from_millis(50)));

        // After a rest there is room for as many again, and not for more.
        let rested = later(3_600_000);
        let many = (0..AT_ONCE + 5).filter(|_| all.take("ada", rested).is_ok());
        assert_eq!(many.count(), 200);
    }
}
