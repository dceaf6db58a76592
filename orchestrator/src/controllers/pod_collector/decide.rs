//! Whether a pod is still anybody's.

use std::time::Duration;

use api::Object;
use jiff::Timestamp;

/// A node that is missing may register again.
const QUARANTINE: Duration = Duration::from_secs(40);

pub(super) struct Observed<'a> {
    pub(super) pod: &'a Object,
    /// `None` where its node exists or it has none.
    pub(super) missing_since: Option<Timestamp>,
    pub(super) now: Timestamp,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Keep,
    LookAgain(Duration),
    Remove,
}

pub(super) fn decide(observed: &Observed) -> Verdict {
    let pod = observed.pod;
    if pod.text("/spec/nodeName").is_empty() {
        // Nobody has started it: nobody needs its grace period.
        return if pod.is_deleting() {
            Verdict::Remove
        } else {
            Verdict::Keep
        };
    }
    let Some(since) = observed.missing_since else {
        return Verdict::Keep;
    };
    let due = since.saturating_add(QUARANTINE).unwrap_or(Timestamp::MAX);
    match Duration::try_from(due.duration_since(observed.now)) {
        Ok(wait) if !wait.is_zero() => Verdict::LookAgain(wait),
        _ => Verdict::Remove,
    }
}
