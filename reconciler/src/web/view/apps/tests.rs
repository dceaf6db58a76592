//! Who needs somebody, and what is offered.

use std::sync::Arc;

use super::super::checks::tests::facts;
use super::super::tests::{now, rollout};
use super::attention;
use crate::history::{FirstTry, Hold, Rollout};
use crate::source::Person;
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
            held: Some(Arc::new(Hold {
                application: "web".into(),
                revision: last.revision.clone(),
                rollout: last.id.clone(),
                reason: String::new(),
                since: now(),
                atomic: false,
            })),
            last: Some(Arc::new(last)),
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
fn a_pod_that_fits_nowhere_leads_to_where_the_nodes_are() {
    let waits = Facts {
        health: engine::HealthStatus::Degraded,
        health_message: "Deployment shop/web: pod web-1 cannot be scheduled: no room".into(),
        ..facts()
    };
    let mut shown = attention(&[waits], |_| None, now());
    let item = shown.items.remove(0);
    assert_eq!(item.what, "waits: a pod fits on no node");
    assert_eq!(item.actions, [("Why pending", "/nodes#pending".to_owned())]);
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

#[test]
fn another_try_is_not_the_fault_of_the_commit_it_goes_with() {
    let first = FirstTry {
        rollout: "web-1".into(),
        revision: CommitId("a".repeat(40)),
        author: Person::new("Ann", "ann@example.org"),
        started_at: now() - jiff::SignedDuration::from_hours(2),
    };
    let again = Facts {
        last: Some(Arc::new(Rollout {
            first_try: Some(Box::new(first.clone())),
            ..rollout(RolloutPhase::Verifying, 100)
        })),
        ..facts()
    };
    let mut shown = attention(&[again], |_| None, now());
    let item = shown.items.remove(0);
    assert_eq!(item.author, "Ann");
    assert_eq!(item.when.unwrap().at, first.started_at);
    assert!(item.commit.unwrap().to_string().contains("aaaaaaa"));
}

#[test]
fn what_waits_is_not_promised_by_itself() {
    let told = |paused: Option<&'static str>| {
        let missing = Facts {
            sync: SyncStatus::OutOfSync,
            health: engine::HealthStatus::Missing,
            paused: paused.map(|reason| Pause {
                reason,
                message: "it waits".into(),
            }),
            ..facts()
        };
        let told = missing.truth();
        (told.details.clone(), told.then)
    };
    let waits = "It waits.";
    let by_itself = "It goes on by itself once nothing is in the way.";
    assert_eq!(told(Some(Pause::WINDOW)), (waits.into(), by_itself.into()));
    let asks = "Nothing happens before somebody says so.";
    assert_eq!(told(Some(Pause::MANUAL)), (waits.into(), asks.into()));
    assert!(told(None).1.contains("selfHeal"));
}
