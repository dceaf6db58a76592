//! New steps as they are recorded, and those from before: nothing missed, nothing twice.

use std::collections::VecDeque;

use tokio::sync::broadcast::{self, error::RecvError};

use super::Error;
use super::model::Step;
use super::read::{Reader, StepQuery};

/// How far a follower may lag before it reads the table again.
pub(super) const BACKLOG: usize = 1024;

/// Follows the steps. Ends when it is dropped.
pub struct Feed {
    reader: Reader,
    live: broadcast::Receiver<Step>,
    /// The last step given out, or seen to be none of this follower's.
    last: i64,
    ready: VecDeque<Step>,
    /// Whether steps may be in the table that `live` does not bring.
    behind: bool,
}

impl Feed {
    pub(super) fn new(reader: Reader, live: broadcast::Receiver<Step>, after: i64) -> Self {
        Self {
            reader,
            live,
            last: after,
            ready: VecDeque::new(),
            behind: true,
        }
    }

    /// The next step, waiting for it. `None` once the service ends. Safe to cancel.
    ///
    /// # Errors
    /// Where the table cannot be read; calling again goes on from the same place.
    pub async fn next(&mut self) -> Result<Option<Step>, Error> {
        loop {
            if let Some(step) = self.ready.pop_front() {
                self.last = step.seq;
                return Ok(Some(step));
            }
            if self.behind {
                let query = StepQuery {
                    after: self.last,
                    ..StepQuery::default()
                };
                let steps = self.reader.steps(&query).await?;
                self.behind = !steps.is_empty();
                self.ready.extend(steps);
                continue;
            }
            match self.live.recv().await {
                Ok(step) if step.seq > self.last => {
                    self.last = step.seq;
                    return Ok(Some(step));
                }
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => return Ok(None),
            }
        }
    }
}
