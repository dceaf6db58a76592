//! Whose turn it is to move the branch that is followed. Of two pushes that are checked at the same time
//! one moves it; the other hears of that in plain words before Git would find it out.

use std::sync::{Mutex, PoisonError};

use client::Env;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

/// From the last look of a push until Git has moved the branch. Who takes longer has gone away.
const LONGEST: SignedDuration = SignedDuration::from_secs(3);

#[derive(Default)]
pub(super) struct Turn {
    /// The push that may move it, and since when.
    holder: Mutex<Option<(String, Timestamp)>>,
    ended: Notify,
}

impl Turn {
    /// Until this push has it: when the one before ends, or has gone away.
    pub(super) async fn wait(&self, push: &str, env: &Env) {
        loop {
            let ended = self.ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            if self.take(push, env.now()) {
                return;
            }
            tokio::select! {
                () = ended => {}
                () = env.clock.sleep(LONGEST.unsigned_abs()) => {}
            }
        }
    }

    /// Whether this push has it now.
    fn take(&self, push: &str, now: Timestamp) -> bool {
        let mut turn = self.holder.lock().unwrap_or_else(PoisonError::into_inner);
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
        let mut turn = self.holder.lock().unwrap_or_else(PoisonError::into_inner);
        if turn.take_if(|(holder, _)| holder == push).is_some() {
            self.ended.notify_waiters();
        }
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

    #[tokio::test]
    async fn who_waits_is_told_that_the_one_before_has_ended() {
        let (turn, env) = (Turn::default(), Env::system());
        assert!(turn.take("a", env.now()));
        let begun = env.now();
        let end = async {
            tokio::task::yield_now().await;
            turn.end("a");
        };
        tokio::join!(turn.wait("b", &env), end);
        assert!(env.now().duration_since(begun) < LONGEST);
        assert!(!turn.take("a", env.now()));
    }
}
