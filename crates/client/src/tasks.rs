//! The one way to start a task: tracked, cancelled together, drained at the end.

use std::future::Future;
use std::sync::Arc;

use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Runs what it is given beside everything else. Tokio, except in a simulation.
pub trait Spawner: Send + Sync + 'static {
    fn spawn(&self, task: BoxFuture<'static, ()>);
}

/// The runtime of the caller.
struct Tokio;

impl Spawner for Tokio {
    #[expect(clippy::disallowed_methods, reason = "this is the tracked spawner")]
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        tokio::spawn(task);
    }
}

/// A group of tasks with one cancellation token. Cheap to clone.
#[derive(Clone)]
pub struct Tasks {
    tracker: TaskTracker,
    token: CancellationToken,
    spawner: Arc<dyn Spawner>,
}

impl Default for Tasks {
    fn default() -> Self {
        Self::new(CancellationToken::new())
    }
}

impl Tasks {
    pub fn new(token: CancellationToken) -> Self {
        Self::on(Arc::new(Tokio), token)
    }

    /// A group whose tasks `spawner` runs.
    pub fn on(spawner: Arc<dyn Spawner>, token: CancellationToken) -> Self {
        Self {
            tracker: TaskTracker::new(),
            token,
            spawner,
        }
    }

    /// A group inside this one: it is cancelled with it, or earlier by itself.
    #[must_use]
    pub fn child(&self) -> Self {
        Self::on(self.spawner.clone(), self.token.child_token())
    }

    /// Cancelled when the group is to end. Long loops select on it.
    pub fn token(&self) -> &CancellationToken {
        &self.token
    }

    /// Runs `task` to its end; it watches [`Tasks::token`] itself.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.spawner
            .spawn(Box::pin(self.tracker.track_future(task)));
    }

    /// Runs `task` until it ends or the group is cancelled, whichever is first.
    pub fn spawn_until_cancelled(&self, task: impl Future<Output = ()> + Send + 'static) {
        let token = self.token.clone();
        self.spawn(async move {
            tokio::select! {
                biased;
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
