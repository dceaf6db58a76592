//! What this process waits for and does not do itself: a database, a disk, another program. In a
//! simulation no time may pass meanwhile, and nobody else may move; elsewhere this does nothing.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use tokio::task::JoinError;

thread_local! {
    static HERE: RefCell<Option<Outside>> = const { RefCell::new(None) };
}

/// How much is waited for. Cheap to clone; all clones count the same.
#[derive(Debug, Clone, Default)]
pub struct Outside {
    open: Arc<AtomicUsize>,
}

impl Outside {
    /// From now on, what is begun on this thread is counted here.
    pub fn count_on_this_thread(&self) {
        HERE.set(Some(self.clone()));
    }

    /// Whether anything is waited for.
    pub fn is_awaited(&self) -> bool {
        self.open.load(Ordering::SeqCst) > 0
    }
}

/// Something that is waited for, until this is dropped.
#[derive(Debug)]
pub struct Waiting {
    of: Option<Outside>,
}

impl Waiting {
    /// It begins now.
    pub fn begin() -> Self {
        let of = HERE.with_borrow(Clone::clone);
        if let Some(outside) = &of {
            outside.open.fetch_add(1, Ordering::SeqCst);
        }
        Self { of }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(outside) = &self.of {
            outside.open.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// Runs `work`, which others do. A simulated process may end right after it: done, and nobody
/// knows yet.
pub async fn outside<T>(work: impl Future<Output = T>) -> T {
    let waiting = Waiting::begin();
    let answer = work.await;
    let is_simulated = waiting.of.is_some();
    drop(waiting);
    if is_simulated {
        pause().await;
    }
    answer
}

/// Runs `work` off the asynchronous threads: it blocks.
///
/// # Errors
/// It panicked, or the runtime ends.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    outside(tokio::task::spawn_blocking(work)).await
}

/// Lets others go first, once.
async fn pause() {
    let mut paused = false;
    std::future::poll_fn(|context| {
        if paused {
            return Poll::Ready(());
        }
        paused = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use tokio::sync::oneshot;

    use super::*;

    #[test]
    fn counts_what_is_waited_for_where_somebody_wants_to_know() {
        let idle = Waiting::begin();
        let counted = Outside::default();
        counted.count_on_this_thread();
        drop(idle);
        assert!(!counted.is_awaited());

        let (done, answer) = oneshot::channel();
        let mut work = Box::pin(outside(answer));
        assert!(!counted.is_awaited());
        assert!(work.as_mut().now_or_never().is_none());
        assert!(counted.is_awaited());
        done.send(1).unwrap();
        // It is over, and its process may end before it knows.
        assert!(work.as_mut().now_or_never().is_none());
        assert!(!counted.is_awaited());
        assert_eq!(work.now_or_never(), Some(Ok(1)));

        let given_up = outside(std::future::pending::<()>()).now_or_never();
        assert!(given_up.is_none());
        assert!(!counted.is_awaited());
        HERE.set(None);
    }
}
