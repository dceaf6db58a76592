//! Other Applications that have to be healthy first.

use jiff::SignedDuration;

use api::kinds::RolloutPhase;

use super::decide::{Awaited, Decision, Observed, fail};
use super::record::Rollout;

/// How long every Application may take to look at a new commit before that is worth a word.
const GLANCE: SignedDuration = SignedDuration::from_secs(2);

/// Another Application that must be healthy first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    pub name: String,
    pub state: DependencyState,
}

/// How far a dependency is, seen from the commit it shares with us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DependencyState {
    /// Healthy at this commit.
    Ready,
    /// It has not looked at this commit; it will within the moment.
    Unseen,
    /// On its way; the reason is a clause such as `is Progressing`.
    Waiting(String),
    /// There is no such Application (yet).
    Absent,
    /// Its own rollout of this commit failed.
    Failed,
}

/// `Some` as long as other Applications are in the way.
pub(super) fn dependencies(observed: &Observed, rollout: &Rollout) -> Option<Vec<Decision>> {
    if rollout.began_at.is_some() {
        return None;
    }
    let patience = rollout.started_at + observed.application.deadline;
    for dependency in observed.dependencies {
        let name = &dependency.name;
        let (reason, until) = match &dependency.state {
            DependencyState::Ready => continue,
            DependencyState::Unseen if observed.now < rollout.started_at + GLANCE => {
                return Some(vec![Decision::Wake {
                    at: rollout.started_at + GLANCE,
                }]);
            }
            DependencyState::Unseen => {
                let revision = observed.desired.revision.short();
                let look = observed.now + observed.application.deadline;
                let reason = format!(
                    "waits for application {name}, which has not come to commit {revision} yet"
                );
                (reason, look)
            }
            DependencyState::Failed => {
                let revision = observed.desired.revision.short();
                return Some(fail(format!(
                    "application {name} failed at commit {revision}"
                )));
            }
            DependencyState::Absent if observed.now >= patience => {
                return Some(fail(format!("there is no application {name} to depend on")));
            }
            DependencyState::Absent => (format!("waits for application {name} to exist"), patience),
            DependencyState::Waiting(why) => {
                // Its own deadline ends the wait; this is only a second look.
                let look = observed.now + observed.application.deadline;
                (format!("waits for application {name}, which {why}"), look)
            }
        };
        return Some(vec![Decision::Await {
            phase: RolloutPhase::Pending,
            wave: None,
            on: Awaited::Other,
            reason,
            until,
        }]);
    }
    None
}
