//! Deployments: replicas of a template, replaced step by step when it changes.

use api::{Cause, Object};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::field::{Causes, Field};
use super::{Kind, Propagation, cells, edit, generic, scale, workload};

pub(super) fn kind(base: Kind) -> Kind {
    Kind {
        default,
        prepare_create: generic::first_generation,
        prepare_update: generic::next_generation,
        validate_create,
        validate_update: |new, old| {
            let mut causes = validate_create(new);
            causes.extend(workload::fixed_selector(new, old));
            causes
        },
        validate_status: |new, _| {
            workload::counts(
                new,
                &[
                    "observedGeneration",
                    "replicas",
                    "updatedReplicas",
                    "readyReplicas",
                    "availableReplicas",
                    "unavailableReplicas",
                ],
            )
        },
        row,
        scale: Some(scale::REPLICAS),
        propagation: Propagation::Background,
        ..base
    }
}

fn default(object: &mut Object) {
    let Some(spec) = edit::member(&mut object.body, "spec") else {
        return;
    };
    edit::set(spec, "replicas", 1);
    edit::set(spec, "revisionHistoryLimit", 10);
    edit::set(spec, "progressDeadlineSeconds", 600);
    if let Some(strategy) = edit::ensure(spec, "strategy") {
        edit::set(strategy, "type", "RollingUpdate");
        if strategy["type"] == "RollingUpdate"
            && let Some(rolling) = edit::ensure(strategy, "rollingUpdate")
        {
            edit::set(rolling, "maxUnavailable", "25%");
            edit::set(rolling, "maxSurge", "25%");
        }
    }
    workload::default_template(spec);
}

fn validate_create(object: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let spec = Field::root(object).get("spec");
    causes.at_least(&spec.get("replicas"), 0);
    workload::selector(&mut causes, &spec, "deployment");
    workload::template(&mut causes, &spec.get("template"), &["Always"]);
    strategy(&mut causes, &spec.get("strategy"));
    for field in [
        "minReadySeconds",
        "revisionHistoryLimit",
        "progressDeadlineSeconds",
    ] {
        causes.at_least(&spec.get(field), 0);
    }
    let deadline = spec.get("progressDeadlineSeconds");
    let ready = spec.get("minReadySeconds").number().unwrap_or_default();
    if deadline.number().is_some_and(|seconds| seconds <= ready) {
        causes.invalid(&deadline, "must be greater than minReadySeconds");
    }
    causes.finish()
}

fn strategy(causes: &mut Causes, strategy: &Field) {
    let kind = strategy.get("type");
    causes.one_of(&kind, &["Recreate", "RollingUpdate"]);
    let rolling = strategy.get("rollingUpdate");
    if kind.text() == "Recreate" {
        if rolling.is_set() {
            causes.forbidden(
                &rolling,
                "may not be specified when strategy `type` is 'Recreate'",
            );
        }
        return;
    }
    let (unavailable, surge) = (rolling.get("maxUnavailable"), rolling.get("maxSurge"));
    let unavailable_value = share(causes, &unavailable);
    let surge_value = share(causes, &surge);
    if unavailable_value == Some(0) && surge_value == Some(0) {
        causes.invalid(&unavailable, "may not be 0 when `maxSurge` is 0");
    }
    let is_percent = unavailable.value().is_string();
    if is_percent && unavailable_value.is_some_and(|percent| percent > 100) {
        causes.invalid(&unavailable, "must not be greater than 100%");
    }
}

/// A count, or the number in a percentage.
fn share(causes: &mut Causes, field: &Field) -> Option<i64> {
    match field.value() {
        Value::Null => None,
        Value::String(text) => {
            let broken = api::name::percent(text);
            let number = text
                .strip_suffix('%')
                .and_then(|digits| digits.parse().ok());
            causes.rules(field, broken);
            number
        }
        _ => {
            causes.at_least(field, 0);
            field.number()
        }
    }
}

fn row(object: &Object, now: Timestamp) -> Vec<Value> {
    let ready = cells::number(object, "/status/readyReplicas");
    let desired = cells::number(object, "/spec/replicas");
    let [containers, images] = cells::containers(object, "/spec/template/spec");
    vec![
        json!(object.name()),
        json!(format!("{ready}/{desired}")),
        json!(cells::number(object, "/status/updatedReplicas").to_string()),
        json!(cells::number(object, "/status/availableReplicas").to_string()),
        cells::age(object, now),
        containers,
        images,
        cells::selector(object.pointer("/spec/selector")),
    ]
}
