//! Whose turn it is to move the branch that is followed. Of two pushes that are checked at the same time
//! one moves it; the other hears of that in plain words before Git would find it out.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// Between two looks at whose turn it is.
pub(super) const PAUSE: Duration = Duration::from_millis(20);
/// From the last look of a push until Git has moved the branch. Who takes longer has gone away.
const LONGEST: SignedDuration = SignedDuration::from_secs(3);

/// The push that may move it, and since when.
#[derive(Default)]
pub(super) struct Turn(Mutex<Option<(String, Timestamp)>>);

impl Turn {
    /// Whether this push has it now.
    pub(super) fn take(&self, push: &str, now: Timestamp) -> bool {
        let mut turn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_anothers = turn
            .as_ref()
            .is_some_and(|(other, since)| other != push && now.duration_since(*since) < LONGEST);
        if !is_anothers {
            *turn = Some((push.to_owned(), now));
        }
        !is_anothers
    }

    /// It has moved the branch, or will not.
    pub(super) fn end(&self, push: &str) {
        let mut turn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turn.take_if(|(holder, _)| holder == push);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_push_has_it_until_it_is_done_or_went_away() {
        let turn = Turn::default();
        let at = |seconds| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        assert!(turn.take("a", at(0)));
        assert!(turn.take("a", at(1)) && !turn.take("b", at(2)));
        turn.end("b");
        assert!(!turn.take("b", at(2)));
        turn.end("a");
        assert!(turn.take("b", at(2)) && !turn.take("a", at(4)));
        assert!(turn.take("a", at(5)));
    }
}
