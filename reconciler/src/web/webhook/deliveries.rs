//! What forges said here last, for the pages of repositories. In memory, since the start: whoever
//! does not know the secret must not be able to write anything.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

/// Addresses that are remembered; a forge names up to four for one repository.
const MOST: usize = 1_024;

/// Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub(crate) struct Deliveries(Arc<Mutex<All>>);

#[derive(Default)]
struct All {
    /// The last one about each address of a repository.
    accepted: BTreeMap<String, Delivery>,
    refused: Option<Refused>,
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
    /// Since the start.
    pub count: u64,
}

/// How a repository's webhook is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    /// The last message about the repository; absent where there was none since the start.
    pub last: Option<Delivery>,
    /// The last message that was refused after that, of any repository.
    pub refused: Option<Refused>,
}

impl Deliveries {
    pub(super) fn took(&self, repositories: &[String], delivery: &Delivery) {
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

    pub(super) fn refused(&self, why: String, at: Timestamp) {
        let mut all = self.lock();
        let count = all.refused.as_ref().map_or(0, |last| last.count) + 1;
        all.refused = Some(Refused { at, why, count });
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
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
