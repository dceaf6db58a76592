//! How long a container that ended waits before it runs again. Pure: everything follows from
//! what the runtime recorded of the attempt that ended.

use std::time::Duration;

use jiff::Timestamp;

use super::names;
use super::spec::{between, later};
use crate::runtime::{Container, ContainerState};

const FIRST: Duration = Duration::from_secs(10);
const MOST: Duration = Duration::from_mins(5);
/// A run this long wipes the slate.
const GOOD_RUN: Duration = Duration::from_mins(10);

/// The wait before the next attempt: none after the first crash, then 10 s, doubling to 5 min.
pub(super) fn delay(ended: &Container) -> Duration {
    let ContainerState::Exited {
        started_at,
        finished_at,
        ..
    } = &ended.state
    else {
        return Duration::ZERO;
    };
    let ran = started_at.map_or(Duration::ZERO, |start| between(start, *finished_at));
    let waited = ended
        .annotations
        .get(names::RESTART_DELAY)
        .and_then(|seconds| seconds.parse().ok())
        .map(Duration::from_secs);
    match waited {
        None => Duration::ZERO,
        Some(_) if ran >= GOOD_RUN => Duration::ZERO,
        Some(Duration::ZERO) => FIRST,
        Some(waited) => waited.saturating_mul(2).min(MOST),
    }
}

/// When the next attempt may start. `None` for what has not ended.
pub(super) fn due(ended: &Container) -> Option<Timestamp> {
    match ended.state {
        ContainerState::Exited { finished_at, .. } => Some(later(finished_at, delay(ended))),
        _ => None,
    }
}
