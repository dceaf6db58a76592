mod world;

use std::collections::BTreeSet;

use serde_json::json;

use super::TRACKING;
use super::indexes;

use world::World;

#[test]
fn indexes_have_a_compact_form() {
    for (text, limit, expected) in [
        ("", 9, ""),
        ("0", 9, "0"),
        ("0,1", 9, "0,1"),
        ("0,1,2,4,6-8", 9, "0-2,4,6-8"),
        ("5-20", 9, "5-8"),
        ("x,3,-1", 9, "3"),
    ] {
        assert_eq!(
            indexes::format(&indexes::parse(text, limit)),
            expected,
            "{text}"
        );
    }
}

#[test]
fn runs_to_its_completions() {
    let mut world = World::new(&json!({"completions": 5, "parallelism": 2}));
    world.settle();
    for (succeeded, active) in [(2, 2), (4, 1), (5, 0)] {
        assert_eq!(world.active().len().min(2), world.active().len());
        world.finish(2, "Succeeded");
        world.settle();
        assert_eq!(
            (world.number("succeeded"), world.number("active")),
            (succeeded, active)
        );
    }
    assert_eq!(
        world.condition("SuccessCriteriaMet"),
        "True CompletionsReached"
    );
    assert_eq!(world.condition("Complete"), "True CompletionsReached");
    assert!(!world.job.text("/status/completionTime").is_empty());
    assert!(world.pods.iter().all(|pod| pod.finalizers().count() == 0));
    assert_eq!(world.made, 5);
}

#[test]
fn a_queue_of_work_ends_with_its_last_pod() {
    let mut world = World::new(&json!({"parallelism": 3}));
    world.settle();
    world.finish(1, "Succeeded");
    world.settle();
    assert_eq!(
        (world.number("active"), world.condition("Complete").as_str()),
        (2, " ")
    );
    world.finish(2, "Succeeded");
    world.settle();
    assert_eq!(world.number("succeeded"), 3);
    assert_eq!(world.condition("Complete"), "True CompletionsReached");
    assert_eq!(world.made, 3);
}

#[test]
fn every_pod_is_counted_once_wherever_the_process_dies() {
    for crash in 0..8 {
        let mut world = World::new(&json!({"completions": 3, "parallelism": 3, "backoffLimit": 9}));
        world.settle();
        world.finish(1, "Failed");
        world.finish(1, "Succeeded");
        world.step_until(crash);
        world.step_until(crash);
        // What lost its finalizer may vanish at once.
        world.pods.retain(|pod| {
            !crate::controllers::pod::is_finished(pod) || pod.finalizers().next().is_some()
        });
        world.settle();
        world.advance(60);
        world.settle();
        assert_eq!(
            (world.number("failed"), world.number("succeeded")),
            (1, 1),
            "{crash}"
        );
        world.finish(2, "Succeeded");
        world.settle();
        assert_eq!(
            (world.number("failed"), world.number("succeeded")),
            (1, 3),
            "{crash}"
        );
        assert_eq!(world.condition("Complete"), "True CompletionsReached");
    }
}

#[test]
fn failures_back_off_and_end_the_job() {
    let mut world = World::new(&json!({"completions": 1, "backoffLimit": 2}));
    world.settle();
    for wait in [10, 20] {
        world.finish(1, "Failed");
        world.settle();
        assert_eq!(world.again.unwrap().as_secs(), wait);
        assert_eq!(world.active().len(), 0);
        world.advance(wait);
        world.settle();
        assert_eq!(world.active().len(), 1);
    }
    world.finish(1, "Failed");
    world.settle();
    assert_eq!(
        world.condition("FailureTarget"),
        "True BackoffLimitExceeded"
    );
    assert_eq!(world.condition("Failed"), "True BackoffLimitExceeded");
    assert_eq!(world.number("failed"), 3);
    assert_eq!(world.made, 3);
}

#[test]
fn restarts_in_place_count_too() {
    let mut world = World::new(&json!({"completions": 1, "backoffLimit": 2}));
    world.job.body["spec"]["template"]["spec"]["restartPolicy"] = json!("OnFailure");
    world.settle();
    for (restarts, failed) in [(1, " "), (2, "True BackoffLimitExceeded")] {
        for pod in world.active() {
            pod.body["status"]["containerStatuses"] = json!([{"restartCount": restarts}]);
        }
        world.settle();
        assert_eq!(world.condition("Failed"), failed);
    }
    assert_eq!(world.number("active"), 0);
}

#[test]
fn the_deadline_beats_everything_and_waits_for_the_pods() {
    let mut world = World::new(&json!({"completions": 1, "activeDeadlineSeconds": 30}));
    world.settle();
    assert_eq!(world.again.unwrap().as_secs(), 30);
    world.advance(30);
    world.pods[0]
        .metadata_mut()
        .insert("finalizers".into(), json!([TRACKING, "other"]));
    world.settle();
    assert_eq!(world.condition("FailureTarget"), "True DeadlineExceeded");
    assert_eq!(world.condition("Failed"), " ", "its pod still runs");
    world.pods.clear();
    world.settle();
    assert_eq!(world.condition("Failed"), "True DeadlineExceeded");
    assert_eq!(world.active().len(), 0);
}

#[test]
fn suspension_removes_pods_and_stops_the_clock() {
    let spec = json!({"completions": 2, "parallelism": 2, "activeDeadlineSeconds": 30});
    let mut world = World::new(&spec);
    world.edit("suspend", json!(true));
    world.settle();
    assert_eq!(
        (world.made, world.condition("Suspended")),
        (0, "True JobSuspended".to_owned())
    );
    assert_eq!(world.job.text("/status/startTime"), "");
    world.edit("suspend", json!(false));
    world.settle();
    assert_eq!(
        (world.made, world.condition("Suspended")),
        (2, "False JobResumed".to_owned())
    );
    world.edit("suspend", json!(true));
    world.settle();
    world.advance(100);
    world.settle();
    assert_eq!(world.active().len(), 0);
    assert_eq!(
        world.number("failed"),
        0,
        "what the job removes has not failed"
    );
    assert_eq!(world.condition("Failed"), " ");
    world.edit("suspend", json!(false));
    world.settle();
    assert_eq!(world.again.unwrap().as_secs(), 30);
    assert_eq!(world.active().len(), 2);
}

#[test]
fn indexes_are_worked_on_one_by_one() {
    let spec = json!({"completions": 4, "parallelism": 2, "completionMode": "Indexed"});
    let mut world = World::new(&spec);
    world.settle();
    let working = |world: &mut World| -> BTreeSet<i64> {
        world
            .active()
            .iter()
            .filter_map(|pod| indexes::index(pod))
            .collect()
    };
    assert_eq!(working(&mut world), BTreeSet::from([0, 1]));
    let pod = &world.pods[0];
    assert!(pod.name().starts_with("sum-0-"));
    assert_eq!(pod.text("/spec/hostname"), "sum-0");
    assert_eq!(
        pod.text("/spec/containers/0/env/1/name"),
        "JOB_COMPLETION_INDEX"
    );
    assert_eq!(pod.label(indexes::ANNOTATION), Some("0"));

    world.finish(1, "Failed");
    world.settle();
    world.advance(10);
    world.settle();
    assert_eq!(
        working(&mut world),
        BTreeSet::from([0, 1]),
        "the index is tried again"
    );
    world.finish(2, "Succeeded");
    world.settle();
    assert_eq!(world.job.text("/status/completedIndexes"), "0,1");
    assert_eq!(working(&mut world), BTreeSet::from([2, 3]));
    world.finish(2, "Succeeded");
    world.settle();
    assert_eq!(world.job.text("/status/completedIndexes"), "0-3");
    assert_eq!(world.condition("Complete"), "True CompletionsReached");
}

#[test]
fn an_elastic_job_lets_go_of_the_indexes_it_no_longer_has() {
    let spec = json!({"completions": 4, "parallelism": 4, "completionMode": "Indexed"});
    let mut world = World::new(&spec);
    world.settle();
    world.finish(1, "Succeeded");
    world.edit("completions", json!(2));
    world.edit("parallelism", json!(2));
    world.settle();
    let working: Vec<_> = world
        .active()
        .iter()
        .map(|pod| indexes::index(pod))
        .collect();
    assert_eq!(working, [Some(1)]);
    assert_eq!(world.number("failed"), 0);
    world.finish(1, "Succeeded");
    world.settle();
    assert_eq!(world.job.text("/status/completedIndexes"), "0,1");
    assert_eq!(world.condition("Complete"), "True CompletionsReached");
}

#[test]
fn a_pod_that_somebody_deletes_has_failed_and_is_replaced() {
    for (policy, made) in [("TerminatingOrFailed", 2), ("Failed", 1)] {
        let mut world = World::new(&json!({"completions": 1, "podReplacementPolicy": policy}));
        world.settle();
        // Its other finalizer keeps it around.
        let finalizers = json!([TRACKING, "other"]);
        world.pods[0]
            .metadata_mut()
            .insert("finalizers".into(), finalizers);
        world.pods[0]
            .metadata_mut()
            .insert("deletionTimestamp".into(), json!("x"));
        world.settle();
        world.advance(10);
        world.settle();
        assert_eq!(world.made, made, "{policy}");
        let failed = i64::try_from(made).unwrap() - 1;
        assert_eq!(world.number("failed"), failed, "{policy}");
    }
}

#[test]
fn fewer_at_once_removes_without_failing() {
    let mut world = World::new(&json!({"completions": 5, "parallelism": 4}));
    world.settle();
    world.edit("parallelism", json!(1));
    world.settle();
    assert_eq!((world.active().len(), world.number("failed")), (1, 0));
}

#[test]
fn a_finished_job_expires() {
    let mut world = World::new(&json!({"completions": 1, "ttlSecondsAfterFinished": 60}));
    world.settle();
    world.finish(1, "Succeeded");
    world.settle();
    assert_eq!(world.again.unwrap().as_secs(), 60);
    assert!(!world.job.is_deleting());
    world.advance(60);
    world.step();
    assert!(world.job.is_deleting());
}
