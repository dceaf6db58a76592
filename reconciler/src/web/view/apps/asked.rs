//! Which commit the row of an application names. Pure.

use engine::rollout::RolloutPhase;

use crate::history::Rollout;
use crate::web::view::commit;
use crate::web::view::component::CommitChip;

/// What failed is told by the commit that broke it, not by the one it was tried again with.
pub(super) fn asked(last: Option<&Rollout>) -> (Option<CommitChip>, String) {
    let Some(last) = last else {
        return (None, String::new());
    };
    let again = last.phase == RolloutPhase::Failed && last.first_try.is_some();
    let (revision, subject) = if again {
        let again = format!("tried again with {}", last.revision.short());
        (last.first().revision, again)
    } else {
        (last.revision.clone(), last.subject().to_owned())
    };
    let chip = CommitChip::new(&revision, commit::href(&revision));
    (Some(chip), subject)
}

#[test]
fn who_pushed_since_did_not_break_it() {
    let failed = crate::web::view::tests::rollout(RolloutPhase::Failed, 60);
    let told = |rollout: &Rollout| {
        let (chip, subject) = asked(Some(rollout));
        (chip.unwrap().id.clone(), subject)
    };
    let own = (failed.revision.clone(), failed.subject().to_owned());
    assert_eq!(told(&failed), own);
    let first = crate::history::FirstTry {
        revision: engine::rollout::CommitId("c".repeat(40)),
        ..failed.first()
    };
    let again = Rollout {
        first_try: Some(Box::new(first.clone())),
        ..failed.clone()
    };
    let with = format!("tried again with {}", failed.revision.short());
    assert_eq!(told(&again), (first.revision, with));
    let good = Rollout {
        phase: RolloutPhase::Succeeded,
        ..again
    };
    assert_eq!(told(&good), own);
}
