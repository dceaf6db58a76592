//! A pod runs where its volumes can be reached, or made.

use super::super::node::Node;
use super::super::pod::{Name, Pod};
use super::super::reason::{Obstacle, Reason};
use super::super::snapshot::Snapshot;
use super::super::volume::{Claim, Volume, best_volume};

/// How one late-binding claim gets its volume once the node is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VolumeChoice {
    /// An existing volume, to be held for the claim.
    Existing { claim: Name, volume: String },
    /// A new one, to be made on the chosen node.
    Provision { claim: Name },
}

/// The claims of one pod, sorted out.
pub(in super::super) struct VolumeNeeds<'a> {
    snapshot: &'a Snapshot,
    bound: Vec<&'a Volume>,
    late: Vec<Late<'a>>,
    /// A claim for one pod only is used by another one.
    is_in_use: bool,
}

struct Late<'a> {
    claim: &'a Claim,
    can_provision: bool,
}

impl<'a> VolumeNeeds<'a> {
    pub(super) fn of(pod: &Pod, snapshot: &'a Snapshot) -> Result<Self, Obstacle> {
        let mut needs = Self {
            snapshot,
            bound: Vec::new(),
            late: Vec::new(),
            is_in_use: false,
        };
        for name in &pod.claims {
            let name = Name::new(&pod.name.namespace, name);
            needs.take(name)?;
        }
        Ok(needs)
    }

    fn take(&mut self, name: Name) -> Result<(), Obstacle> {
        let storage = &self.snapshot.storage;
        let Some(claim) = storage.claims.get(&name) else {
            return Err(Obstacle::ClaimMissing(name));
        };
        if claim.is_deleting {
            return Err(Obstacle::ClaimDeleting(name));
        }
        let is_exclusive = claim.modes.contains("ReadWriteOncePod");
        self.is_in_use |= is_exclusive && self.snapshot.claim_users(&name) > 0;
        if claim.is_bound {
            let Some(volume) = storage.volumes.get(&claim.volume) else {
                return Err(Obstacle::ClaimLost(name));
            };
            self.bound.push(volume);
            return Ok(());
        }
        if claim.class().is_empty() {
            return Err(Obstacle::UnboundImmediateClaim);
        }
        match storage.classes.get(claim.class()) {
            None => Err(Obstacle::ClassMissing {
                class: claim.class().to_owned(),
                claim: name,
            }),
            Some(class) if !class.is_late => Err(Obstacle::UnboundImmediateClaim),
            Some(class) => {
                let can_provision = class.provisions();
                self.late.push(Late {
                    claim,
                    can_provision,
                });
                Ok(())
            }
        }
    }

    pub(super) fn check(&self, node: &Node) -> Result<(), Vec<Reason>> {
        if self.is_in_use {
            return Err(vec![Reason::ClaimInUse]);
        }
        let is_elsewhere = |volume: &&Volume| !volume.is_reached_by(&node.facts);
        if self.bound.iter().any(is_elsewhere) {
            return Err(vec![Reason::VolumeElsewhere]);
        }
        if self.late.is_empty() || self.choices(node).is_some() {
            Ok(())
        } else {
            Err(vec![Reason::NoVolumeToBind])
        }
    }

    /// How every late claim gets its volume on `node`; `None` where one cannot.
    pub(in super::super) fn choices(&self, node: &Node) -> Option<Vec<VolumeChoice>> {
        let mut chosen: Vec<VolumeChoice> = Vec::new();
        for Late {
            claim,
            can_provision,
        } in &self.late
        {
            if !claim.selected_node.is_empty() && claim.selected_node != node.name() {
                return None;
            }
            let is_free = |volume: &&Volume| {
                !chosen.iter().any(|choice| {
                    matches!(choice, VolumeChoice::Existing { volume: taken, .. } if *taken == volume.name)
                })
            };
            let reachable = self
                .snapshot
                .storage
                .volumes
                .values()
                .filter(|volume| volume.is_reached_by(&node.facts))
                .filter(is_free);
            let name = claim.name.clone();
            let choice = match best_volume(claim, reachable) {
                Some(volume) => VolumeChoice::Existing {
                    claim: name,
                    volume: volume.name.clone(),
                },
                None if *can_provision && claim.volume.is_empty() => {
                    VolumeChoice::Provision { claim: name }
                }
                None => return None,
            };
            chosen.push(choice);
        }
        Some(chosen)
    }
}
