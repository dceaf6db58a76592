//! When to look at a repository again: when somebody says so, when its files change, and now and
//! then anyway.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use client::{Backoff, Env};

use super::Source;
use super::notify::Notifier;
use crate::history::Trigger;

/// Looks that follow each other this closely are one.
const PAUSE: Duration = Duration::from_millis(20);
/// How long to wait after failures to fetch.
const FAILED: Backoff = Backoff {
    first: Duration::from_secs(2),
    most: Duration::from_mins(5),
};

/// Lets others ask for a look. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Waker {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    asked: Arc<Notify>,
    why: Mutex<Option<Trigger>>,
}

impl Waker {
    pub(crate) fn wake(&self, trigger: Trigger) {
        *self.why() = Some(trigger);
        self.shared.asked.notify_one();
    }

    fn why(&self) -> std::sync::MutexGuard<'_, Option<Trigger>> {
        self.shared
            .why
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The looks at one repository.
pub(crate) struct Polling {
    env: Env,
    interval: Option<Duration>,
    waker: Waker,
    changed: Arc<Notify>,
    notifier: Option<Notifier>,
    failures: u32,
}

impl Polling {
    /// `interval`: how often a repository elsewhere is asked for news.
    pub(crate) fn new(source: &Source, interval: Duration, waker: &Waker, env: &Env) -> Self {
        let changed = Arc::new(Notify::new());
        Self {
            env: env.clone(),
            interval: (!source.is_hosted()).then_some(interval),
            waker: waker.clone(),
            notifier: source.notifier(&changed),
            changed,
            failures: 0,
        }
    }

    /// What happens to files is no news.
    pub(crate) fn only_poll(&mut self) {
        self.notifier = None;
    }

    /// Says how the last look went; failures make the next one later.
    pub(crate) fn looked(&mut self, worked: bool) {
        self.failures = if worked { 0 } else { self.failures + 1 };
    }

    /// Waits until it is time for the next look.
    pub(crate) async fn next(&mut self) -> Trigger {
        if self.interval.is_some() {
            self.env.clock.sleep(PAUSE).await;
        }
        let timer = async {
            match self.wait() {
                Some(wait) => self.env.clock.sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        let trigger = tokio::select! {
            biased;
            () = self.waker.shared.asked.notified() => None,
            () = self.changed.notified() => Some(Trigger::Notify),
            () = timer => Some(Trigger::Poll),
        };
        let asked = self.waker.why().take();
        asked.or(trigger).unwrap_or(Trigger::Poll)
    }

    fn wait(&self) -> Option<Duration> {
        if self.failures > 0 {
            return Some(FAILED.jittered(self.failures, &*self.env.ids));
        }
        let interval = self.interval?;
        let spread = Backoff {
            first: interval,
            most: interval,
        };
        // Between 75 % and 100 %, so that many repositories are not asked at once.
        Some(interval / 2 + spread.jittered(1, &*self.env.ids) / 2)
    }
}
