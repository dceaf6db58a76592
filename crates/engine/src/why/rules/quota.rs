//! Pods that are not made because the namespace has had its share.

use crate::why::chain::{Cause, Step, Tone};
use crate::why::facts::{Facts, Lookup, field_of};
use crate::why::workload::refusals;

const MARK: &str = "exceeded quota: ";

pub(super) fn find(facts: &Facts) -> Option<Cause> {
    let said = refusals(facts)
        .into_iter()
        .find(|said| said.contains(MARK))?;
    let (_, rest) = said.split_once(MARK)?;
    let (quota, figures) = rest.split_once(", ").unwrap_or((rest, ""));
    let heading = format!("Its pods would exceed ResourceQuota {quota}");
    let text = format!("{}.", figures.trim_end_matches('.'));
    let step = Step::new(Tone::Bad, format!("ResourceQuota/{quota}"), heading).text(text);
    let cause = Cause::of(vec![step]);
    let resource = figures
        .split_once("requested: ")
        .and_then(|(_, rest)| rest.split('=').next())
        .unwrap_or_default();
    let advice = "Ask for less, or raise the quota";
    Some(
        match facts.find("ResourceQuota", facts.object.namespace(), quota) {
            Lookup::Found(object) => cause
                .at(field_of(object, &format!("spec.hard.{resource}")))
                .advice(advice),
            _ => cause
                .advice(advice)
                .missing(format!("ResourceQuota {quota} could not be read")),
        },
    )
}
