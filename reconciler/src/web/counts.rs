//! What the navigation counts. Read when something changed and a page is made, once for all pages;
//! never because time has passed.

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use super::app::App;
use super::view::component::Tone;
use super::view::count::Counts;
use super::view::facts::Facts;
use crate::service::Error;

/// However much changes, they are read no more often.
const PAUSE: SignedDuration = SignedDuration::from_secs(1);

/// What was read last: at which change, when, and what.
#[derive(Debug, Default)]
pub(super) struct Counted(Mutex<Option<(u64, Timestamp, Counts)>>);

impl App {
    /// As they are now. Of the past nothing is counted: what needs somebody is a matter of now.
    pub(super) async fn counts(&self) -> Counts {
        self.count(None).await
    }

    /// The same for whoever has read all applications already.
    pub(super) async fn counts_of(&self, all: &[Facts]) -> Counts {
        self.count(Some(all)).await
    }

    async fn count(&self, all: Option<&[Facts]>) -> Counts {
        if self.past.is_some() {
            return Counts::default();
        }
        let (change, now) = (*self.changes.borrow(), self.env.now());
        let mut known = self.counted.0.lock().await;
        if let Some((of, at, counts)) = *known
            && (of == change || at.duration_until(now) < PAUSE)
        {
            return counts;
        }
        match self.read(all).await {
            Ok(counts) => {
                *known = Some((change, now, counts));
                counts
            }
            // The page says elsewhere what it could not read.
            Err(_) => Counts::default(),
        }
    }

    async fn read(&self, all: Option<&[Facts]>) -> Result<Counts, Error> {
        let changes = self.backend.open_changes().await?;
        if let Some(all) = all {
            return Ok(counted(all, changes));
        }
        let views = self.backend.applications().await?;
        let all: Vec<Facts> = views.iter().map(|view| Facts::new(view, None)).collect();
        Ok(counted(&all, changes))
    }
}

fn counted(all: &[Facts], changes: usize) -> Counts {
    let count = |is: fn(&&Facts) -> bool| all.iter().filter(is).count();
    Counts {
        needy: count(|it| it.concern() >= Tone::Warn),
        running: count(|it| it.running().is_some()),
        changes,
    }
}
