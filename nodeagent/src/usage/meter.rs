//! Reads when it is asked. It remembers one reading, so that the next one has a rate.

use std::time::Duration;

use tokio::sync::Mutex;

use super::reading::{Before, Measured, Reading};
use crate::pods::Shared;
use crate::runtime::Error;

/// Between two readings where nothing is known from before.
const BETWEEN: Duration = Duration::from_secs(1);

/// Who asks at the same time waits for the same reading.
#[derive(Default)]
pub(crate) struct Meter {
    last: Mutex<Option<Measured>>,
}

impl Meter {
    pub(crate) async fn measured(&self, shared: &Shared) -> Result<Measured, Error> {
        let mut last = self.last.lock().await;
        let now = shared.env.now();
        if let Some(fresh) = last.as_ref().filter(|last| last.is_fresh(now)) {
            return Ok(fresh.clone());
        }
        let earlier = last.clone();
        let mut before = earlier.map_or_else(Before::default, |earlier| earlier.next(now));
        let mut reading = read(shared).await?;
        if before.lacks(&reading) {
            before.complete(&reading);
            shared.sleep(BETWEEN).await;
            reading = read(shared).await?;
        }
        let measured = Measured {
            before,
            now: reading,
        };
        *last = Some(measured.clone());
        Ok(measured)
    }
}

async fn read(shared: &Shared) -> Result<Reading, Error> {
    let containers = shared.runtime.usage().await?;
    Ok(Reading {
        node: shared.host.usage().await,
        containers,
        at: shared.env.now(),
    })
}
