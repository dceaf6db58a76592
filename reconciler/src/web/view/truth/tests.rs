//! What is said first of an application.

use std::sync::Arc;

use engine::rollout::{CommitId, RolloutPhase};

use super::super::checks::tests::facts;
use super::super::tests::{now, rollout};
use super::*;
use crate::history::Hold;

#[test]
fn a_file_is_not_called_otherwise_at_the_start_of_a_sentence() {
    assert_eq!(sentence("it waits"), "It waits.");
    assert_eq!(sentence("web/a.yaml:3: no"), "web/a.yaml:3: no.");
    assert_eq!(
        sentence("git.example.org is away"),
        "git.example.org is away."
    );
    assert_eq!(sentence("no."), "No.");
    assert_eq!(sentence(""), "");
}

#[test]
fn what_it_waits_for_is_said_once() {
    let check = |sync: &str, reason: &'static str, expected: &str| {
        let message = "deletes 3 only when asked".to_owned();
        assert_eq!(once(sync, Some(&Pause { reason, message })), expected);
    };
    let waits = "deletes 3 only when asked";
    let with_counts = "deletes 3 only when asked; 3 to delete once somebody says so";
    check(with_counts, Pause::APPROVAL, waits);
    check(waits, Pause::APPROVAL, waits);
    check("", Pause::APPROVAL, waits);
    check(with_counts, "SyncWindow", with_counts);
    let other = "2 to change";
    check(
        other,
        Pause::MANUAL,
        "2 to change. Deletes 3 only when asked.",
    );
    assert_eq!(once(other, None), other);
}

fn unwell(message: &str) -> Facts {
    Facts {
        health: HealthStatus::Degraded,
        health_message: message.into(),
        ..facts()
    }
}

fn held(reason: &str, facts: Facts) -> Facts {
    let last = rollout(RolloutPhase::Failed, 100);
    Facts {
        held: Some(Arc::new(Hold {
            application: "web".into(),
            revision: CommitId("7f3c2ab41d0c".into()),
            rollout: last.id.clone(),
            reason: reason.into(),
            since: now(),
            atomic: false,
        })),
        last: Some(Arc::new(last)),
        ..facts
    }
}

const CRASH: &str = "Deployment shop/web: container api in pod web-1 exited with code 1: no URL, \
                     restarted 3 times";
const NO_ROOM: &str = "Deployment shop/web: pod web-1 cannot be scheduled: 0/1 nodes are available: 1 Insufficient cpu";
const ELSEWHERE: &str = "application ui failed at commit b473562, and until then Deployment shop/web: \
                         0 of 1 pods are ready";

#[test]
fn a_heading_tells_the_cause_and_its_own_first() {
    let check = |facts: &Facts, heading: &str, begins: &str| {
        let told = facts.truth();
        assert_eq!(told.heading, heading);
        assert!(told.details.starts_with(begins), "{}", told.details);
    };
    let crash = "web is Degraded: container api exits with code 1";
    check(&unwell(CRASH), crash, "No URL, restarted 3 times.");
    check(
        &unwell(NO_ROOM),
        "web waits: a pod fits on no node",
        "0/1 nodes are available",
    );
    let failed = "Commit 7f3c2ab failed and is not applied again.";
    check(
        &held(CRASH, unwell(CRASH)),
        crash,
        "No URL, restarted 3 times. Commit 7f3c2ab",
    );
    // Whoever failed first: it is broken itself.
    let own = held(ELSEWHERE, unwell(CRASH));
    check(&own, crash, "No URL");
    assert!(!own.truth().line().contains("application ui"));
    check(
        &held(ELSEWHERE, facts()),
        "web is held: commit 7f3c2ab failed elsewhere",
        &format!("Application ui failed at commit b473562. {failed}"),
    );
    // It was undone, so nothing is wrong any more.
    check(
        &held(CRASH, facts()),
        "web is held: container api exits with code 1",
        "No URL",
    );
    check(
        &held("", facts()),
        "web is held: commit 7f3c2ab failed and is not applied again",
        "",
    );
    let silent = "Deployment shop/web: pod web-1 is on node north-b, which does not report";
    check(
        &unwell(silent),
        "web is Degraded: node north-b does not report",
        "",
    );
}

#[test]
fn what_a_container_says_is_cut_and_stands_once() {
    let long = "failed to create shim task: ".repeat(12);
    let message = format!("Deployment shop/web: container api in pod web-1 cannot start: {long}");
    let told = held(&message, unwell(&message)).truth();
    assert_eq!(told.heading, "web is Degraded: container api cannot start");
    assert!(told.details.contains('…'), "{}", told.details);
    let whole = format!("{} {}", told.heading, told.line());
    assert_eq!(
        whole.matches("Failed to create shim task").count(),
        1,
        "{whole}"
    );
    assert!(told.line().chars().count() < 340, "{}", told.line());
}
