//! Places pods: which node each goes to, or why it goes nowhere. Same snapshot and pods, same
//! answer; each placement is part of the snapshot for the next pod.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::filter::{Request, VolumeChoice};
use super::node::Node;
use super::pod::Pod;
use super::reason::{Misfit, Reason};
use super::score;
use super::snapshot::Snapshot;

/// Up to this many nodes, every one is looked at.
const SMALL_CLUSTER: usize = 100;

/// Where a pod goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    pub node: String,
    /// What has to happen to late-binding claims before the pod is bound.
    pub volumes: Vec<VolumeChoice>,
}

/// What becomes of one pod.
pub type Verdict = Result<Placement, Misfit>;

/// Decides for every pod of `pending`, in that order, and places each on its node in `snapshot`.
pub fn decide(snapshot: &mut Snapshot, pending: &[Arc<Pod>]) -> Vec<Verdict> {
    pending
        .iter()
        .map(|pod| {
            let verdict = place(snapshot, pod);
            if let Ok(placement) = &verdict {
                assume(snapshot, pod, placement);
            }
            verdict
        })
        .collect()
}

/// Counts the pod, and the volumes it will get, as if everything had been written already.
pub fn assume(snapshot: &mut Snapshot, pod: &Pod, placement: &Placement) {
    let placed = Pod {
        node: placement.node.clone(),
        ..pod.clone()
    };
    snapshot.place(Arc::new(placed));
    for choice in &placement.volumes {
        if let VolumeChoice::Existing { claim, volume } = choice {
            snapshot.hold_volume(volume, claim);
        }
    }
}

fn place(snapshot: &mut Snapshot, pod: &Pod) -> Verdict {
    let (verdict, looked_at) = search(snapshot, pod);
    let nodes = snapshot.nodes().len();
    if nodes > 0 {
        snapshot.start = (snapshot.start + looked_at) % nodes;
    }
    verdict
}

/// The verdict, and how many nodes were looked at.
fn search(snapshot: &Snapshot, pod: &Pod) -> (Verdict, usize) {
    let nodes = snapshot.nodes();
    let misfit = |reasons, obstacle| Misfit {
        nodes: nodes.len(),
        reasons,
        obstacle,
    };
    let request = match Request::new(pod, snapshot) {
        Ok(request) => request,
        Err(obstacle) => return (Err(misfit(BTreeMap::new(), Some(obstacle))), 0),
    };
    let wanted = enough(nodes.len());
    let mut reasons: BTreeMap<Reason, usize> = BTreeMap::new();
    let mut fitting: Vec<&Node> = Vec::new();
    let mut looked_at = 0;
    let start = if wanted < nodes.len() {
        snapshot.start.min(nodes.len())
    } else {
        0
    };
    for node in nodes[start..].iter().chain(&nodes[..start]) {
        looked_at += 1;
        match request.check(node) {
            Ok(()) => fitting.push(node),
            Err(why) => {
                for reason in why {
                    *reasons.entry(reason).or_default() += 1;
                }
            }
        }
        if fitting.len() >= wanted {
            break;
        }
    }
    let Some(node) = best(&request, &mut fitting) else {
        return (Err(misfit(reasons, None)), looked_at);
    };
    let placement = Placement {
        node: node.name().to_owned(),
        volumes: request.volumes.choices(node).unwrap_or_default(),
    };
    (Ok(placement), looked_at)
}

/// The node with the highest score; of equals, the first by name.
fn best<'a>(request: &Request, fitting: &mut [&'a Node]) -> Option<&'a Node> {
    if let [only] = fitting {
        return Some(only);
    }
    fitting.sort_by(|a, b| a.name().cmp(b.name()));
    let totals = score::totals(request, fitting);
    let mut best: Option<(i64, &Node)> = None;
    for (node, total) in fitting.iter().zip(totals) {
        if best.is_none_or(|(highest, _)| total > highest) {
            best = Some((total, node));
        }
    }
    best.map(|(_, node)| node)
}

/// How many nodes that fit are enough to choose from, as Kubernetes has it: (50 − n/125) % in
/// clusters of more than 100 nodes, at least 5 % and at least 100.
fn enough(nodes: usize) -> usize {
    if nodes <= SMALL_CLUSTER {
        return nodes.max(1);
    }
    let percent = 50_usize.saturating_sub(nodes / 125).max(5);
    (nodes * percent / 100).max(SMALL_CLUSTER)
}
