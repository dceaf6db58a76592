//! A ConfigMap or Secret that is not there.

use super::reference::{Reference, references};
use crate::why::chain::{Cause, Step, Tone};
use crate::why::facts::{Facts, Lookup};
use crate::why::text::{capital, nearest};

pub(super) fn config_map(facts: &Facts) -> Option<Cause> {
    find(facts, "ConfigMap")
}

pub(super) fn secret(facts: &Facts) -> Option<Cause> {
    find(facts, "Secret")
}

fn find(facts: &Facts, kind: &str) -> Option<Cause> {
    let is_missing = |it: &&Reference| {
        it.kind == kind && !it.optional && it.object(facts) == Lookup::Absent && it.stops(facts)
    };
    let all = references(facts);
    let reference = all.iter().find(is_missing)?;
    let (name, namespace) = (reference.name, facts.object.namespace());
    let takes = match (reference.variable, reference.key) {
        ("", "") => format!("{} takes all of it", reference.taker),
        ("", key) => format!("{} takes {key} of it", reference.taker),
        (variable, key) => format!("{} sets {variable} to its key {key}", reference.taker),
    };
    let near = facts.all(kind).filter(|it| it.namespace() == namespace);
    let near = nearest(name, near.map(api::Object::name));
    let text = match near {
        Some(near) => format!("{takes}. There is a {kind} {near}."),
        None => format!("{takes}."),
    };
    let heading = format!("{kind} {name} does not exist in namespace {namespace}");
    let advice = match near {
        Some(near) => format!("Name {near}, or add {kind} {name} to the commit"),
        None => format!("Add {kind} {name} to the commit"),
    };
    let step = Step::new(Tone::Warn, reference.source(), heading).text(capital(&text));
    Some(
        Cause::of(vec![step])
            .at(reference.name_field.clone())
            .advice(advice),
    )
}
