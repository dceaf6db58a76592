//! Drift: when what others changed is put back. At once, then slower and slower where somebody
//! keeps changing it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The first pause between two corrections of the same object.
const FIRST: SignedDuration = SignedDuration::from_secs(2);
/// The longest.
const LONGEST: SignedDuration = SignedDuration::from_secs(300);
/// A correction that held this long was the end of it; the next one is at once again. Together
/// with the pauses this bounds a fight to five writes a minute.
const QUIET: SignedDuration = SignedDuration::from_secs(15);

/// The corrections of one object since it last stayed as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    pub attempts: u32,
    pub last: Timestamp,
}

impl Correction {
    /// When the next one may be made.
    pub fn due(self) -> Timestamp {
        self.last + backoff(self.attempts)
    }

    /// The record after a correction at `now`.
    #[must_use]
    pub fn after(previous: Option<Self>, now: Timestamp) -> Self {
        Self {
            attempts: previous.map_or(0, |previous| previous.running(now)) + 1,
            last: now,
        }
    }

    /// The attempts that still count at `now`.
    fn running(self, now: Timestamp) -> u32 {
        let quiet = (backoff(self.attempts) * 5).max(QUIET);
        if now > self.last + quiet {
            0
        } else {
            self.attempts
        }
    }

    /// Whether somebody keeps changing it back.
    pub fn is_fight(self) -> bool {
        self.attempts > 2
    }
}

/// The pause after so many attempts: none, 2 s, 6 s, 18 s, … 300 s.
pub fn backoff(attempts: u32) -> SignedDuration {
    match attempts {
        0 => SignedDuration::ZERO,
        1..=6 => (FIRST * 3_i32.pow(attempts - 1)).min(LONGEST),
        _ => LONGEST,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn two_writers_settle_below_five_writes_a_minute() {
        for pause in [1, 2, 5, 7, 14, 16, 20] {
            let (mut correction, mut writes, mut now) = (None, BTreeSet::new(), 0);
            while now < 600 {
                let due = correction.map_or(at(now), Correction::due);
                let write = due.max(at(now));
                correction = Some(Correction::after(correction, write));
                let seconds = write.duration_since(at(0)).as_secs();
                writes.insert(seconds);
                now = seconds + pause;
            }
            let busiest = writes
                .iter()
                .map(|from| writes.range(*from..from + 60).count())
                .max()
                .unwrap();
            assert!(
                busiest <= 5,
                "{busiest} writes in a minute with a pause of {pause} s"
            );
        }
    }
}
