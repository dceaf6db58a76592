//! Who needs somebody, and what is offered.

use super::super::checks::tests::facts;
use super::super::tests::{now, rollout};
use super::attention;
use crate::history::Hold;
use crate::history::Rollout;
use crate::web::view::facts::Facts;
use engine::rollout::CommitId;
use engine::rollout::{Pause, RolloutPhase, SyncStatus};

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
        let shown = attention(&[held], |_| None, now());
        let mut actions = shown.items[0].actions.iter();
        let found = actions.any(|(label, _)| *label == "Roll back");
        assert_eq!(found, offered, "{previous} to {revision}");
    };
    check("aaaaaaa", "bbbbbbb", true);
    // It never converged, and a sync of the commit that is there.
    check("", "bbbbbbb", false);
    check("bbbbbbb", "bbbbbbb", false);
}

#[test]
fn what_waits_for_a_word_leads_to_where_it_is_said() {
    let offered = |reason: &'static str| {
        let waiting = Facts {
            sync: SyncStatus::OutOfSync,
            paused: Some(Pause {
                reason,
                message: "it waits".into(),
            }),
            ..facts()
        };
        let mut shown = attention(&[waiting], |_| None, now());
        shown.items.remove(0).actions
    };
    let diff = ("See diff", "/apps/web/diff".to_owned());
    let review = |href: &str| ("Review and sync", href.to_owned());
    let deletes = review("/apps/web/sync?prune=true");
    assert_eq!(offered(Pause::APPROVAL), [diff.clone(), deletes]);
    let syncs = review("/apps/web/sync");
    assert_eq!(offered(Pause::MANUAL), [diff.clone(), syncs]);
    assert_eq!(offered("SyncWindow"), [diff]);
}
