//! The plan of one Application and the health of its objects, as they are at this moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use api::{Object, ObjectKey};
use client::Client;
use engine::diff::clean;
use engine::hook::Hook;
use engine::plan::{Input, InventoryEntry, Plan, Prune, build};
use engine::rollout::{CommitId, Options};
use engine::{Application, Health, Manifest, Problems, health};

use super::core::Core;
use super::foreign;
use super::memory::Memory;
use super::plan::{Answer, Missing, Stored, ask, findings, keys, ordered, respect};
use super::read::{is_here, read};
use super::render::Render;
use super::target::Target;
use crate::source::Source;

/// The parts of an observation that stand on each other.
pub(super) struct Look<'a> {
    pub(super) core: &'a Core,
    pub(super) client: &'a dyn Client,
    pub(super) source: &'a Source,
    pub(super) compared: &'a CommitId,
    pub(super) application: &'a Application,
    pub(super) render: &'a Render,
    pub(super) live: &'a BTreeMap<ObjectKey, Object>,
    pub(super) ask: bool,
    pub(super) options: &'a Options,
    pub(super) prune: Prune,
}

impl Look<'_> {
    pub(super) async fn plan(
        &self,
        target: &Target,
        memory: &mut Memory,
    ) -> Result<Result<Arc<Plan>, Problems>, client::Error> {
        let manifests = match &self.render.manifests {
            Ok(manifests) => manifests,
            Err(problems) => return Ok(Err(problems.clone())),
        };
        if let Err(problems) = self.refuse(target, manifests)? {
            return Ok(Err(problems));
        }
        let inventory = self.core.inventory.of(&self.application.name);
        let plan = match &memory.plan {
            Some((known, plan)) if *known == self.fingerprint(&inventory) => plan.clone(),
            _ => match self.fresh(manifests, &inventory, memory).await? {
                Err(problems) => return Ok(Err(problems)),
                Ok((plan, said)) => {
                    let plan = Arc::new(plan);
                    let keeps = said && !self.render.is_sealed();
                    memory.plan = keeps.then(|| (self.fingerprint(&inventory), plan.clone()));
                    plan
                }
            },
        };
        let leaves = !plan.deletes.is_empty() || !plan.kept.is_empty();
        if !leaves && !self.options.is_partial() {
            return Ok(Ok(plan));
        }
        let claimed = claimed(self.core, target, &self.application.name).await?;
        let mut plan = Plan::clone(&plan);
        plan.hold(&claimed, &self.prune, inventory.len());
        Ok(Ok(Arc::new(self.options.part(plan))))
    }

    fn refuse(
        &self,
        target: &Target,
        manifests: &[Manifest],
    ) -> Result<Result<(), Problems>, client::Error> {
        let claim = |owner: &str, key: &ObjectKey| foreign::claim(self.core, target, owner, key);
        match self.prune {
            // The way back is of what was the application's before.
            Prune::KeepData => Ok(Ok(())),
            _ => foreign::refuse(self.core, self.application, manifests, self.live, claim),
        }
    }

    /// The plan, and whether the server was asked and had an answer.
    async fn fresh(
        &self,
        manifests: &[Manifest],
        inventory: &[InventoryEntry],
        memory: &mut Memory,
    ) -> Result<Result<(Plan, bool), Problems>, client::Error> {
        let opened = match self.core.renders.open(self.render, manifests) {
            Ok(opened) => opened,
            Err(problems) => return Ok(Err(problems)),
        };
        let manifests = &*respect(self.core, self.application, &opened, self.live);
        let mut said = false;
        let mut stored = Stored::default();
        let cluster = &self.core.cluster;
        let ordered = ordered(cluster, manifests);
        if let Some(known) = self.made(&ordered, memory) {
            stored.objects = known;
        } else if self.ask {
            match ask(cluster, self.client, &ordered, Missing::Wait).await? {
                Answer::Stored(answer) => {
                    self.note(&ordered, &answer.objects, memory);
                    (stored, said) = (answer, true);
                }
                Answer::Unsaid => {}
                Answer::Refused(refused) => {
                    let location = &self.source.location;
                    return findings(location, self.compared, refused).await.map(Err);
                }
            }
        }
        let plan = build(&Input {
            kinds: &self.core.cluster.kinds(),
            manifests,
            live: self.live,
            stored: &stored.objects,
            renewed: &stored.renewed,
            inventory,
            prune: &self.prune,
        });
        Ok(plan.map(|plan| (plan, said)))
    }

    /// What is there, where all of it is what the server makes of the manifests: it need not be
    /// asked again.
    fn made(
        &self,
        manifests: &[&Manifest],
        memory: &Memory,
    ) -> Option<BTreeMap<ObjectKey, Object>> {
        let kinds = self.core.cluster.kinds();
        let made = |manifest: &&Manifest| {
            let key = kinds.key(&manifest.object)?;
            let live = self.live.get(&key)?;
            let is_made = memory.is_made(&key, &manifest.object, live);
            is_made.then(|| (key, live.clone()))
        };
        manifests.iter().map(made).collect()
    }

    fn note(
        &self,
        manifests: &[&Manifest],
        stored: &BTreeMap<ObjectKey, Object>,
        memory: &mut Memory,
    ) {
        if self.render.is_sealed() {
            return;
        }
        let kinds = self.core.cluster.kinds();
        for manifest in manifests {
            let key = kinds.key(&manifest.object);
            if let Some((key, stored)) = key.and_then(|key| stored.get_key_value(&key)) {
                memory.note(key, &manifest.object, stored);
            }
        }
        memory.only(&stored.keys().cloned().collect());
    }

    /// A name for everything the plan depends on, what controllers report left out.
    fn fingerprint(&self, inventory: &[InventoryEntry]) -> String {
        let mut hash = Sha256::new();
        hash.update(&self.render.digest);
        hash.update([u8::from(self.ask)]);
        hash.update(format!("{:?}{:?}", self.prune, self.application.ignore));
        for entry in inventory {
            hash.update(format!("{} {}\0", entry.key, entry.uid));
        }
        for (key, object) in self.live {
            let deleting = object.is_deleting();
            let body = clean(object).body;
            hash.update(format!("{key} {} {deleting} {body}\0", object.uid()));
        }
        hash.finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    pub(super) fn health(
        &self,
        plan: &Plan,
        hooks: &[Hook],
        now: Timestamp,
    ) -> BTreeMap<ObjectKey, Health> {
        let health = |key: &ObjectKey| {
            let object = self.live.get(key)?;
            let made = match key.collection.group.as_str() {
                "apps" | "batch" => self.core.cluster.descendants(object),
                _ => Vec::new(),
            };
            let made: Vec<Object> = made.into_iter().map(|(_, object)| object).collect();
            Some((
                key.clone(),
                health::judge(&self.application.health_checks, object, &made, now)?,
            ))
        };
        let keys = plan.steps().map(|step| &step.key);
        let keys = keys.chain(hooks.iter().map(|hook| &hook.key));
        keys.filter_map(health).collect()
    }
}

/// What the other Applications of the commit ask for: never pruned, whoever had it before.
pub(crate) async fn claimed(
    core: &Core,
    target: &Target,
    application: &str,
) -> Result<BTreeSet<ObjectKey>, client::Error> {
    let others = || {
        let all = target.applications.values().map(|found| &found.application);
        all.filter(|other| other.name != application && is_here(other))
    };
    let known = |other: &Application| core.renders.known(other, target.revision());
    let mut renders: Vec<Arc<Render>> = others().filter_map(known).collect();
    if renders.len() < others().count() {
        let location = &core.source.location;
        renders = match read(core, location, target.revision()).await? {
            Ok(read) => {
                let others = read.renders.iter().filter(|(name, _)| *name != application);
                others.map(|(_, render)| render.clone()).collect()
            }
            Err(problems) => {
                return Err(client::Error::Decode {
                    operation: "read the commit".into(),
                    detail: problems.summary(),
                });
            }
        };
    }
    let manifests = renders.iter().flat_map(|render| render.manifests());
    Ok(keys(&core.cluster.kinds(), manifests))
}
