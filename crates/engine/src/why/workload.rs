//! What makes pods, and any other object that says how it is.

use api::Object;

use super::chain::Chain;
use super::facts::{Facts, message};
use super::rules::{self, WORKLOAD};
use super::symptom::{symptom, warning};
use crate::health;

pub(super) fn explain(facts: &Facts) -> Chain {
    let subject = facts.subject();
    let own = |it: &&Object| it.kind() != "Pod" || is_below(it, facts);
    let made: Vec<Object> = facts.around.iter().filter(own).cloned().collect();
    let health = health::explain(&facts.object, &made, facts.now);
    let refused = rules::first(WORKLOAD, facts);
    let health = match health {
        None => {
            let heading = format!("{subject} has no health of its own: it just is");
            return Chain::well(subject, heading);
        }
        Some(health) if health.status.is_settled_well() && refused.is_none() => {
            let heading = match health.message.as_str() {
                "" => format!("{subject} is {}", health.status.as_str().to_lowercase()),
                message => format!("{subject} {message}"),
            };
            return Chain::well(subject, heading);
        }
        Some(health) => health,
    };
    let kind = facts.object.kind().to_lowercase();
    let mut steps = vec![symptom(facts, &health, &format!("{kind} status"))];
    let nothing = refused.is_none();
    if nothing {
        steps.extend(warning(facts));
    }
    let mut chain = Chain::found(subject, steps, refused);
    if nothing {
        chain.missing = "it has no pod that could say more, and nothing refused one".into();
    }
    chain
}

/// Whether a pod descends from the object, as far as the facts say.
fn is_below(pod: &Object, facts: &Facts) -> bool {
    let uid = facts.object.uid();
    pod.controller().is_some_and(|owner| {
        owner.uid == uid
            || facts.around.iter().any(|it| {
                it.uid() == owner.uid && it.controller().is_some_and(|above| above.uid == uid)
            })
    })
}

/// What was said to those that wanted to make pods.
pub(super) fn refusals(facts: &Facts) -> Vec<&str> {
    let events = facts.warnings("FailedCreate").map(message);
    // Conditions are owned texts: they are looked up in the bodies to live as long as the facts.
    let objects = std::iter::once(&facts.object).chain(&facts.around);
    let conditions = objects.flat_map(|it| super::facts::items(&it.body["status"]["conditions"]));
    let failures = conditions
        .filter(|it| it["type"] == "ReplicaFailure" && it["status"] == "True")
        .filter_map(|it| it["message"].as_str());
    events.chain(failures).collect()
}
