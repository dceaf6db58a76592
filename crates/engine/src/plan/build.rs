//! Makes a plan from what is wanted and what is there.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use api::{Object, ObjectKey, Uid};

use super::{Change, Deletion, Kept, PRUNE_ANNOTATION, Plan, Step, Wave};
use crate::{Kinds, Manifest, Problem, Problems, diff, order};

/// One object the application is on record for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InventoryEntry {
    pub key: ObjectKey,
    /// Empty between the record and the creation.
    pub uid: Uid,
}

/// Everything a plan depends on.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    pub kinds: &'a Kinds,
    /// What the commit asks for.
    pub manifests: &'a [Manifest],
    /// What is there, at least for every key of `manifests` and `inventory`.
    pub live: &'a BTreeMap<ObjectKey, Object>,
    /// What the server says it would store for each manifest. Where it says nothing, the manifest
    /// is put over the live object instead.
    pub stored: &'a BTreeMap<ObjectKey, Object>,
    pub inventory: &'a [InventoryEntry],
    /// Whether objects that left the commit are deleted.
    pub prune: Prune,
}

/// The application's policy about objects that left the commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prune {
    Delete,
    Keep,
}

impl From<bool> for Prune {
    fn from(prune: bool) -> Self {
        if prune { Self::Delete } else { Self::Keep }
    }
}

/// The plan.
///
/// # Errors
/// Kinds the server does not know and annotations that cannot be read, with file and line.
pub fn build(input: &Input) -> Result<Plan, Problems> {
    let mut waves: BTreeMap<_, Vec<Step>> = BTreeMap::new();
    let mut problems = Vec::new();
    let mut wanted = BTreeSet::new();
    for manifest in input.manifests {
        match step(input, manifest) {
            Ok((wave, step)) => {
                wanted.insert(step.key.clone());
                waves.entry(wave).or_default().push(step);
            }
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(Problems(problems));
    }
    let mut plan = Plan::default();
    for (number, mut steps) in waves {
        steps.sort_by(|a, b| order::compare(&a.object, &b.object));
        plan.waves.push(Wave { number, steps });
    }
    prune(input, &wanted, &mut plan);
    Ok(plan)
}

fn step(input: &Input, manifest: &Manifest) -> Result<(order::WaveNumber, Step), Problem> {
    let object = &manifest.object;
    let wave = order::wave(manifest)?;
    let key = input
        .kinds
        .key(object)
        .ok_or_else(|| crate::validate::unknown_kind(input.kinds, manifest))?;
    let change = match input.live.get(&key) {
        None => Change::Create,
        // It must go before it can come back: applying to it would be lost.
        Some(live) if live.is_deleting() => Change::Recreate,
        Some(live) => {
            let stored = input
                .stored
                .get(&key)
                .map_or_else(|| Cow::Owned(diff::overlay(live, object)), Cow::Borrowed);
            match diff::changes(live, &stored) {
                changes if changes.is_empty() => Change::Unchanged,
                changes => Change::Update(changes),
            }
        }
    };
    let step = Step {
        key,
        kind: object.kind().to_owned(),
        origin: manifest.origin.clone(),
        object: object.clone(),
        change,
    };
    Ok((wave, step))
}

/// Inventory minus commit. Nothing is deleted that is not on record with this very uid.
fn prune(input: &Input, wanted: &BTreeSet<ObjectKey>, plan: &mut Plan) {
    let mut leaving: Vec<(&Object, Deletion)> = Vec::new();
    for entry in input.inventory {
        if wanted.contains(&entry.key) {
            continue;
        }
        let Some(live) = input.live.get(&entry.key) else {
            plan.forgotten.push(entry.clone());
            continue;
        };
        if live.uid() != entry.uid {
            plan.forgotten.push(entry.clone());
            continue;
        }
        match kept(input.prune, live) {
            Some(reason) => plan.kept.push(Kept {
                key: entry.key.clone(),
                kind: live.kind().to_owned(),
                reason,
            }),
            None => leaving.push((
                live,
                Deletion {
                    key: entry.key.clone(),
                    kind: live.kind().to_owned(),
                    uid: entry.uid.clone(),
                    wave: order::live_wave(live),
                },
            )),
        }
    }
    leaving.sort_by(|(a, deletion_a), (b, deletion_b)| {
        let wave = deletion_b.wave.cmp(&deletion_a.wave);
        wave.then_with(|| order::compare(b, a))
    });
    plan.deletes = leaving.into_iter().map(|(_, deletion)| deletion).collect();
}

fn kept(policy: Prune, live: &Object) -> Option<String> {
    if policy == Prune::Keep {
        return Some("pruning is off for the application".into());
    }
    if matches!(
        live.annotation(PRUNE_ANNOTATION),
        Some("disabled" | "false")
    ) {
        return Some(format!("it has {PRUNE_ANNOTATION}: disabled"));
    }
    let argo = "argocd.argoproj.io/sync-options";
    let options = live.annotation(argo).unwrap_or_default();
    options
        .split(',')
        .any(|option| option.trim() == "Prune=false")
        .then(|| format!("it has {argo}: Prune=false"))
}
