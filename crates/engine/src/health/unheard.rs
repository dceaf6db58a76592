//! A pod whose node reports nothing any more: what else its status says is what was heard last.

use api::Object;
use jiff::Timestamp;
use serde_json::Value;

/// Between the name of the node and what it does not do, in the words for a pod's health.
const ON: &str = "is on node ";
const DOES_NOT_REPORT: &str = ", which does not report";

/// Whether nobody knows how the pod is: whoever watches over nodes took its readiness away, and none of its
/// containers did.
pub fn is_unheard(pod: &Object) -> bool {
    if pod.text("/spec/nodeName").is_empty() {
        return false;
    }
    match pod.text("/status/phase") {
        "Unknown" => true,
        "Running" => pod.condition("Ready").is_some_and(|ready| {
            ready.status != "True" && (ready.reason == "NodeNotReady" || is_ready_but_for_it(pod))
        }),
        _ => false,
    }
}

/// All containers are ready, nothing else is asked for, and still it is not.
fn is_ready_but_for_it(pod: &Object) -> bool {
    let gates = pod
        .pointer("/spec/readinessGates")
        .and_then(Value::as_array);
    let contained = pod.condition("ContainersReady");
    gates.is_none_or(Vec::is_empty) && contained.is_some_and(|it| it.status == "True")
}

/// What is said of it, and since when it is so.
pub(super) fn clause(pod: &Object) -> (String, Option<Timestamp>) {
    let node = pod.text("/spec/nodeName");
    let ready = pod.condition("Ready");
    let since = ready.and_then(|ready| ready.last_transition_time);
    (
        format!("{ON}{node}{DOES_NOT_REPORT}"),
        since.as_deref().and_then(api::parse_time),
    )
}

/// The node that a sentence about health gives as the reason; `None` where it gives another one.
pub fn silent_node(message: &str) -> Option<&str> {
    let (before, _) = message.split_once(DOES_NOT_REPORT)?;
    let (_, node) = before.rsplit_once(ON)?;
    (!node.contains(' ')).then_some(node)
}

#[test]
fn the_node_is_read_from_the_sentence() {
    let sentence = "Deployment shop/web: pod web-1 is on node node-1, which does not report";
    assert_eq!(silent_node(sentence), Some("node-1"));
    assert_eq!(
        silent_node(&format!("{sentence}; it was given 10 s")),
        Some("node-1")
    );
    assert_eq!(
        silent_node("Deployment shop/web: 0 of 2 pods are ready"),
        None
    );
}
