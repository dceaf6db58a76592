//! Time that passes only when nothing else can happen.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use client::Clock;
use jiff::Timestamp;

/// Stands still until [`VirtualClock::advance`].
pub struct VirtualClock {
    state: Mutex<State>,
}

struct State {
    now: Timestamp,
    asleep: u64,
    /// By the time they wake, then in the order they fell asleep.
    sleepers: BTreeMap<(Timestamp, u64), Waker>,
}

impl VirtualClock {
    pub fn new(now: Timestamp) -> Self {
        Self {
            state: Mutex::new(State {
                now,
                asleep: 0,
                sleepers: BTreeMap::new(),
            }),
        }
    }

    /// Moves to the next moment at which somebody wakes, but not past `limit`. Answers whether
    /// there is such a moment; otherwise it is `limit` now.
    pub fn advance(&self, limit: Timestamp) -> bool {
        let mut state = self.state();
        let next = state.sleepers.first_key_value().map(|((at, _), _)| *at);
        let Some(next) = next.filter(|at| *at <= limit) else {
            state.now = limit;
            return false;
        };
        state.now = state.now.max(next);
        while let Some(entry) = state.sleepers.first_entry() {
            if entry.key().0 > next {
                break;
            }
            entry.remove().wake();
        }
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.state().now
    }

    async fn sleep(&self, duration: Duration) {
        let at = self.now().saturating_add(duration);
        let sleep = Sleep {
            clock: self,
            at: at.unwrap_or(Timestamp::MAX),
            place: None,
        };
        sleep.await;
    }
}

struct Sleep<'a> {
    clock: &'a VirtualClock,
    at: Timestamp,
    place: Option<u64>,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.clock.state();
        if state.now >= self.at {
            return Poll::Ready(());
        }
        let place = self.place.unwrap_or_else(|| {
            state.asleep += 1;
            state.asleep
        });
        state
            .sleepers
            .insert((self.at, place), context.waker().clone());
        drop(state);
        self.place = Some(place);
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.clock.state().sleepers.remove(&(self.at, place));
        }
    }
}
