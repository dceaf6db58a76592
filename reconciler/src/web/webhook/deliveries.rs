//! What forges said here last, for the pages of repositories: in memory, and in the history for after
//! a restart. Whoever does not know the secret makes one row, once a minute, and no more.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tracing::warn;

use crate::history::{self, History};

/// Addresses that are remembered; a forge names up to four for one repository.
const MOST: usize = 1_024;

/// What is refused is recorded no oftener.
const QUIET: SignedDuration = SignedDuration::from_mins(1);

/// Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub(crate) struct Deliveries {
    all: Arc<Mutex<All>>,
    /// Where it is kept; `None`: nowhere.
    history: Option<History>,
}

#[derive(Default)]
struct All {
    /// The last one about each address of a repository.
    accepted: BTreeMap<String, Delivery>,
    refused: Option<Refused>,
    /// When a refusal was recorded last.
    recorded: Option<Timestamp>,
}

/// A message that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    pub at: Timestamp,
    /// `github`, `gitlab`, …
    pub forge: String,
    /// What came of it, as the forge was told.
    pub outcome: String,
}

/// A message that was not taken. Whose repository it is about is not known: nothing is read
/// before it is known who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refused {
    pub at: Timestamp,
    pub why: String,
    /// How many there were.
    pub count: u64,
}

/// How a repository's webhook is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    /// The last message about the repository; absent where there was none.
    pub last: Option<Delivery>,
    /// The last message that was refused after that, of any repository.
    pub refused: Option<Refused>,
}

impl Deliveries {
    /// What is on record from before the start.
    pub(crate) async fn load(history: &History) -> Result<Self, history::Error> {
        let reader = history.reader();
        let all = All {
            accepted: reader.messages().await?,
            refused: reader.refusal().await?,
            recorded: None,
        };
        Ok(Self {
            all: Arc::new(Mutex::new(all)),
            history: Some(history.clone()),
        })
    }

    /// Notes a message, and records it; where that cannot be, it is known until the next start.
    pub(crate) async fn took(&self, repositories: &[String], delivery: &Delivery) {
        self.note(repositories, delivery);
        if let Some(history) = &self.history {
            let put = history.put_message(repositories, delivery, MOST).await;
            if let Err(error) = put {
                warn!(%error, "cannot record what a forge said");
            }
        }
    }

    fn note(&self, repositories: &[String], delivery: &Delivery) {
        let mut all = self.lock();
        for address in repositories {
            if all.accepted.len() >= MOST && !all.accepted.contains_key(address) {
                let oldest = all.accepted.iter().min_by_key(|(_, it)| it.at);
                if let Some(oldest) = oldest.map(|(address, _)| address.clone()) {
                    all.accepted.remove(&oldest);
                }
            }
            all.accepted.insert(address.clone(), delivery.clone());
        }
    }

    pub(super) async fn refused(&self, why: String, at: Timestamp) {
        let recorded = self.note_refused(why, at);
        if let (Some(refused), Some(history)) = (recorded, &self.history)
            && let Err(error) = history.put_refusal(&refused).await
        {
            warn!(%error, "cannot record that a message was refused");
        }
    }

    /// Answers what is to be recorded.
    fn note_refused(&self, why: String, at: Timestamp) -> Option<Refused> {
        let mut all = self.lock();
        let count = all.refused.as_ref().map_or(0, |last| last.count) + 1;
        let refused = Refused { at, why, count };
        all.refused = Some(refused.clone());
        let is_quiet = |last: Timestamp| last.duration_until(at) >= QUIET;
        let records = all.recorded.is_none_or(is_quiet);
        records.then(|| {
            all.recorded = Some(at);
            refused
        })
    }

    /// How the webhook of a repository is, of which `names` tells whether an address means it.
    pub(crate) fn of(&self, names: impl Fn(&str) -> bool) -> Webhook {
        let all = self.lock();
        let own = all.accepted.iter().filter(|(address, _)| names(address));
        let last = own.map(|(_, delivery)| delivery).max_by_key(|it| it.at);
        let since = |refused: &&Refused| last.is_none_or(|last| last.at < refused.at);
        Webhook {
            refused: all.refused.as_ref().filter(since).cloned(),
            last: last.cloned(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_is_recorded_once_a_minute_and_counted_always() {
        let deliveries = Deliveries::default();
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let records = |second: i64| deliveries.note_refused("late".into(), at(second));
        assert_eq!(records(0).map(|it| it.count), Some(1));
        assert!((1..60).all(|second| records(second).is_none()));
        let next = records(60).unwrap();
        assert_eq!((next.count, next.at), (61, at(60)));
        assert_eq!(deliveries.of(|_| true).refused.unwrap().count, 61);
    }
}
