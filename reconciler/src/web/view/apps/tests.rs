//! Who needs somebody, and what is offered.

use super::super::checks::tests::facts;
use super::super::tests::{now, rollout};
use super::attention;
use crate::history::Hold;
use crate::history::Rollout;
use crate::web::view::facts::Facts;
use engine::rollout::CommitId;
use engine::rollout::RolloutPhase;

#[test]
fn going_back_is_offered_where_there_is_something_to_go_back_to() {
    let check = |previous: &str, revision: &str, offered: bool| {
        let last = Rollout {
            previous: CommitId(previous.into()),
            revision: CommitId(revision.into()),
            ..rollout(RolloutPhase::Failed, 100)
        };
        let held = Facts {
            held: Some(Hold {
                application: "web".into(),
                revision: last.revision.clone(),
                rollout: last.id.clone(),
                reason: String::new(),
                since: now(),
                atomic: false,
            }),
            last: Some(last),
            ..facts()
        };
        let shown = attention(&[held], now());
        let mut actions = shown.items[0].actions.iter();
        let found = actions.any(|(label, _)| *label == "Roll back");
        assert_eq!(found, offered, "{previous} to {revision}");
    };
    check("aaaaaaa", "bbbbbbb", true);
    // It never converged, and a sync of the commit that is there.
    check("", "bbbbbbb", false);
    check("bbbbbbb", "bbbbbbb", false);
}
