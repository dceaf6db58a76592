//! What a rollout does next. One attempt to bring one Application to one commit; the next pass
//! starts from observation again, so a crash anywhere is just another pass.

mod correct;
mod decide;
mod dependencies;
mod drift;
mod fellow;
mod hooks;
mod options;
mod pause;
mod record;
mod rollback;
mod run;
mod status;
#[cfg(test)]
mod tests;

pub use api::kinds::{RolloutPhase, SyncStatus};
pub use correct::{Correction, backoff};
pub use decide::{Awaited, Decision, Desired, Observed, decide};
pub use dependencies::{Dependency, DependencyState};
pub use drift::drifted;
pub use fellow::Fellow;
pub use options::{Options, short};
pub use pause::{Pause, pause};
pub use record::{Applied, CommitId, Rollout};
pub use rollback::{Rollback, rollback};
pub use status::{State, state};
