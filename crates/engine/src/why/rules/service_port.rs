//! A Service that leads to a port that no container has.

use api::Object;
use api::selector::LabelSelector;
use serde_json::Value;

use super::container::containers;
use crate::why::chain::{Cause, Step, Tone};
use crate::why::facts::{Facts, field_of, items, title};
use crate::why::text::nearest;

pub(super) fn find(facts: &Facts) -> Option<Cause> {
    let selector = LabelSelector::from_map(facts.object.pointer("/spec/selector"));
    if selector.is_empty() {
        return None;
    }
    let pods: Vec<&Object> = facts
        .all("Pod")
        .filter(|pod| selector.matches(pod))
        .collect();
    let ports = items(&facts.object.body["spec"]["ports"]);
    let first = *pods.first()?;
    ports.enumerate().find_map(|(at, port)| {
        let target = target(port);
        let is_there = |pod: &&Object| declared(pod).iter().any(|it| answers(it, target));
        // A number need not be declared: only where others are is its absence worth a word.
        let proves = target.is_string() || !declared(first).is_empty();
        (proves && !pods.iter().any(is_there)).then(|| cause(facts, first, at, port))
    })
}

/// Where a port of a Service leads: its own number where it says nothing else.
fn target(port: &Value) -> &Value {
    match &port["targetPort"] {
        Value::Null => &port["port"],
        target => target,
    }
}

fn declared(pod: &Object) -> Vec<&Value> {
    let all = containers(pod).into_iter();
    all.flat_map(|container| items(&container.spec["ports"]))
        .collect()
}

fn answers(declared: &Value, target: &Value) -> bool {
    match target {
        Value::String(name) => declared["name"] == **name,
        number => declared["containerPort"] == *number,
    }
}

fn cause(facts: &Facts, pod: &Object, at: usize, port: &Value) -> Cause {
    let wanted = match target(port) {
        Value::String(name) => name.clone(),
        number => number.to_string(),
    };
    let all = declared(pod);
    let words: Vec<String> = all
        .iter()
        .map(|it| match it["name"].as_str() {
            Some(name) => format!("{} ({name})", it["containerPort"]),
            None => it["containerPort"].to_string(),
        })
        .collect();
    let names = all.iter().filter_map(|it| it["name"].as_str());
    let advice = match nearest(&wanted, names) {
        Some(name) => format!("Lead to {name}"),
        None => "Lead to a port that a container listens on".to_owned(),
    };
    let has = match words.as_slice() {
        [] => "declares no port".to_owned(),
        words => format!("declares {}", words.join(", ")),
    };
    let heading = format!(
        "Port {} leads to {wanted}, which no container declares",
        port["port"]
    );
    let step = Step::new(Tone::Warn, title(pod), heading).text(format!("{} {has}.", title(pod)));
    let field = format!("spec.ports[{at}].targetPort");
    Cause::of(vec![step])
        .at(field_of(&facts.object, &field))
        .advice(advice)
}
