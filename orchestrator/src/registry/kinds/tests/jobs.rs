//! Jobs and `CronJobs`.

use serde_json::{Value, json};

use super::super::schedule;
use super::{accept, accept_update, kind, refuse, refuse_update};

fn template() -> Value {
    json!({
        "metadata": {"labels": {"app": "train"}},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "train", "image": "train:1"}]},
    })
}

fn job(extra: &Value) -> Value {
    let mut spec = json!({"template": template()});
    for (key, value) in extra.as_object().unwrap() {
        spec[key] = value.clone();
    }
    json!({"metadata": {"name": "train", "namespace": "default"}, "spec": spec})
}

fn cron_job(extra: &Value) -> Value {
    let mut spec =
        json!({"schedule": "*/5 * * * *", "jobTemplate": {"spec": {"template": template()}}});
    for (key, value) in extra.as_object().unwrap() {
        spec[key] = value.clone();
    }
    json!({"metadata": {"name": "nightly", "namespace": "default"}, "spec": spec})
}

#[test]
fn a_job_selects_the_pods_it_makes() {
    let object = accept(kind("batch", "jobs"), &job(&json!({})));
    let spec = &object.body["spec"];
    assert_eq!(
        spec["selector"],
        json!({"matchLabels": {"batch.kubernetes.io/controller-uid": "u-1"}})
    );
    assert_eq!(
        spec["template"]["metadata"]["labels"],
        json!({
            "app": "train",
            "batch.kubernetes.io/job-name": "train", "batch.kubernetes.io/controller-uid": "u-1",
            "job-name": "train", "controller-uid": "u-1",
        })
    );
    for (field, value) in [
        ("completions", json!(1)),
        ("parallelism", json!(1)),
        ("backoffLimit", json!(6)),
        ("completionMode", json!("NonIndexed")),
        ("suspend", json!(false)),
        ("podReplacementPolicy", json!("TerminatingOrFailed")),
    ] {
        assert_eq!(spec[field], value, "{field}");
    }
    assert_eq!(object.label("app"), Some("train"));
}

#[test]
fn a_work_queue_has_no_completions() {
    let object = accept(kind("batch", "jobs"), &job(&json!({"parallelism": 3})));
    assert_eq!(object.body["spec"]["completions"], Value::Null);
}

#[test]
fn bad_jobs_are_refused() {
    let jobs = kind("batch", "jobs");
    refuse(
        jobs,
        &job(
            &json!({"backoffLimit": -1, "completionMode": "Any", "successPolicy": {"rules": [{}]}}),
        ),
        &[
            ("spec.backoffLimit", "must be greater than or equal to 0"),
            (
                "spec.completionMode",
                "supported values: \"Indexed\", \"NonIndexed\"",
            ),
            ("spec.successPolicy", "not supported by this release"),
        ],
    );
    let mut always = job(&json!({}));
    always["spec"]["template"]["spec"]["restartPolicy"] = json!("Always");
    refuse(
        jobs,
        &always,
        &[(
            "spec.template.spec.restartPolicy",
            "supported values: \"OnFailure\", \"Never\"",
        )],
    );
}

#[test]
fn an_indexed_job_has_completions() {
    let jobs = kind("batch", "jobs");
    let indexed = |completions: Value, parallelism: i64| {
        job(&json!({
            "completionMode": "Indexed", "completions": completions, "parallelism": parallelism,
        }))
    };
    let old = accept(jobs, &indexed(json!(3), 3));
    refuse(
        jobs,
        &indexed(Value::Null, 2),
        &[("spec.completions", "when completion mode is Indexed")],
    );
    refuse(
        jobs,
        &indexed(json!(3), 100_001),
        &[("spec.parallelism", "must be less than or equal to 100000")],
    );
    let mut long = indexed(json!(101), 2);
    long["metadata"]["name"] = json!("n".repeat(60));
    refuse(
        jobs,
        &long,
        &[("metadata.name", "must be no more than 63 bytes")],
    );
    // Elastic: as many indexes as pods.
    accept_update(jobs, &old, |new| {
        new["spec"]["completions"] = json!(5);
        new["spec"]["parallelism"] = json!(5);
    });
    refuse_update(
        jobs,
        &old,
        |new| new["spec"]["completions"] = json!(5),
        &[("spec.completions", "in tandem with spec.parallelism")],
    );
}

#[test]
fn a_job_is_written_once() {
    let jobs = kind("batch", "jobs");
    let old = accept(jobs, &job(&json!({})));
    accept_update(jobs, &old, |new| new["spec"]["parallelism"] = json!(0));
    accept_update(jobs, &old, |new| new["spec"]["suspend"] = json!(true));
    let image =
        |new: &mut Value| new["spec"]["template"]["spec"]["containers"][0]["image"] = json!("x");
    refuse_update(
        jobs,
        &old,
        image,
        &[("spec.template", "field is immutable")],
    );
    refuse_update(
        jobs,
        &old,
        |new| new["spec"]["completions"] = json!(5),
        &[("spec.completions", "field is immutable")],
    );
    let suspended = accept(jobs, &job(&json!({"suspend": true})));
    accept_update(jobs, &suspended, |new| {
        new["spec"]["template"]["spec"]["nodeSelector"] = json!({"zone": "a"});
    });
}

#[test]
fn a_cron_job_gets_its_policies() {
    let object = accept(kind("batch", "cronjobs"), &cron_job(&json!({})));
    let spec = &object.body["spec"];
    assert_eq!(spec["concurrencyPolicy"], "Allow");
    assert_eq!(spec["successfulJobsHistoryLimit"], 3);
    assert_eq!(spec["failedJobsHistoryLimit"], 1);
    let pod = &spec["jobTemplate"]["spec"]["template"]["spec"];
    assert_eq!(pod["dnsPolicy"], "ClusterFirst");
}

#[test]
fn bad_cron_jobs_are_refused() {
    let cron_jobs = kind("batch", "cronjobs");
    for (extra, field, rule) in [
        (json!({"schedule": ""}), "spec.schedule", "Required value"),
        (
            json!({"schedule": "61 * * * *"}),
            "spec.schedule",
            "Invalid value",
        ),
        (
            json!({"schedule": "TZ=UTC 0 * * * *"}),
            "spec.schedule",
            "cannot use TZ or CRON_TZ",
        ),
        (
            json!({"timeZone": "Mars/Base"}),
            "spec.timeZone",
            "unknown time zone Mars/Base",
        ),
        (
            json!({"timeZone": "Local"}),
            "spec.timeZone",
            "must be an explicit time zone",
        ),
        (
            json!({"concurrencyPolicy": "Maybe"}),
            "spec.concurrencyPolicy",
            "Unsupported value",
        ),
    ] {
        refuse(cron_jobs, &cron_job(&extra), &[(field, rule)]);
    }
    accept(cron_jobs, &cron_job(&json!({"timeZone": "Europe/Berlin"})));
    let mut long = cron_job(&json!({}));
    long["metadata"]["name"] = json!("n".repeat(53));
    refuse(
        cron_jobs,
        &long,
        &[("metadata.name", "must be no more than 52 characters")],
    );
}

#[test]
fn schedules_are_those_of_cron() {
    for good in [
        "* * * * *",
        "0 3 * * SUN",
        "*/15 0-6,12 1 JAN-MAR ?",
        "@hourly",
        "@midnight",
        "0 0 31 2 *",
    ] {
        assert!(schedule(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "* * * *",
        "* * * * * *",
        "* * L * *",
        "x * * * *",
        "*/0 * * * *",
        "@never",
        "0 25 * * *",
    ] {
        assert!(schedule(bad).is_err(), "{bad}");
    }
}
