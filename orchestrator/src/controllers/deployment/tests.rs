mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::Object;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::decide::{Observed, decide};
use super::fraction::{Limits, limits};
use super::revision;
use super::rolling::resizes;
use crate::controllers::action::Action;
use crate::controllers::ownership::Claims;

use world::{World, template};

fn rolling(surge: &Value, unavailable: &Value) -> Value {
    json!({
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable},
    })
}

fn quarter() -> Value {
    rolling(&json!("25%"), &json!("25%"))
}

#[test]
fn limits_round_up_and_down() {
    for (replicas, surge, unavailable, expected) in [
        (10, json!("25%"), json!("25%"), (3, 2)),
        (4, json!("25%"), json!("25%"), (1, 1)),
        (1, json!("25%"), json!("25%"), (1, 0)),
        (3, json!("0%"), json!("10%"), (0, 1)),
        (3, json!(0), json!(0), (0, 1)),
        (0, json!(1), json!(1), (1, 0)),
        (2, json!(5), json!(7), (5, 2)),
        (10, json!("100%"), json!(0), (10, 0)),
        (10, Value::Null, Value::Null, (3, 2)),
    ] {
        let world = World::new(replicas, "one", &rolling(&surge, &unavailable));
        let (surge_pods, unavailable_pods) = expected;
        assert_eq!(
            limits(&world.deployment),
            Limits {
                surge: surge_pods,
                unavailable: unavailable_pods
            },
            "{replicas} {surge} {unavailable}"
        );
    }
}

#[test]
fn rolls_step_by_step_within_its_limits() {
    let check = |replicas: i64, strategy: &Value, expected: &str| {
        let mut world = World::rolled_out(replicas, strategy);
        assert_eq!(world.sizes(), replicas.to_string());
        world.set_image("two");
        let trace = world.settle();
        assert_eq!(trace.join(" "), expected, "{replicas} {strategy}");
        assert_eq!(
            world.condition("Progressing"),
            "True NewReplicaSetAvailable"
        );
        assert_eq!(
            world.condition("Available"),
            "True MinimumReplicasAvailable"
        );
    };
    check(4, &quarter(), "4/1 2/1 2/3 0/3 0/4");
    check(3, &rolling(&json!(1), &json!(0)), "3/1 2/1 2/2 1/2 1/3 0/3");
    check(
        3,
        &rolling(&json!(0), &json!(1)),
        "3/0 2/0 2/1 1/1 1/2 0/2 0/3",
    );
    check(3, &rolling(&json!("100%"), &json!(0)), "3/3 0/3");
    check(3, &rolling(&json!(0), &json!("100%")), "3/0 0/0 0/3");
    check(1, &quarter(), "1/1 0/1");
    check(1, &rolling(&json!(0), &json!(1)), "1/0 0/0 0/1");
    check(0, &quarter(), "0/0");
    check(3, &json!({"type": "Recreate"}), "0 0/3");
}

#[test]
fn a_broken_template_leaves_the_old_pods_serving() {
    for (strategy, expected) in [
        (rolling(&json!(1), &json!(0)), "4/1"),
        (quarter(), "4/1 3/1 3/2"),
        (rolling(&json!("100%"), &json!(1)), "4/4 3/4 3/4"),
    ] {
        let mut world = World::rolled_out(4, &strategy);
        world.healthy = &["one"];
        world.set_image("two");
        let mut trace = world.settle();
        trace.dedup();
        let expected: Vec<&str> = expected.split(' ').collect();
        let mut expected = expected;
        expected.dedup();
        assert_eq!(trace, expected, "{strategy}");
        assert!(world.again.is_some(), "the deadline is watched");
        world.now = world
            .now
            .saturating_add(SignedDuration::from_secs(700))
            .unwrap();
        world.settle();
        assert_eq!(
            world.condition("Progressing"),
            "False ProgressDeadlineExceeded"
        );
        assert!(world.again.is_none());

        // A fix still rolls out, and clears the failure.
        world.set_image("three");
        world.healthy = &["one", "three"];
        world.settle();
        assert_eq!(world.sizes(), "0/0/4", "{strategy}");
        assert_eq!(
            world.condition("Progressing"),
            "True NewReplicaSetAvailable"
        );
    }
}

#[test]
fn a_status_that_lags_behind_a_smaller_size_takes_nobody_away() {
    let set = |name: &str, size: i64, available: i64| -> Arc<Object> {
        let set = json!({
            "metadata": {"name": name}, "spec": {"replicas": size},
            "status": {"availableReplicas": available},
        });
        Arc::new(set.into())
    };
    let deployment = World::new(4, "three", &rolling(&json!(1), &json!(0))).deployment;
    // One was told to shrink to one and has not said so yet: five serve on, four must.
    let old = [set("one", 1, 2), set("two", 3, 3)];
    let resizes = resizes(&deployment, &set("three", 1, 1), &old);
    let resizes: Vec<_> = resizes.iter().map(|it| (it.set.name(), it.to)).collect();
    assert_eq!(resizes, [("one", 0)]);
}

#[test]
fn a_rollback_takes_the_old_set_and_a_new_number() {
    let mut world = World::rolled_out(2, &quarter());
    world.set_image("two");
    world.settle();
    world.now = world
        .now
        .saturating_add(SignedDuration::from_hours(5))
        .unwrap();
    world.set_image("one");
    world.step();
    world.step();
    assert_ne!(
        world.condition("Progressing"),
        "False ProgressDeadlineExceeded"
    );
    world.settle();
    assert_eq!(world.sizes(), "2/0");
    assert_eq!(revision::revision(&world.sets[0]), 3);
    assert_eq!(world.deployment.annotation(revision::REVISION), Some("3"));
    let history = world.sets[0].annotation("deployment.kubernetes.io/revision-history");
    assert_eq!(history, Some("1"));
}

#[test]
fn a_change_during_a_rollout_rolls_over() {
    let mut world = World::rolled_out(4, &quarter());
    world.set_image("two");
    world.step_until(|world| world.sizes() == "2/3");
    world.set_image("three");
    world.settle();
    assert_eq!(world.sizes(), "0/0/4");
}

#[test]
fn scaling_during_a_rollout_is_proportional() {
    let check = |sizes: [i64; 2], from: i64, to: i64, expected: &str| {
        let mut world = World::rolled_out(from, &rolling(&json!(3), &json!(2)));
        world.set_image("two");
        world.step_until(|world| world.sets.len() == 2);
        world.healthy = &["one"];
        for (set, size) in world.sets.iter_mut().zip(sizes) {
            set.body["spec"]["replicas"] = json!(size);
        }
        world.run_pods();
        world.edit("spec", "replicas", json!(to));
        let before = world.sizes();
        world.step_until(|world| world.sizes() != before);
        assert_eq!(world.sizes(), expected, "{sizes:?} {from} to {to}");
    };
    // The example of Kubernetes' documentation: 10 become 15 with 8 old and 5 new.
    check([8, 5], 10, 15, "11/7");
    check([8, 5], 10, 5, "5/3");
    check([8, 5], 10, 0, "0/0");
    check([1, 12], 10, 20, "2/21");
}

#[test]
fn scaling_a_settled_deployment_touches_only_its_set() {
    let mut world = World::rolled_out(2, &quarter());
    world.set_image("two");
    world.settle();
    for to in [5, 1, 0, 3] {
        world.edit("spec", "replicas", json!(to));
        world.settle();
        assert_eq!(world.sizes(), format!("0/{to}"));
        assert_eq!(
            world.sets[1].annotation(revision::DESIRED),
            Some(to.to_string().as_str())
        );
    }
    assert!(
        world
            .events
            .iter()
            .any(|event| event.ends_with("from 2 to 5"))
    );
}

#[test]
fn a_paused_deployment_scales_but_does_not_roll() {
    let mut world = World::rolled_out(2, &quarter());
    world.edit("spec", "paused", json!(true));
    world.set_image("two");
    world.edit("spec", "replicas", json!(4));
    world.settle();
    assert_eq!(world.sizes(), "4");
    assert_eq!(world.condition("Progressing"), "Unknown DeploymentPaused");
    assert!(world.again.is_none(), "the clock is stopped");
    world.edit("spec", "paused", json!(false));
    world.settle();
    assert_eq!(world.sizes(), "0/4");
}

#[test]
fn old_sets_beyond_the_limit_go_lowest_revision_first() {
    let mut world = World::rolled_out(1, &quarter());
    world.edit("spec", "revisionHistoryLimit", json!(1));
    for image in ["two", "three", "one"] {
        world.set_image(image);
        world.settle();
    }
    let revisions: BTreeSet<i64> = world.sets.iter().map(revision::revision).collect();
    assert_eq!(revisions, BTreeSet::from([3, 4]));
}

#[test]
fn a_taken_name_salts_the_hash() {
    let mut world = World::new(1, "one", &quarter());
    let mut stranger = revision::replica_set(&world.deployment, 0, 1);
    stranger.body["spec"]["template"] = template("other");
    let name = stranger.name().to_owned();
    world.sets.push(stranger);
    world.settle();
    assert_eq!(world.deployment.body["status"]["collisionCount"], 1);
    assert_ne!(world.sets[1].name(), name);
    assert_eq!(world.sizes(), "0/1");
}

#[test]
fn recreate_waits_for_every_old_pod() {
    let mut world = World::rolled_out(2, &json!({"type": "Recreate"}));
    world.set_image("two");
    world.step();
    world.run_pods();
    assert_eq!(world.sizes(), "0");
    let uid = world.sets[0].uid();
    let observe = |running: usize| Observed {
        deployment: Arc::new(world.deployment.clone()),
        taken: BTreeSet::new(),
        running: BTreeMap::from([(uid.clone(), running)]),
        claims: Claims {
            owned: world.sets.iter().cloned().map(Arc::new).collect(),
            changes: Vec::new(),
        },
        now: world.now,
    };
    let creates = |observed: &Observed| {
        let actions = decide(observed).actions;
        actions
            .iter()
            .any(|action| matches!(action, Action::Create { .. }))
    };
    assert!(!creates(&observe(1)), "a pod is still going");
    assert!(creates(&observe(0)));
}

#[test]
fn status_conveys_what_keeps_pods_from_being_made() {
    let mut world = World::rolled_out(2, &quarter());
    world.sets[0].body["status"]["conditions"] = json!([{
        "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "quota",
    }]);
    world.step();
    assert_eq!(world.condition("ReplicaFailure"), "True FailedCreate");
    world.run_pods();
    world.step();
    assert!(world.deployment.condition("ReplicaFailure").is_none());
}

#[test]
fn the_hash_ignores_order_but_not_meaning() {
    let world = World::new(1, "one", &quarter());
    let hash = revision::hash(&world.deployment);
    assert!(
        hash.bytes()
            .all(|byte| b"bcdfghjklmnpqrstvwxz2456789".contains(&byte))
    );
    let mut turned = world.deployment.clone();
    turned.body["spec"]["template"] = json!({
        "spec": {"containers": [{"image": "one", "name": "web"}]},
        "metadata": {"labels": {"app": "web"}, "creationTimestamp": null},
    });
    assert_eq!(revision::hash(&turned), hash);
    turned.body["spec"]["template"] = template("two");
    assert_ne!(revision::hash(&turned), hash);
}
