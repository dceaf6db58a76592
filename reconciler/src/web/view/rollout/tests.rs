//! What is promised while a rollout runs, and what is said of one that failed: for every
//! `onFailure`, with hooks and without, with pruning and without.

use askama::Template;

use api::Collection;
use api::kinds::{OnFailure, SyncPolicy};
use engine::hook::HookPhase;
use engine::rollout::{CommitId, RolloutPhase};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::live::Start;
use super::next::{Outlook, next};
use super::{Beside, Live, head};
use crate::history::{Action, ObjectResult, Rollout, RolloutDetail, Step, StepKind, Trigger};
use crate::web::view::tests::{now, rollout};

fn object(action: Action, wave: i32, kind: &str, name: &str) -> ObjectResult {
    let key = Collection::new("", "things").key("shop", name);
    ObjectResult {
        wave,
        ..ObjectResult::new(key, kind, action)
    }
}

fn hook(phase: HookPhase, name: &str) -> ObjectResult {
    ObjectResult {
        message: phase.when().into(),
        exits: Vec::new(),
        ..object(Action::Hook, 0, "Job", name)
    }
}

fn policy(on_failure: OnFailure) -> SyncPolicy {
    SyncPolicy {
        on_failure,
        ..SyncPolicy::default()
    }
}

/// A rollout from commit bbbbbbb to aaaaaaa.
fn detail(phase: RolloutPhase, objects: Vec<ObjectResult>) -> RolloutDetail {
    RolloutDetail {
        rollout: Rollout {
            previous: CommitId("b".repeat(40)),
            began_at: Some(now()),
            ..rollout(phase, 100)
        },
        objects,
        applies: Vec::new(),
        steps: Vec::new(),
    }
}

fn told(detail: &RolloutDetail, policy: Option<&SyncPolicy>, is_newest: bool) -> Vec<String> {
    told_beside(detail, policy, is_newest, &Beside::default())
}

fn told_beside(
    detail: &RolloutDetail,
    policy: Option<&SyncPolicy>,
    is_newest: bool,
    beside: &Beside,
) -> Vec<String> {
    let outlook = Outlook {
        branch: "main",
        policy,
        is_newest,
        beside,
        live: &Live::default(),
    };
    let items = next(detail, &outlook, now()).items.into_iter();
    let name = |name: String, at: Option<Timestamp>| if at.is_some() { "at".into() } else { name };
    items
        .map(|it| format!("{}: {}", name(it.name, it.at.map(|at| at.at)), it.text))
        .collect()
}

/// What is promised at the deadline.
fn promise(detail: &RolloutDetail, policy: Option<&SyncPolicy>) -> String {
    let all = told(detail, policy, true);
    let begins = "if it is not healthy by then, the rollout fails and the commit is held. ";
    let own = all
        .iter()
        .find_map(|it| Some(it.split_once(begins)?.1.to_owned()));
    own.expect("there is a deadline")
}

#[test]
fn what_becomes_of_a_failure_is_what_the_application_says() {
    let running = detail(RolloutPhase::Applying, Vec::new());
    let check = |policy: &SyncPolicy, expected: &str| {
        assert_eq!(promise(&running, Some(policy)), expected);
    };
    check(
        &policy(OnFailure::Restore),
        "The objects come back as commit bbbbbbb has them, and other applications of the commit go \
         back too. What this commit made is deleted, except what may hold data.",
    );
    check(
        &policy(OnFailure::RestoreAlone),
        "The objects come back as commit bbbbbbb has them, and other applications of the commit \
         are left alone. What this commit made is deleted, except what may hold data.",
    );
    check(
        &SyncPolicy {
            prune: false,
            ..policy(OnFailure::RestoreAlone)
        },
        "The objects come back as commit bbbbbbb has them, and other applications of the commit \
         are left alone. What this commit made stays, because pruning is off.",
    );
    check(
        &policy(OnFailure::Revert),
        "Kedge pushes a commit that reverts it to main and rolls that out; until then everything \
         stays as the rollout left it.",
    );
    check(
        &policy(OnFailure::BestEffort),
        "Everything stays as the rollout left it: nothing comes back and nothing is deleted.",
    );
    let unknown = promise(&running, None);
    assert!(unknown.contains("spec.syncPolicy.onFailure"), "{unknown}");
}

#[test]
fn the_first_commit_has_nothing_to_go_back_to() {
    let mut first = detail(RolloutPhase::Applying, Vec::new());
    first.rollout.previous = CommitId::default();
    assert_eq!(
        promise(&first, Some(&policy(OnFailure::Restore))),
        "There is no commit before it to go back to, so nothing comes back here and nothing is \
         deleted; other applications of the commit go back too."
    );
    // Who syncs by hand takes no others along.
    first.rollout.trigger = Trigger::Sync;
    let told = promise(&first, Some(&policy(OnFailure::Restore)));
    assert!(told.ends_with("are left alone."), "{told}");
}

#[test]
fn what_is_still_to_be_done_is_told_in_its_order() {
    let applied = ObjectResult {
        applied_at: Some(now()),
        health: "Progressing".into(),
        ..object(Action::Change, 1, "Deployment", "api")
    };
    let objects = vec![
        hook(HookPhase::Before, "migrate"),
        applied,
        object(Action::Unchanged, 1, "Service", "api"),
        object(Action::Create, 2, "CronJob", "refresh"),
        object(Action::Create, 3, "ConfigMap", "later"),
        hook(HookPhase::After, "smoke"),
        hook(HookPhase::OnFailure, "alarm"),
        object(Action::Delete, 0, "ConfigMap", "old"),
        object(Action::Keep, 0, "PersistentVolumeClaim", "data"),
    ];
    let running = detail(RolloutPhase::Applying, objects);
    let policy = policy(OnFailure::BestEffort);
    let all = told(&running, Some(&policy), true);
    assert_eq!(
        all[..4],
        [
            "Hooks: Job shop/migrate is run first.",
            "Wave 2: CronJob shop/refresh is applied, once wave 1 is healthy.",
            "Hooks: Job shop/smoke is run once all waves are healthy.",
            "Prune: ConfigMap shop/old is deleted last of all, once all else is healthy. 1 object \
             that left Git stays.",
        ]
    );
    let promised = promise(&running, Some(&policy));
    assert!(
        promised.ends_with("Then Job shop/alarm is run."),
        "{promised}"
    );
}

#[test]
fn what_came_of_a_failure_is_what_was_recorded() {
    let policy = policy(OnFailure::Restore);
    let mut failed = detail(RolloutPhase::Failed, Vec::new());
    let then =
        |detail: &RolloutDetail, is_newest| told(detail, Some(&policy), is_newest)[1].clone();
    let on_its_way = then(&failed, true);
    assert!(
        on_its_way.starts_with("Then: The objects come back"),
        "{on_its_way}"
    );
    assert_eq!(
        then(&failed, false),
        "Not undone: A newer rollout began before what this one wrote was undone."
    );
    let began = failed.rollout.began_at.take();
    let unbegun = then(&failed, true);
    assert!(unbegun.ends_with("the cluster is as it was."), "{unbegun}");
    failed.rollout.began_at = began;
    failed.rollout.undone_at = Some(now() + SignedDuration::from_secs(2));
    assert_eq!(then(&failed, true), "at: What it wrote was undone.");
    failed.steps.push(Step {
        seq: 1,
        at: now(),
        application: "web".into(),
        rollout: Some("web-1".into()),
        push: None,
        kind: StepKind::Undone,
        text: "commit aaaaaaa is undone: everything is as commit bbbbbbb has it".into(),
        data: Value::Null,
    });
    assert_eq!(
        then(&failed, true),
        "at: Commit aaaaaaa is undone: everything is as commit bbbbbbb has it."
    );
}

#[test]
fn what_was_mended_long_ago_asks_nothing_of_anybody() {
    let mut failed = detail(RolloutPhase::Failed, Vec::new());
    failed.rollout.undone_at = Some(now());
    let policy = policy(OnFailure::Restore);
    let mut beside = Beside::default();
    let told = |beside: &Beside| told_beside(&failed, Some(&policy), false, beside).pop();
    let shown = |beside: &Beside| head(&failed.rollout, beside, 4, now()).render().unwrap();
    let held = "Held: Commit aaaaaaa is not applied again. Push a newer commit, or roll back.";
    assert_eq!(told(&beside).as_deref(), Some(held));
    assert!(shown(&beside).contains("btn pri"));
    beside.good = Some(Rollout {
        id: "web-4".into(),
        ..rollout(RolloutPhase::Succeeded, 10)
    });
    let mended = "Mended: A later rollout went well, and nothing waits for this one any more:";
    assert_eq!(told(&beside).as_deref(), Some(mended));
    let page = shown(&beside);
    let says = "mended by <a class=\"link\" href=\"/rollouts/web-4\">web-4</a>";
    assert!(page.contains(says) && !page.contains("btn pri"), "{page}");
}

#[test]
fn what_was_held_says_who_did_it_and_what_goes_on() {
    let mut held = detail(RolloutPhase::Held, Vec::new());
    held.rollout.id = "web-3".into();
    held.rollout.number = 3;
    held.rollout.message = "suspended by Ann: look first".into();
    let policy = policy(OnFailure::Restore);
    let all = told(&held, Some(&policy), true);
    assert_eq!(all[0], "Held: Suspended by Ann: look first.");
    assert!(
        all[1].starts_with("Then: What it wrote stays"),
        "{}",
        all[1]
    );
    assert_eq!(told(&held, None, true).len(), 1);
    let next = Rollout {
        id: "web-4".into(),
        number: 4,
        ..rollout(RolloutPhase::Applying, 10)
    };
    let check = |next: &Rollout, expected: &str| {
        let beside = Beside {
            after: Some(next.clone()),
            ..Beside::default()
        };
        let all = told_beside(&held, Some(&policy), false, &beside);
        assert_eq!(all[1], expected);
    };
    check(
        &next,
        "Goes on: A new rollout of the same commit took it up again:",
    );
    let other = Rollout {
        revision: CommitId("c".repeat(40)),
        ..next.clone()
    };
    check(
        &other,
        "Not taken up: What came after it is not this commit:",
    );

    let beside = Beside {
        before: Some(held.rollout.clone()),
        after: Some(next.clone()),
        good: None,
    };
    let shown = |rollout: &Rollout| head(rollout, &beside, 4, now()).render().unwrap();
    let says = "goes on as <a class=\"link\" href=\"/rollouts/web-4\">web-4</a>";
    let page = shown(&held.rollout);
    assert!(page.contains(says) && page.contains(">Held<"), "{page}");
    let says = "goes on from <a class=\"link\" href=\"/rollouts/web-3\">web-3</a>";
    let page = shown(&next);
    assert!(page.contains(says), "{page}");
}

#[test]
fn the_next_start_of_what_crashed_is_promised_with_its_time() {
    let mut running = detail(RolloutPhase::Verifying, Vec::new());
    running.rollout.deadline_at = Some(now() + SignedDuration::from_secs(25));
    let start = |second: i64, pod: &str| Start {
        at: now() + SignedDuration::from_secs(second),
        pod: pod.into(),
        container: "api".into(),
        wait: "2m40s".into(),
    };
    let live = Live {
        starts: vec![
            start(20, "shop/a"),
            start(30, "shop/b"),
            start(40, "shop/c"),
            start(50, "shop/d"),
        ],
        ..Live::default()
    };
    let policy = policy(OnFailure::Restore);
    let outlook = Outlook {
        branch: "main",
        policy: Some(&policy),
        is_newest: true,
        beside: &Beside::default(),
        live: &live,
    };
    let items = next(&running, &outlook, now()).items;
    let starts: Vec<_> = items
        .iter()
        .filter(|it| it.text.contains("back-off"))
        .collect();
    assert_eq!(starts.len(), 3);
    assert_eq!(
        starts[0].text,
        "The kubelet starts container api in pod shop/a again (back-off 2m40s)."
    );
    let at = starts[0].at.as_ref().map(|when| when.at);
    assert_eq!(at, Some(now() + SignedDuration::from_secs(20)));
    // Who reads from top to bottom reads in the order in which it comes.
    let times = items.iter().filter_map(|it| it.at.as_ref());
    let seconds = times.map(|when| now().duration_until(when.at).as_secs());
    assert_eq!(seconds.collect::<Vec<_>>(), [20, 25, 30, 40]);
}
