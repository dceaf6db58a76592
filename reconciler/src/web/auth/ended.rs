//! Sessions that were ended before their time, in memory as in the history: a request is answered
//! without a query, and a restart revives none. Each is kept until it would have ended by itself.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::watch;

use super::Session;
use crate::history::{self, History};

/// Knows every session that somebody signed out of.
#[derive(Default)]
pub struct Ended {
    /// Where they are on record; without it they are known to this process alone.
    history: Option<History>,
    /// When they would have ended, and their names.
    known: Mutex<BTreeSet<(Timestamp, String)>>,
    /// Moves when one is ended.
    moved: watch::Sender<u64>,
}

impl Ended {
    /// Reads them from the history.
    ///
    /// # Errors
    /// Where the history does not answer.
    pub async fn load(history: &History) -> Result<Self, history::Error> {
        let known = history.reader().ended_sessions().await?;
        Ok(Self {
            history: Some(history.clone()),
            known: Mutex::new(known.into_iter().collect()),
            moved: watch::Sender::default(),
        })
    }

    pub(super) fn has(&self, session: &Session) -> bool {
        let mark = (session.until, session.id.clone());
        self.known().contains(&mark)
    }

    /// It holds at once; an error says that it may not hold after a restart.
    pub(super) async fn add(
        &self,
        session: &Session,
        now: Timestamp,
    ) -> Result<(), history::Error> {
        {
            let mut known = self.known();
            known.retain(|(until, _)| *until > now);
            known.insert((session.until, session.id.clone()));
        }
        self.moved.send_modify(|count| *count += 1);
        match &self.history {
            Some(history) => history.end_session(&session.id, session.until, now).await,
            None => Ok(()),
        }
    }

    pub(super) fn moves(&self) -> watch::Receiver<u64> {
        self.moved.subscribe()
    }

    fn known(&self) -> MutexGuard<'_, BTreeSet<(Timestamp, String)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
