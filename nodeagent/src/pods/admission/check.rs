//! Decides whether a pod fits beside others. Pure.

use api::Object;
use api::placement::{HostPort, Labels, Resources, allows_node, host_ports, requests};

/// What a node can give to pods.
#[derive(Debug, Clone, Default)]
pub(crate) struct Room {
    pub name: String,
    pub labels: Labels,
    pub allocatable: Resources,
    /// How many pods it takes.
    pub pods: i64,
}

/// What one pod takes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Claim {
    requests: Resources,
    host_ports: Vec<HostPort>,
}

impl Claim {
    pub(crate) fn of(pod: &Object) -> Self {
        let spec = &pod.body["spec"];
        Self {
            requests: requests(spec).exact,
            host_ports: host_ports(spec),
        }
    }
}

/// Why a node does not take a pod: `status.reason` and `status.message`, as Kubernetes words them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub reason: String,
    pub message: String,
}

impl Refusal {
    pub(super) const NODE_AFFINITY: &str = "NodeAffinity";

    fn resource(name: &str, wanted: i64, used: i64, all: i64) -> Self {
        Self {
            reason: format!("OutOf{name}"),
            message: format!(
                "Pod was rejected: Node didn't have enough resource: {name}, requested: {wanted}, used: {used}, capacity: {all}"
            ),
        }
    }

    fn predicate(name: &str, text: &str) -> Self {
        Self {
            reason: name.into(),
            message: format!("Pod was rejected: Predicate {name} failed: {text}"),
        }
    }

    /// Whether the labels of the node are what is wrong.
    pub(crate) fn is_by_labels(&self) -> bool {
        self.reason == Self::NODE_AFFINITY
    }
}

/// Whether `room`, of which `taken` is taken, takes `pod`.
///
/// Devices and huge pages are not looked at: whoever counts them publishes them past this agent.
pub(crate) fn check<'a>(
    room: &Room,
    pod: &Object,
    taken: impl Iterator<Item = &'a Claim>,
) -> Result<(), Refusal> {
    let wanted = Claim::of(pod);
    let (mut used, mut pods, mut collides) = (Resources::default(), 0, false);
    for claim in taken {
        used.add(&claim.requests);
        pods += 1;
        let mut ports = claim.host_ports.iter();
        collides |= ports.any(|port| wanted.host_ports.iter().any(|own| own.collides(port)));
    }
    let (ask, all) = (&wanted.requests, &room.allocatable);
    for (name, ask, used, all) in [
        ("pods", 1, pods, room.pods),
        ("cpu", ask.milli_cpu, used.milli_cpu, all.milli_cpu),
        ("memory", ask.memory, used.memory, all.memory),
        (
            "ephemeral-storage",
            ask.ephemeral_storage,
            used.ephemeral_storage,
            all.ephemeral_storage,
        ),
    ] {
        // A pod that asks for none fits even where too much is promised already.
        if ask > 0 && ask > all.saturating_sub(used) {
            return Err(Refusal::resource(name, ask, used, all));
        }
    }
    if !allows_node(&pod.body["spec"], &room.name, &room.labels) {
        let text = "node(s) didn't match Pod's node affinity/selector";
        return Err(Refusal::predicate(Refusal::NODE_AFFINITY, text));
    }
    if collides {
        let text = "node(s) didn't have free ports for the requested pod ports";
        return Err(Refusal::predicate("NodePorts", text));
    }
    Ok(())
}
