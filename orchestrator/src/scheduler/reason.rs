//! Why a pod does not fit, in Kubernetes' words: people and tools search for them.

use std::collections::BTreeMap;
use std::fmt;

use super::pod::Name;

/// Why one node does not do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    Unschedulable,
    OtherNodeRequested,
    UntoleratedTaint {
        key: String,
        value: String,
    },
    NodeAffinity,
    HostPorts,
    TooManyPods,
    /// By the resource's name.
    Insufficient(String),
    NoVolumeToBind,
    VolumeElsewhere,
    ClaimInUse,
    PodAffinity,
    PodAntiAffinity,
    ExistingPodAntiAffinity,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unschedulable => "node(s) were unschedulable",
            Self::OtherNodeRequested => "node(s) didn't match the requested node name",
            Self::UntoleratedTaint { key, value } => {
                return write!(f, "node(s) had untolerated taint {{{key}: {value}}}");
            }
            Self::NodeAffinity => "node(s) didn't match Pod's node affinity/selector",
            Self::HostPorts => "node(s) didn't have free ports for the requested pod ports",
            Self::TooManyPods => "Too many pods",
            Self::Insufficient(resource) => return write!(f, "Insufficient {resource}"),
            Self::NoVolumeToBind => "node(s) didn't find available persistent volumes to bind",
            Self::VolumeElsewhere => "node(s) didn't match PersistentVolume's node affinity",
            Self::ClaimInUse => {
                "node(s) had a pod that uses a ReadWriteOncePod claim the pod needs"
            }
            Self::PodAffinity => "node(s) didn't match pod affinity rules",
            Self::PodAntiAffinity => "node(s) didn't match pod anti-affinity rules",
            Self::ExistingPodAntiAffinity => {
                "node(s) didn't satisfy existing pods anti-affinity rules"
            }
        })
    }
}

/// Why no node would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    UnboundImmediateClaim,
    ClaimMissing(Name),
    ClaimDeleting(Name),
    ClaimLost(Name),
    ClassMissing { claim: Name, class: String },
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnboundImmediateClaim => {
                f.write_str("pod has unbound immediate PersistentVolumeClaims")
            }
            Self::ClaimMissing(claim) => {
                write!(f, "persistentvolumeclaim \"{}\" not found", claim.name)
            }
            Self::ClaimDeleting(claim) => {
                write!(
                    f,
                    "persistentvolumeclaim \"{}\" is being deleted",
                    claim.name
                )
            }
            Self::ClaimLost(claim) => {
                write!(
                    f,
                    "persistentvolumeclaim \"{}\" bound to non-existent persistentvolume",
                    claim.name
                )
            }
            Self::ClassMissing { claim, class } => write!(
                f,
                "persistentvolumeclaim \"{}\" wants storageclass \"{class}\", which does not exist",
                claim.name
            ),
        }
    }
}

/// What can make room for a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// A node came, or says something else of itself.
    NodeChanged,
    /// A pod was placed, or has other labels.
    PodPlaced,
    /// A pod left its node.
    PodGone,
    /// A claim, a volume or a storage class changed.
    VolumeChanged,
}

/// The answer for a pod that fits nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Misfit {
    /// How many nodes there are.
    pub nodes: usize,
    /// How many nodes each reason rules out; a node may have several.
    pub reasons: BTreeMap<Reason, usize>,
    /// Why it is not a matter of nodes.
    pub obstacle: Option<Obstacle>,
}

impl Misfit {
    /// Whether the pod may fit now that `event` has happened.
    pub fn is_helped_by(&self, event: Event) -> bool {
        if self.obstacle.is_some() {
            return event == Event::VolumeChanged;
        }
        event == Event::NodeChanged || self.reasons.keys().any(|reason| reason.yields_to(event))
    }
}

impl Reason {
    fn yields_to(&self, event: Event) -> bool {
        match self {
            Self::HostPorts
            | Self::TooManyPods
            | Self::Insufficient(_)
            | Self::ClaimInUse
            | Self::PodAntiAffinity
            | Self::ExistingPodAntiAffinity => event == Event::PodGone,
            Self::NoVolumeToBind | Self::VolumeElsewhere => event == Event::VolumeChanged,
            Self::PodAffinity => event == Event::PodPlaced,
            Self::Unschedulable
            | Self::OtherNodeRequested
            | Self::UntoleratedTaint { .. }
            | Self::NodeAffinity => false,
        }
    }
}

/// `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.`
impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nodes == 0 && self.obstacle.is_none() {
            return f.write_str("no nodes available to schedule pods");
        }
        write!(f, "0/{} nodes are available: ", self.nodes)?;
        if let Some(obstacle) = &self.obstacle {
            return write!(f, "{obstacle}.");
        }
        let mut parts: Vec<String> = self
            .reasons
            .iter()
            .map(|(reason, count)| format!("{count} {reason}"))
            .collect();
        parts.sort();
        write!(f, "{}.", parts.join(", "))
    }
}
