//! A Service that leads nowhere.

use api::Object;
use api::selector::LabelSelector;

use super::chain::{Chain, Step, Tone};
use super::facts::Facts;
use super::rules::{self, SERVICE};

pub(super) fn explain(facts: &Facts) -> Chain {
    let subject = facts.subject();
    if let Some(found) = rules::first(SERVICE, facts) {
        let heading = format!("{subject} leads to no pod");
        let symptom = Step::new(Tone::Bad, "service", heading);
        return Chain::found(subject, vec![symptom], Some(found));
    }
    let selector = LabelSelector::from_map(facts.object.pointer("/spec/selector"));
    if selector.is_empty() {
        let heading = format!("{subject} selects nothing: its addresses are written by others");
        return Chain::well(subject, heading);
    }
    let pods: Vec<&Object> = facts
        .all("Pod")
        .filter(|pod| selector.matches(pod))
        .collect();
    let is_ready = |pod: &&&Object| pod.condition("Ready").is_some_and(|it| it.status == "True");
    let ready = pods.iter().filter(is_ready).count();
    let heading = format!("{subject} leads to {ready} ready of {} pods", pods.len());
    if ready > 0 {
        return Chain::well(subject, heading);
    }
    let mut chain = Chain::found(
        subject,
        vec![Step::new(Tone::Bad, "endpoints", heading)],
        None,
    );
    chain.missing = match pods.first() {
        Some(pod) => format!("why its pods are not ready: kedge why pod/{}", pod.name()),
        None => String::new(),
    };
    chain
}
