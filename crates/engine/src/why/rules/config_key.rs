//! A key that a ConfigMap or Secret does not have.

use api::Object;

use super::reference::{Reference, references};
use crate::why::chain::{Cause, Step, Tone};
use crate::why::facts::{Facts, Lookup};
use crate::why::text::{capital, keys, names, nearest, several};

pub(super) fn find(facts: &Facts) -> Option<Cause> {
    references(facts)
        .iter()
        .find_map(|reference| missing(facts, reference))
}

fn missing(facts: &Facts, reference: &Reference) -> Option<Cause> {
    let Lookup::Found(object) = reference.object(facts) else {
        return None;
    };
    let there = keys_of(object);
    if reference.key.is_empty() || there.contains(&reference.key) {
        return None;
    }
    let mut steps = Vec::new();
    if reference.optional {
        // Started without it: only the process itself can say that it matters.
        let container = reference.container?;
        let line = container.said(facts, |line| names(line, reference.variable))?;
        let ends = Step::new(
            Tone::Bad,
            "last lines of the log",
            "The process ends itself",
        );
        steps.push(ends.said(line));
    } else if !reference.stops(facts) {
        return None;
    }
    let nearest = nearest(reference.key, there.iter().copied());
    steps.push(step(reference, &there));
    let advice = match nearest {
        Some(key) => format!(
            "Ask for {key}, or add {} to {}",
            reference.key,
            reference.source()
        ),
        None => format!("Add {} to {}", reference.key, reference.source()),
    };
    Some(
        Cause::of(steps)
            .at(reference.key_field.clone())
            .advice(advice),
    )
}

fn step(reference: &Reference, there: &[&str]) -> Step {
    let heading = match reference.variable {
        "" => format!("Key {} does not exist", reference.key),
        variable if reference.optional => {
            format!("{variable} is empty because the key it names does not exist")
        }
        variable => format!("{variable} cannot be set: the key it names does not exist"),
    };
    let kind = if reference.kind == "Secret" {
        "secret"
    } else {
        "map"
    };
    let has = match there {
        [] => "has no keys".to_owned(),
        there => format!("has {}", several(there)),
    };
    let optional = if reference.optional {
        " The reference is optional, so the container starts without it."
    } else {
        ""
    };
    let (taker, key) = (capital(&reference.taker), reference.key);
    let text = format!("{taker} asks for {key}. The {kind} {has}.{optional}");
    Step::new(Tone::Warn, reference.source(), heading).text(text)
}

fn keys_of(object: &Object) -> Vec<&str> {
    let parts = ["data", "binaryData", "stringData"];
    let mut all: Vec<&str> = parts
        .iter()
        .flat_map(|part| keys(&object.body[part]))
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}
