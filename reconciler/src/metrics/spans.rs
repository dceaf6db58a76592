//! How long a rollout took, from where its commit came to be known. Pure.

use jiff::Timestamp;

use crate::history::{Apply, Push, Rollout};

/// In seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spans {
    /// `None` where nothing had to be applied.
    pub(super) to_applied: Option<f64>,
    pub(super) to_converged: f64,
}

/// `None` before the rollout is over. Without a push the rollout's own start counts: a first look,
/// a sync by hand, a change of the Application.
pub(super) fn spans(rollout: &Rollout, push: Option<&Push>, applies: &[Apply]) -> Option<Spans> {
    let from = push.map_or(rollout.started_at, |push| push.received_at);
    let applied = applies.iter().filter(|apply| apply.error.is_empty());
    let applied = applied.filter_map(|apply| apply.finished_at).max();
    Some(Spans {
        to_applied: applied.map(|at| seconds(from, at)),
        to_converged: seconds(from, rollout.finished_at?),
    })
}

/// Never below zero: clocks may be set back.
pub(super) fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64().max(0.0)
}
