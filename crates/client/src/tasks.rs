//! The one way to start a task: tracked, cancelled together, drained at the end.

use std::future::Future;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A group of tasks with one cancellation token. Cheap to clone.
#[derive(Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    token: CancellationToken,
}

impl Tasks {
    pub fn new(token: CancellationToken) -> Self {
        Self {
            tracker: TaskTracker::new(),
            token,
        }
    }

    /// Cancelled when the group is to end. Long loops select on it.
    pub fn token(&self) -> &CancellationToken {
        &self.token
    }

    /// Runs `task` to its end; it watches [`Tasks::token`] itself.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(task);
    }

    /// Runs `task` until it ends or the group is cancelled, whichever is first.
    pub fn spawn_until_cancelled(&self, task: impl Future<Output = ()> + Send + 'static) {
        let token = self.token.clone();
        self.tracker.spawn(async move {
            tokio::select! {
                () = token.cancelled() => {}
                () = task => {}
            }
        });
    }

    /// Cancels the group and waits until every task has ended.
    pub async fn drain(&self) {
        self.token.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}
