use std::sync::Arc;

use api::{Object, parse_time};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::decide::{Decision, Observed, decide};
use super::schedule::{Due, Schedule};
use crate::controllers::action::Action;

fn at(text: &str) -> Timestamp {
    parse_time(text).unwrap()
}

fn cron_job(spec: &Value) -> Object {
    let mut body = json!({
        "apiVersion": "batch/v1", "kind": "CronJob",
        "metadata": {
            "name": "tick", "namespace": "default", "uid": "c",
            "creationTimestamp": "2026-01-01T00:00:30Z",
        },
        "spec": {
            "schedule": "*/5 * * * *",
            "jobTemplate": {
                "metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}},
                "spec": {"template": {}},
            },
        },
    });
    for (field, value) in spec.as_object().unwrap() {
        body["spec"][field] = value.clone();
    }
    body.into()
}

fn job(name: &str, condition: &str, start: &str) -> Object {
    json!({
        "kind": "Job",
        "metadata": {"name": name, "namespace": "default", "uid": name},
        "status": {
            "startTime": start, "completionTime": start,
            "conditions": [{"type": condition, "status": "True"}],
        },
    })
    .into()
}

fn running(name: &str) -> Object {
    job(name, "Suspended", "2026-01-01T00:00:00Z")
}

fn run(cron_job: &Object, jobs: Vec<Object>, now: &str) -> Decision {
    let schedule = Schedule::parse(
        cron_job.text("/spec/schedule"),
        cron_job.text("/spec/timeZone"),
    );
    decide(&Observed {
        cron_job: Arc::new(cron_job.clone()),
        schedule,
        jobs: jobs.into_iter().map(Arc::new).collect(),
        now: at(now),
    })
}

fn brief(decision: &Decision) -> Vec<String> {
    decision
        .actions
        .iter()
        .map(|action| match action {
            Action::Create { object, .. } => format!("create {}", object.name()),
            Action::Delete { key, .. } => format!("delete {}", key.name),
            Action::ReplaceStatus { object, .. } => {
                format!("status {}", object.text("/status/lastScheduleTime"))
            }
            Action::Record { reason, .. } => format!("event {reason}"),
            other => panic!("unexpected {other:?}"),
        })
        .collect()
}

#[test]
fn times_are_due_in_their_zone() {
    let check =
        |text: &str, zone: &str, after: &str, now: &str, expected: Option<(&str, usize)>| {
            let due = Schedule::parse(text, zone).unwrap().due(at(after), at(now));
            let expected = expected.map(|(latest, count)| Due {
                latest: at(latest),
                count,
            });
            assert_eq!(due, expected, "{text} {zone} {after} {now}");
        };
    check(
        "*/5 * * * *",
        "",
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:04:59Z",
        None,
    );
    let due = Some(("2026-01-01T00:05:00Z", 1));
    check(
        "*/5 * * * *",
        "",
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:05:00Z",
        due,
    );
    check(
        "*/5 * * * *",
        "",
        "2026-01-01T00:05:00Z",
        "2026-01-01T00:05:01Z",
        None,
    );
    let due = Some(("2026-01-01T00:20:00Z", 4));
    check(
        "*/5 * * * *",
        "Etc/UTC",
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:24:00Z",
        due,
    );
    let due = Some(("2026-06-01T07:00:00Z", 1));
    check(
        "0 9 * * *",
        "Europe/Berlin",
        "2026-06-01T00:00:00Z",
        "2026-06-01T12:00:00Z",
        due,
    );
    let due = Some(("2026-01-09T00:00:00Z", 101));
    check(
        "* * * * *",
        "",
        "2026-01-01T00:00:00Z",
        "2026-01-09T00:00:30Z",
        due,
    );
    let due = Some(("2026-01-01T01:00:00Z", 1));
    check(
        "@hourly",
        "",
        "2026-01-01T00:00:01Z",
        "2026-01-01T01:30:00Z",
        due,
    );
    let due = Some(("2026-01-01T00:04:30Z", 3));
    check(
        "@every 90s",
        "",
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:05:00Z",
        due,
    );
}

#[test]
fn bad_schedules_are_named() {
    for (text, zone, message) in [
        ("a b c", "", "unparseable schedule"),
        ("TZ=UTC * * * * *", "", "unparseable schedule"),
        ("0 * * * * *", "", "unparseable schedule"),
        ("* * * * *", "Mars/Olympus", "invalid timeZone"),
    ] {
        let error = Schedule::parse(text, zone).unwrap_err().to_string();
        assert!(error.starts_with(message), "{text}: {error}");
    }
    let decision = run(
        &cron_job(&json!({"schedule": "x"})),
        vec![],
        "2026-01-01T00:05:00Z",
    );
    assert_eq!(brief(&decision), ["event UnparseableSchedule"]);
    assert_eq!(decision.again, None);
}

#[test]
fn a_due_time_starts_one_job_and_only_one() {
    let mut cron_job = cron_job(&json!({}));
    let decision = run(&cron_job, vec![], "2026-01-01T00:04:00Z");
    assert_eq!(brief(&decision), Vec::<String>::new());
    assert_eq!(decision.again.unwrap().as_secs(), 60);

    let decision = run(&cron_job, vec![], "2026-01-01T00:05:01Z");
    let name = format!("tick-{}", at("2026-01-01T00:05:00Z").as_second() / 60);
    assert_eq!(
        brief(&decision),
        [
            format!("create {name}"),
            "event SuccessfulCreate".to_owned(),
            "status 2026-01-01T00:05:00Z".to_owned(),
        ]
    );
    let Action::Create { object, .. } = &decision.actions[0] else {
        unreachable!()
    };
    assert_eq!(object.label("a"), Some("b"));
    assert_eq!(object.annotation("c"), Some("d"));
    let scheduled = object.annotation("batch.kubernetes.io/cronjob-scheduled-timestamp");
    assert_eq!(scheduled, Some("2026-01-01T00:05:00Z"));

    // The process died between creation and status.
    let decision = run(&cron_job, vec![running(&name)], "2026-01-01T00:05:02Z");
    assert_eq!(brief(&decision), ["status 2026-01-01T00:05:00Z"]);
    let Action::ReplaceStatus { object, .. } = &decision.actions[0] else {
        unreachable!()
    };
    cron_job = object.clone();
    assert_eq!(cron_job.text("/status/active/0/name"), name);
    let decision = run(&cron_job, vec![running(&name)], "2026-01-01T00:05:03Z");
    assert_eq!(brief(&decision), Vec::<String>::new());
    assert_eq!(decision.again.unwrap().as_secs(), 297);
}

#[test]
fn concurrency_is_allowed_forbidden_or_replaced() {
    let due = format!(
        "create tick-{}",
        at("2026-01-01T00:05:00Z").as_second() / 60
    );
    let started = ["event SuccessfulCreate", "status 2026-01-01T00:05:00Z"];
    for (policy, before, starts) in [
        ("Allow", vec![], true),
        ("Forbid", vec!["event JobAlreadyActive", "status "], false),
        (
            "Replace",
            vec!["delete old", "event SuccessfulDelete"],
            true,
        ),
    ] {
        let cron_job = cron_job(&json!({"concurrencyPolicy": policy}));
        let mut expected = before;
        if starts {
            expected.push(&due);
            expected.extend(started);
        }
        let decision = run(&cron_job, vec![running("old")], "2026-01-01T00:05:00Z");
        assert_eq!(brief(&decision), expected, "{policy}");
    }
}

#[test]
fn missed_times_start_the_latest_within_the_deadline() {
    let check = |spec: &Value, now: &str, expected: &[&str]| {
        let actions = brief(&run(&cron_job(spec), vec![], now));
        let kinds: Vec<&str> = actions
            .iter()
            .map(|text| text.split("-2").next().unwrap())
            .collect();
        assert_eq!(kinds, expected, "{spec} {now}");
    };
    let late = "2026-01-01T00:14:00Z";
    let start = [
        "create tick",
        "event SuccessfulCreate",
        "status 2026-01-01T00:10:00Z",
    ];
    check(&json!({}), late, &start);
    check(&json!({"startingDeadlineSeconds": 300}), late, &start);
    check(&json!({"startingDeadlineSeconds": 60}), late, &[]);
    check(&json!({"suspend": true}), late, &[]);
    let missed = brief(&run(&cron_job(&json!({})), vec![], "2026-01-03T00:00:00Z"));
    assert_eq!(missed[0], "event TooManyMissedTimes");
    assert_eq!(missed[3], "status 2026-01-03T00:00:00Z");
}

#[test]
fn old_jobs_go_and_the_last_success_is_kept() {
    let jobs: Vec<Object> = (1..=5)
        .map(|day| {
            job(
                &format!("good-{day}"),
                "Complete",
                &format!("2026-01-0{day}T00:00:00Z"),
            )
        })
        .chain((1..=3).map(|day| {
            job(
                &format!("bad-{day}"),
                "Failed",
                &format!("2026-01-0{day}T00:00:00Z"),
            )
        }))
        .collect();
    let cron_job = cron_job(&json!({"suspend": true}));
    let decision = run(&cron_job, jobs, "2026-01-09T00:00:00Z");
    assert_eq!(
        brief(&decision),
        [
            "delete good-1",
            "delete good-2",
            "delete bad-1",
            "delete bad-2",
            "status "
        ]
    );
    let Some(Action::ReplaceStatus { object, .. }) = decision.actions.last() else {
        unreachable!()
    };
    assert_eq!(
        object.text("/status/lastSuccessfulTime"),
        "2026-01-05T00:00:00Z"
    );
}
