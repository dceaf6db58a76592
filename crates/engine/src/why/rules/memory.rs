//! A container that needed more memory than it may have.

use super::container::containers;
use crate::why::chain::{Cause, Step, Tone};
use crate::why::facts::Facts;

pub(super) fn find(facts: &Facts) -> Option<Cause> {
    let all = containers(&facts.object);
    let container = all.iter().find(|it| {
        !it.is_running()
            && it
                .failure()
                .is_some_and(|ended| ended["reason"] == "OOMKilled")
    });
    // One that runs again may be on its way to the same end.
    let container = container.or_else(|| {
        all.iter().find(|it| {
            it.status["ready"] != true
                && it
                    .failure()
                    .is_some_and(|ended| ended["reason"] == "OOMKilled")
        })
    })?;
    let name = container.name;
    let limit = container.spec["resources"]["limits"]["memory"].as_str();
    let peak = container
        .failure()
        .and_then(|ended| peak(ended["message"].as_str()?));
    let used = match peak {
        Some(peak) => format!("It used {peak} at its peak."),
        None => {
            "How much it wanted is not recorded: the kernel ends a process at the limit.".into()
        }
    };
    let told = |heading: String| {
        let step = Step::new(Tone::Bad, "kernel, by the container's status", heading);
        Cause::of(vec![step.text(used)])
    };
    if let Some(limit) = limit {
        let heading = format!("Container {name} needs more memory than its limit of {limit}");
        let field = container.field(facts, "resources.limits.memory");
        let advice = "Raise the limit, or have the process use less";
        return Some(told(heading).at(field).advice(advice));
    }
    let heading =
        format!("Container {name} has no limit of its own, and the node had no memory left");
    let advice = "Have it request what it needs, so that it gets a node that has it";
    let field = container.field(facts, "resources");
    Some(told(heading).at(field).advice(advice))
}

/// What a runtime that records it writes into the container's last message.
fn peak(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("peak memory ")?;
    rest.split([',', ';', '\n']).next().map(str::trim)
}
