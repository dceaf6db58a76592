mod drifts;
mod exits;
mod listed;
mod plans;
mod reports;
mod resumed;
mod sessions;
mod taken;
mod then;
mod told;
mod used;

use jiff::Timestamp;
use serde_json::json;

use api::kinds::DeletionPolicy;
use api::{Collection, ObjectKey, Uid};
use engine::rollout::{CommitId, RolloutPhase};

use super::*;
use crate::source::{Commit, Person};

/// A history in a database of its own.
async fn history() -> History {
    History::connect(&url().await).await.unwrap()
}

async fn url() -> String {
    let prepare = |url: String| async move {
        History::connect(&url).await?.close().await;
        Ok::<_, Error>(())
    };
    embedded_postgres::testing::database("reconciler", prepare).await
}

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_microsecond(1_795_000_000_123_456).unwrap()
        + jiff::SignedDuration::from_secs(second)
}

fn key(name: &str) -> ObjectKey {
    Collection::new("", "configmaps").key("shop", name)
}

pub(super) fn rollout(application: &str, number: i64) -> Rollout {
    Rollout {
        id: format!("{application}-{number}"),
        application: application.into(),
        number,
        push: None,
        revision: CommitId(format!("{number:040}")),
        previous: CommitId::default(),
        author: Person::new("Ann", "ann@example.org"),
        commit_message: "Change\n\nBecause.".into(),
        trigger: Trigger::Poll,
        rollback_of: String::new(),
        rollback: engine::rollout::rollback("This reverts commit 1234567."),
        digest: "d".into(),
        first_try: None,
        same_as_previous: false,
        phase: RolloutPhase::Pending,
        message: String::new(),
        changed: None,
        started_at: at(number),
        began_at: None,
        deadline_at: None,
        finished_at: None,
        undone_at: None,
        taken_back: None,
        asked_by: None,
        options: engine::rollout::Options::default(),
    }
}

fn over(rollout: &Rollout, phase: RolloutPhase) -> Write {
    Write::Over {
        rollout: rollout.id.clone(),
        phase,
        message: "it failed".into(),
        changed: Some(true),
        at: at(60),
    }
}

fn step(text: &str) -> Write {
    Write::Step(NewStep::new(at(1), StepKind::ApplyFailed, text))
}

#[tokio::test]
async fn rollouts_are_read_as_they_were_written() {
    let history = history().await;
    let push = Push {
        id: "p".into(),
        repository: "hosted".into(),
        branch: "main".into(),
        old_revision: CommitId::default(),
        new_revision: CommitId("b".into()),
        pusher: "ann".into(),
        trigger: Trigger::Push,
        received_at: at(0),
        verdict: Verdict::Checking,
        report: String::new(),
    };
    let first = Rollout {
        push: Some("p".into()),
        ..rollout("web", 1)
    };
    let object = ObjectResult {
        wave: -1,
        file: "web/a.yaml".into(),
        line: 3,
        changes: serde_json::from_value(json!([{"path": "data.k", "new": "v"}])).unwrap(),
        after: Some(json!({"kind": "ConfigMap", "data": {"k": "v"}})),
        ..ObjectResult::new(key("a"), "ConfigMap", Action::Change)
    };
    let writes = [
        Write::Push(push.clone()),
        Write::Verdict {
            push: "p".into(),
            verdict: Verdict::Accepted,
            report: "+ create".into(),
        },
        Write::Rollout(Box::new(first.clone())),
        Write::Objects {
            rollout: first.id.clone(),
            objects: vec![object.clone()],
        },
        Write::Step(NewStep::new(at(1), StepKind::Started, "begins").rollout(&first)),
    ];
    history.commit(&writes).await.unwrap();

    let reader = history.reader();
    let detail = reader.rollout_detail("web-1").await.unwrap().unwrap();
    assert_eq!(detail.rollout, first);
    assert_eq!(detail.objects, [object]);
    assert_eq!(detail.steps[0].push.as_deref(), Some("p"));
    let stored = reader.push_of(&push.new_revision).await.unwrap().unwrap();
    assert_eq!((stored.id.as_str(), stored.report.as_str()), ("p", ""));
    let whole = reader.push("p").await.unwrap().unwrap();
    assert_eq!(whole.report, "+ create");
    assert_eq!(reader.rollout("web-2").await.unwrap(), None);
}

#[tokio::test]
async fn attempts_and_health_are_kept_with_their_times() {
    let history = history().await;
    let first = rollout("web", 1);
    let id = || first.id.clone();
    let object = exits::planned;
    let health = |healthy, at| Write::Health {
        rollout: id(),
        health: vec![ObjectHealth {
            key: key("a"),
            status: "Healthy".into(),
            message: String::new(),
            healthy,
        }],
        at,
    };
    let plan = |action| Write::Objects {
        rollout: id(),
        objects: vec![object("a", action), object("b", action)],
    };
    let writes = [
        Write::Rollout(Box::new(first.clone())),
        plan(Action::Create),
        Write::Began {
            rollout: id(),
            at: at(2),
            deadline: at(32),
        },
        Write::ApplyBegan {
            rollout: id(),
            attempt: 1,
            wave: 0,
            at: at(2),
        },
        Write::ApplyEnded {
            rollout: id(),
            attempt: 1,
            error: "no".into(),
            at: at(3),
        },
        Write::Applied {
            rollout: id(),
            keys: vec![key("a")],
            at: at(4),
        },
        health(true, at(5)),
        health(true, at(6)),
        plan(Action::Unchanged),
        over(&first, RolloutPhase::Failed),
        // What comes after the verdict changes nothing.
        over(&first, RolloutPhase::Succeeded),
    ];
    history.commit(&writes).await.unwrap();
    let detail = history.reader().rollout_detail("web-1").await.unwrap();
    let detail = detail.unwrap();
    assert_eq!(detail.rollout.phase, RolloutPhase::Failed);
    assert_eq!(detail.rollout.deadline_at, Some(at(32)));
    assert_eq!(detail.applies[0].error, "no");
    let of = |name: &str| detail.objects.iter().find(|o| o.key == key(name)).unwrap();
    // The plan of what was applied stays.
    assert_eq!(of("a").action, Action::Create);
    assert_eq!(of("a").healthy_at, Some(at(5)));
    assert_eq!(of("b").action, Action::Unchanged);
}

#[tokio::test]
async fn an_application_has_one_running_rollout_and_writes_are_all_or_none() {
    let history = history().await;
    let (first, second) = (rollout("web", 1), rollout("web", 2));
    history
        .commit(&[Write::Rollout(Box::new(first.clone()))])
        .await
        .unwrap();
    let both = [step("lost"), Write::Rollout(Box::new(second.clone()))];
    history.commit(&both).await.unwrap_err();
    assert_eq!(history.reader().newest_step().await.unwrap(), 0);

    let then = [
        over(&first, RolloutPhase::Superseded),
        Write::Rollout(Box::new(second.clone())),
    ];
    history.commit(&then).await.unwrap();
    let last = history.reader().last_rollout("web").await.unwrap();
    assert_eq!(last.as_deref(), Some(&second));
    let running = RolloutQuery {
        outcome: Some(Outcome::Running),
        ..RolloutQuery::default()
    };
    assert_eq!(history.reader().rollouts(&running).await.unwrap().len(), 1);
    let earlier = RolloutQuery {
        before: Some(at(2)),
        ..RolloutQuery::default()
    };
    assert_eq!(history.reader().rollouts(&earlier).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_object_belongs_to_one_application() {
    let history = history().await;
    let add = |application: &str, names: &[&str]| Write::InventoryAdd {
        application: application.into(),
        keys: names.iter().map(|name| key(name)).collect(),
        at: at(0),
    };
    let remove = |application: &str| Write::InventoryRemove {
        application: application.into(),
        keys: vec![key("a"), key("b")],
    };
    let uids = Write::InventoryUids {
        uids: vec![(key("a"), Uid("u".into()))],
    };
    let writes = [
        add("web", &["a", "b"]),
        uids,
        add("api", &["a"]),
        remove("web"),
    ];
    history.commit(&writes).await.unwrap();
    let whole = history.reader().whole_inventory().await.unwrap();
    assert_eq!(whole.len(), 1);
    assert_eq!(
        (whole[0].application.as_str(), whole[0].uid.0.as_str()),
        ("api", "u")
    );
    assert_eq!(history.reader().inventory("web").await.unwrap(), []);
}

#[tokio::test]
async fn followers_miss_nothing_and_see_nothing_twice() {
    let history = history().await;
    history.commit(&[step("1"), step("2")]).await.unwrap();
    let mut all = history.follow(0);
    let newest = history.reader().newest_step().await.unwrap();
    let mut new = history.follow(newest);
    history.commit(&[step("3")]).await.unwrap();
    for expected in ["1", "2", "3"] {
        assert_eq!(all.next().await.unwrap().unwrap().text, expected);
    }
    assert_eq!(new.next().await.unwrap().unwrap().text, "3");

    // More than a follower may lag: the table has them.
    let many: Vec<Write> = (0..feed::BACKLOG * 2)
        .map(|n| step(&n.to_string()))
        .collect();
    history.commit(&many).await.unwrap();
    for expected in 0..feed::BACKLOG * 2 {
        assert_eq!(
            all.next().await.unwrap().unwrap().text,
            expected.to_string()
        );
    }
    history.commit(&[step("end")]).await.unwrap();
    assert_eq!(all.next().await.unwrap().unwrap().text, "end");
}

#[tokio::test]
async fn commits_sources_holds_and_applications() {
    let history = history().await;
    let commit = Commit {
        id: CommitId("c".into()),
        parents: vec![CommitId("b".into())],
        author: Person::new("Ann", ""),
        authored_at: at(0),
        committed_at: at(1),
        message: "Subject\n\nBody".into(),
    };
    let seen = Write::Commit {
        commit: commit.clone(),
        seen_at: at(2),
    };
    let source = |error: &str| Write::SourceError {
        repository: "hosted".into(),
        branch: "main".into(),
        error: error.into(),
    };
    let record = ApplicationRecord {
        name: "web".into(),
        in_git: true,
        deletion: DeletionPolicy::Orphan,
        seen_at: at(0),
        removed_at: None,
    };
    let failed = rollout("web", 1);
    let hold = Hold {
        application: "web".into(),
        revision: failed.revision.clone(),
        rollout: failed.id.clone(),
        reason: "bad image".into(),
        since: at(9),
        atomic: true,
    };
    let writes = [
        seen.clone(),
        seen,
        source("unreachable"),
        Write::Applications(vec![record.clone()]),
        Write::Rollout(Box::new(failed.clone())),
        Write::Hold(hold.clone()),
    ];
    history.commit(&writes).await.unwrap();
    let reader = history.reader();
    assert_eq!(reader.commit(&commit.id).await.unwrap(), Some(commit));
    assert_eq!(reader.sources().await.unwrap()[0].error, "unreachable");
    let overview = reader.applications().await.unwrap();
    assert_eq!(overview[0].held.as_deref(), Some(&hold));
    assert_eq!(overview[0].last.as_deref(), Some(&failed));

    let release = Write::Release {
        application: "web".into(),
        at: at(10),
    };
    let removed = Write::Applications(vec![ApplicationRecord {
        removed_at: Some(at(11)),
        ..record.clone()
    }]);
    history
        .commit(&[release, removed, source("")])
        .await
        .unwrap();
    assert_eq!(*reader.holds().await.unwrap(), []);
    assert_eq!(reader.applications().await.unwrap(), []);
    assert!(reader.application("web").await.unwrap().is_some());
    let records = reader.application_records().await.unwrap();
    let times = (records[0].seen_at, records[0].removed_at);
    assert_eq!(times, (record.seen_at, Some(at(11))));
}

#[tokio::test]
async fn a_second_start_finds_everything() {
    let url = url().await;
    let history = History::connect(&url).await.unwrap();
    history
        .commit(&[Write::Rollout(Box::new(rollout("web", 1)))])
        .await
        .unwrap();
    history.close().await;
    let again = History::connect(&url).await.unwrap();
    assert!(again.reader().rollout("web-1").await.unwrap().is_some());
}
