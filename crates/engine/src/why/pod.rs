//! A pod that does not run, or not well.

use super::chain::Chain;
use super::facts::Facts;
use super::rules::{self, POD, containers};
use super::symptom::{exit, symptom, warning};
use crate::health;

pub(super) fn explain(facts: &Facts) -> Chain {
    let health = health::assess(&facts.object, facts.now).unwrap_or_default();
    let subject = facts.subject();
    if health.status.is_settled_well() {
        return Chain::well(subject.clone(), format!("{subject} is running and ready"));
    }
    let mut steps = vec![symptom(facts, &health, "pod status")];
    steps.extend(containers(&facts.object).iter().filter_map(exit));
    let found = rules::first(POD, facts);
    if found.is_none() {
        steps.extend(warning(facts));
    }
    let nothing = found.is_none();
    let mut chain = Chain::found(subject, steps, found);
    if nothing {
        chain.missing = match facts.newest_warning() {
            Some(_) => "no rule knows this warning".to_owned(),
            None => "nothing was reported about it yet".to_owned(),
        };
    }
    chain
}
