//! One commit, several Applications: where one of them fails, the others go back with it.

use jiff::Timestamp;

use api::kinds::OnFailure;

use super::decide::Observed;
use super::record::Rollout;

/// Another Application that failed at the wanted commit, and takes the commit along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fellow {
    pub name: String,
    pub since: Timestamp,
}

/// Why this rollout is not to stay although nothing is wrong with it. What begins after the
/// failure because a person asks for it is nobody's fellow, nor is what the commit did not change.
pub(super) fn failed_with(observed: &Observed, rollout: &Rollout) -> Option<String> {
    let fellow = observed.fellow?;
    let together = observed.application.policy.on_failure == OnFailure::Restore;
    let is_new = rollout.id.is_empty();
    let counts = if is_new {
        !observed.desired.requested
    } else {
        fellow.since >= rollout.started_at
    };
    let alone = rollout.options.is_partial() || observed.desired.retried || !rollout.changed;
    (together && counts && !alone).then(|| {
        let (name, revision) = (&fellow.name, rollout.revision.short());
        format!("application {name} failed at commit {revision}")
    })
}
