//! A container that needed more memory than it may have.

use api::Quantity;

use super::container::{Container, containers};
use crate::why::chain::{Cause, Step, Tone};
use crate::why::facts::{Facts, message};

pub(super) fn find(facts: &Facts) -> Option<Cause> {
    ended(facts).or_else(|| never_began(facts))
}

/// A limit that is too small for a container even to begin: what is set up around it needs some
/// mebibytes of its own.
fn never_began(facts: &Facts) -> Option<Cause> {
    let said = message(facts.newest_warning()?);
    if !said.contains("OOM-killed") && !said.contains("memory limit too low") {
        return None;
    }
    let all = containers(&facts.object);
    let limit = |it: &&Container| {
        let limit = &it.spec["resources"]["limits"]["memory"];
        Quantity::from_json(limit).ok().map(Quantity::nanos)
    };
    let limited = all.iter().filter(|it| limit(it).is_some());
    let least = limited.min_by_key(limit)?;
    let has = &least.spec["resources"]["limits"]["memory"];
    let has = has.as_str().map_or_else(|| has.to_string(), Into::into);
    let heading = format!(
        "The memory limit of container {}, {has}, is too small for it to begin",
        least.name
    );
    let step = Step::new(Tone::Bad, "newest warning of the node", heading).text(said);
    let field = least.field(facts, "resources.limits.memory");
    let advice = "Raise the limit: a container needs some MiB before its process begins";
    Some(Cause::of(vec![step]).at(field).advice(advice))
}

/// A run that the kernel ended.
fn ended(facts: &Facts) -> Option<Cause> {
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
    let message = container
        .failure()
        .and_then(|ended| ended["message"].as_str());
    let used = used(message.unwrap_or_default());
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

/// By what a runtime that records it writes into the container's last message.
fn used(message: &str) -> String {
    let rest = message.split_once("peak memory ");
    let peak = rest.and_then(|(_, rest)| rest.split([',', ';', '\n']).next());
    match peak.map(str::trim) {
        None => {
            "How much it wanted is not recorded: the kernel ends a process at the limit.".into()
        }
        Some(peak) => match peak.strip_prefix("of the whole pod ") {
            Some(all) => format!(
                "All containers of the pod together used {all} at their peak; how much of that was \
                 this one's is not recorded."
            ),
            None => format!("It used {peak} at its peak."),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::used;

    #[test]
    fn a_peak_is_of_the_container_or_of_all_of_its_pod() {
        assert_eq!(used("peak memory 64Mi, gone"), "It used 64Mi at its peak.");
        let all = used("peak memory of the whole pod 96Mi");
        assert!(all.starts_with("All containers of the pod together used 96Mi"));
        assert!(used("").starts_with("How much it wanted is not recorded"));
    }
}
