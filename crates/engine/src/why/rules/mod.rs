//! The rules, a file each: from what is observed to a cause, or nothing. A rule that applies proves
//! what it says; the first one that does is the answer.

mod command;
mod config_key;
mod container;
mod crash;
mod image;
mod memory;
mod node_lost;
mod object_missing;
mod port_taken;
mod probe;
mod quota;
mod read_only;
mod reference;
mod selector;
mod service_port;
mod unschedulable;
mod volume;
mod webhook;

pub(super) use container::{Container, containers};
pub use port_taken::port_is_taken;
pub use probe::asks_in_vain;

use super::chain::Cause;
use super::facts::Facts;

type Rule = (&'static str, fn(&Facts) -> Option<Cause>);

/// Of a pod whose node does not report: then nothing else that is known of the pod counts.
pub const NODE: &str = "node";

/// What may be wrong with a pod, the most telling first.
pub(super) const POD: &[Rule] = &[
    (NODE, node_lost::find),
    ("unschedulable", unschedulable::find),
    ("config-key-missing", config_key::find),
    ("config-map-missing", object_missing::config_map),
    ("secret-missing", object_missing::secret),
    ("image", image::find),
    ("command", command::find),
    ("out-of-memory", memory::find),
    ("read-only-file-system", read_only::find),
    ("port-in-use", port_taken::find),
    ("volume", volume::find),
    ("probe", probe::find),
    ("crash", crash::find),
];

/// What keeps pods from being made.
pub(super) const WORKLOAD: &[Rule] = &[("quota", quota::find), ("webhook", webhook::find)];

/// What keeps a Service from leading anywhere.
pub(super) const SERVICE: &[Rule] = &[
    ("selector", selector::find),
    ("service-port", service_port::find),
];

/// The words of all rules about objects, as they stand in a chain.
pub const RULES: &[&str] = &[
    NODE,
    "unschedulable",
    "config-key-missing",
    "config-map-missing",
    "secret-missing",
    "image",
    "command",
    "out-of-memory",
    "read-only-file-system",
    "port-in-use",
    "volume",
    "probe",
    "crash",
    "quota",
    "webhook",
    "selector",
    "service-port",
];

/// The first that applies, with its word.
pub(super) fn first(rules: &[Rule], facts: &Facts) -> Option<(&'static str, Cause)> {
    rules
        .iter()
        .find_map(|(word, find)| Some((*word, find(facts)?)))
}

#[test]
fn all_rules_have_their_words() {
    let all = [POD, WORKLOAD, SERVICE].concat();
    let words: Vec<&str> = all.iter().map(|(word, _)| *word).collect();
    assert_eq!(words, RULES);
}
