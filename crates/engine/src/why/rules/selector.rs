//! A Service that selects no pod.

use api::Object;
use api::selector::LabelSelector;
use serde_json::Value;

use crate::why::chain::{Cause, Step, Tone};
use crate::why::facts::{Facts, field_of, title};
use crate::why::text::distance;

pub(super) fn find(facts: &Facts) -> Option<Cause> {
    let wanted = facts.object.pointer("/spec/selector");
    let selector = LabelSelector::from_map(wanted);
    if selector.is_empty() || facts.all("Pod").any(|pod| selector.matches(pod)) {
        return None;
    }
    let wanted: Vec<(&str, &str)> = pairs(wanted);
    let words: Vec<String> = wanted
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let namespace = facts.object.namespace();
    let heading = format!(
        "No pod in namespace {namespace} has the labels {}",
        words.join(", ")
    );
    let step = Step::new(Tone::Warn, "pods of the namespace", heading);
    // Who has the most of them, and which is another one there.
    let near = facts
        .all("Pod")
        .map(|pod| (differing(&wanted, pod), pod))
        .filter(|(different, _)| different.len() < wanted.len() || wanted.len() == 1)
        .min_by_key(|(different, pod)| {
            (
                different.len(),
                slips(different, pod),
                pod.name().to_owned(),
            )
        });
    let Some((different, pod)) = near else {
        let cause = Cause::of(vec![step.text("None has one of them.")]);
        return Some(cause.at(field_of(&facts.object, "spec.selector")));
    };
    let (key, value) = different.first().copied()?;
    let text = match pod.label(key) {
        Some(has) => format!("{} has {key}={has} instead of {value}.", title(pod)),
        None => format!("{} has no label {key}.", title(pod)),
    };
    let field = field_of(&facts.object, &format!("spec.selector[{key}]"));
    let advice = format!("Make {key} the same in the selector and in the pods' labels");
    Some(Cause::of(vec![step.text(text)]).at(field).advice(advice))
}

fn pairs(map: Option<&Value>) -> Vec<(&str, &str)> {
    let map = map.and_then(Value::as_object).into_iter().flatten();
    map.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
        .collect()
}

/// How far the labels that differ are from what is wanted, in letters.
fn slips(different: &[(&str, &str)], pod: &Object) -> usize {
    let far = |(key, value): &(&str, &str)| match pod.label(key) {
        Some(has) => distance(has, value),
        None => value.chars().count() + key.chars().count(),
    };
    different.iter().map(far).sum()
}

fn differing<'a>(wanted: &[(&'a str, &'a str)], pod: &Object) -> Vec<(&'a str, &'a str)> {
    let other = |(key, value): &&(&str, &str)| pod.label(key) != Some(value);
    wanted.iter().filter(other).copied().collect()
}
