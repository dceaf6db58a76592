//! Makes a plan from what is wanted and what is there.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use api::{Object, ObjectKey, Uid};

use super::prune::{Prune, prune};
use super::stages::in_order;
use super::{Change, Plan, Step};
use crate::hook::{self, Role};
use crate::reference::{self, Reference};
use crate::{Kinds, Manifest, Problem, Problems, apply, diff, order};

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
    /// What the server takes only if it is made anew.
    pub renewed: &'a BTreeSet<ObjectKey>,
    pub inventory: &'a [InventoryEntry],
    /// What becomes of objects that left the commit.
    pub prune: &'a Prune,
}

/// The plan.
///
/// # Errors
/// Kinds the server does not know and annotations that cannot be read, with file and line.
pub fn build(input: &Input) -> Result<Plan, Problems> {
    let mut waves: BTreeMap<_, Vec<Named>> = BTreeMap::new();
    let mut problems = Vec::new();
    let mut wanted = BTreeSet::new();
    for manifest in input.manifests {
        match hook::role(manifest) {
            Ok(Role::Kept) => {}
            Ok(Role::Skipped) => continue,
            // What was run is there until it runs again.
            Ok(Role::Hook(_)) => {
                wanted.extend(input.kinds.key(&manifest.object));
                continue;
            }
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        }
        match step(input, manifest) {
            Ok((wave, step)) => {
                wanted.insert(step.key.clone());
                let references = reference::of_manifest(input.kinds, manifest);
                let references = references.unwrap_or_else(|problem| {
                    problems.push(problem);
                    Vec::new()
                });
                waves
                    .entry(wave)
                    .or_default()
                    .push(Named { step, references });
            }
            Err(problem) => problems.push(problem),
        }
    }
    let hooks = hook::hooks(input.kinds, input.manifests).or_else(|problem| {
        problems.push(problem);
        Ok::<_, Problems>(Vec::new())
    })?;
    if !problems.is_empty() {
        return Err(Problems(problems));
    }
    let mut plan = Plan {
        hooks,
        ..Plan::default()
    };
    plan.waves = in_order(waves)?;
    prune(input, &wanted, &mut plan);
    Ok(plan)
}

/// A step, and what its object names.
pub(super) struct Named {
    pub(super) step: Step,
    pub(super) references: Vec<Reference>,
}

fn step(input: &Input, manifest: &Manifest) -> Result<(order::WaveNumber, Step), Problem> {
    let object = &manifest.object;
    let wave = order::wave(manifest)?;
    let key = input
        .kinds
        .key(object)
        .ok_or_else(|| crate::validate::unknown_kind(input.kinds, manifest))?;
    apply::method(manifest)?;
    let change = match input.live.get(&key) {
        None => Change::Create,
        // It must go before it can come back: applying to it would be lost.
        Some(live) if live.is_deleting() => Change::Recreate,
        Some(live) if input.renewed.contains(&key) => Change::Renew(live.uid()),
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
