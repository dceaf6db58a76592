//! A node that does not report, so that nobody knows what its pods do.

use crate::health::is_unheard;
use crate::why::chain::{Cause, Step, Tone};
use crate::why::facts::{Facts, Lookup};
use crate::why::node::{Others, is_silent, next_of_pod, silence};

pub(super) fn find(facts: &Facts) -> Option<Cause> {
    let pod = &facts.object;
    let name = pod.text("/spec/nodeName");
    if name.is_empty() {
        return None;
    }
    let node = match facts.find("Node", "", name) {
        Lookup::Found(node) => node,
        Lookup::Absent => {
            let heading = format!("Node {name} does not exist any more");
            let step = Step::new(Tone::Bad, "API server", heading);
            let text = "Its pods are deleted by the cluster, and made again by what made them.";
            return Some(Cause::of(vec![step.text(text)]));
        }
        Lookup::Unknown => return None,
    };
    // One that answers and says that it is not ready may still run its pods as they say.
    if !is_silent(node) && !is_unheard(pod) {
        return None;
    }
    let heading = silence(node, facts.now)?;
    let others = Others::than(name, facts.all("Node"));
    let next = next_of_pod(pod, node, others, facts.now);
    let text = format!("What the pod does meanwhile is not known. {next}");
    let step = Step::new(Tone::Bad, "node status", heading).text(text);
    let advice = format!(
        "See that the machine of node {name} runs, and that its agent reaches the API server"
    );
    Some(Cause::of(vec![step]).advice(advice))
}
