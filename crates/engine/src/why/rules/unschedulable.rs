//! A pod that no node can take.

use super::container::containers;
use super::volume;
use crate::why::chain::{Cause, Field, Step, Tone};
use crate::why::facts::Facts;

pub(super) fn find(facts: &Facts) -> Option<Cause> {
    let scheduled = facts.object.condition("PodScheduled")?;
    if scheduled.status != "False" {
        return None;
    }
    let said = scheduled.message.trim_end_matches('.');
    // A claim that is not there is none of the nodes' matters.
    if said.contains("persistentvolumeclaim") && volume::find(facts).is_some() {
        return None;
    }
    let step =
        Step::new(Tone::Bad, "scheduler", "No node can take the pod").text(format!("{said}."));
    let cause = Cause::of(vec![step]);
    let reasons = reasons(said);
    Some(match reasons.as_slice() {
        [only] => match field(facts, only) {
            Some(field) => cause.at(field).advice(advice(only)),
            None => cause.missing("what stands in the way is the nodes', not a field of the pod"),
        },
        [] => cause.missing("the scheduler says no reason"),
        _ => cause.missing("several reasons, each on other nodes: no one field is the cause"),
    })
}

/// What would have the one reason away.
fn advice(reason: &str) -> String {
    match reason.strip_prefix("Insufficient ") {
        Some(resource) => format!("Request less {resource}, or add a node that has it"),
        None => "Ask for what a node has, or change a node so that it has it".to_owned(),
    }
}

/// `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable` without the numbers.
fn reasons(said: &str) -> Vec<&str> {
    let Some((_, list)) = said.split_once("nodes are available: ") else {
        return Vec::new();
    };
    // Other schedulers add what preemption would help.
    let list = list.split(". ").next().unwrap_or_default();
    let parts = list.split(", ").map(|part| {
        let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
        part[digits..].trim()
    });
    parts.filter(|part| !part.is_empty()).collect()
}

fn field(facts: &Facts, reason: &str) -> Option<Field> {
    let spec = &facts.object.body["spec"];
    if let Some(resource) = reason.strip_prefix("Insufficient ") {
        let all = containers(&facts.object);
        let asks = all
            .iter()
            .filter(|it| it.spec["resources"]["requests"].get(resource).is_some());
        let most = asks.max_by_key(|it| {
            api::Quantity::from_json(&it.spec["resources"]["requests"][resource])
                .map_or(0, api::Quantity::nanos)
        })?;
        return Some(most.field(facts, &format!("resources.requests.{resource}")));
    }
    if reason.contains("node affinity/selector") {
        let part = if spec["nodeSelector"].is_object() {
            "nodeSelector"
        } else {
            "affinity"
        };
        return Some(facts.pod_field(&format!("spec.{part}")));
    }
    if reason.contains("affinity rules") && spec["affinity"].is_object() {
        return Some(facts.pod_field("spec.affinity"));
    }
    if reason.contains("free ports") {
        let all = containers(&facts.object);
        let taker = all.iter().find(|it| it.spec["ports"].is_array())?;
        return Some(taker.field(facts, "ports"));
    }
    None
}
