//! One read of the newest revision for everybody who waits for it.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

use api::Revision;

use crate::store::Error;

/// Lets many callers share one read, as long as it began after they asked: its failure too, or while
/// the store is down each would wait for the failures of all before it.
pub(super) struct Coalescer {
    begun: AtomicU64,
    last: Mutex<(u64, Result<Revision, Error>)>,
}

impl Default for Coalescer {
    fn default() -> Self {
        Self {
            begun: AtomicU64::default(),
            last: Mutex::new((0, Ok(Revision::default()))),
        }
    }
}

impl Coalescer {
    /// What a read that began after this call answers.
    pub(super) async fn share<F>(&self, read: impl FnOnce() -> F) -> Result<Revision, Error>
    where
        F: Future<Output = Result<Revision, Error>>,
    {
        let begun_before = self.begun.load(Ordering::SeqCst);
        let mut last = self.last.lock().await;
        if last.0 <= begun_before {
            let ticket = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
            *last = (ticket, read().await);
        }
        last.1.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicI64;

    use futures::future::join_all;

    use super::*;

    #[tokio::test]
    async fn callers_share_reads_and_their_failures() {
        let down = || Error::Unavailable {
            operation: "read",
            detail: "down".into(),
        };
        for is_down in [false, true] {
            let (coalescer, reads) = (Coalescer::default(), AtomicI64::new(0));
            let read = async || {
                let count = reads.fetch_add(1, Ordering::SeqCst) + 1;
                tokio::task::yield_now().await;
                if is_down {
                    Err(down())
                } else {
                    Ok(Revision(count))
                }
            };
            let answers = join_all((0..50).map(|_| coalescer.share(&read))).await;
            // The first began before the others asked; all the others share the second.
            assert_eq!(reads.load(Ordering::SeqCst), 2);
            assert!(answers.iter().all(|answer| answer.is_err() == is_down));
            // Who asks later is not answered from before.
            let later = coalescer.share(&read).await;
            assert_eq!(reads.load(Ordering::SeqCst), 3);
            assert_eq!(later.is_err(), is_down);
        }
    }
}
