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
        match self.count().await {
            Ok(counts) => {
                *known = Some((change, now, counts));
                counts
            }
            // The page says elsewhere what it could not read.
            Err(_) => Counts::default(),
        }
    }

    async fn count(&self) -> Result<Counts, Error> {
        let views = self.backend.applications().await?;
        let facts: Vec<Facts> = views.iter().map(|view| Facts::new(view, None)).collect();
        let count = |is: fn(&&Facts) -> bool| facts.iter().filter(is).count();
        Ok(Counts {
            needy: count(|it| it.concern() >= Tone::Warn),
            running: count(|it| it.running().is_some()),
            changes: self.backend.open_changes().await?,
        })
    }
}
