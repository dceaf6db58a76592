//! How things must be once everything that was pushed has its verdict: in the cluster and on
//! record.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, bail};
use api::ObjectKey;
use engine::rollout::RolloutPhase;
use reconciler::history::{Hold, InventoryItem, Reader, Rollout, RolloutQuery, SourceState};

use super::deeds::{Story, bystander};
use super::script::{Fate, Script, Scripted};
use super::shape::{APPLICATIONS, NAMESPACE, has};
use super::watching::application;
use crate::simulation::World;

/// What the history says.
struct Record {
    sources: Vec<SourceState>,
    rollouts: BTreeMap<&'static str, Vec<Rollout>>,
    inventory: Vec<InventoryItem>,
    holds: Vec<Hold>,
}

/// What is not yet as it should be, one line each.
///
/// # Errors
/// What is on record must never be.
pub(super) fn open(world: &mut World, story: &Story) -> anyhow::Result<Vec<String>> {
    let reader = story.instance.history();
    let record = world.block_on(async move { read(&reader).await })??;
    let mut open = Vec::new();
    let Some(place) = target(&record, &story.script, &mut open) else {
        return Ok(open);
    };
    for name in APPLICATIONS {
        let verdicts = check_verdicts(&record, &story.script, name);
        verdicts.with_context(|| format!("the verdicts of {name}:\n  {}", told(&record)))?;
        match expected(&record, &story.script, name, place) {
            Ok(commit) => check_objects(world, &record, name, &commit, &mut open),
            Err(why) => open.push(format!("{name}: {why}")),
        }
    }
    if !world.invariants.state().objects.contains_key(&bystander()) {
        bail!("somebody's own object is gone");
    }
    Ok(open)
}

async fn read(reader: &Reader) -> Result<Record, reconciler::history::Error> {
    let mut rollouts = BTreeMap::new();
    for name in APPLICATIONS {
        let query = RolloutQuery {
            application: Some(name.into()),
            limit: 1_000,
            ..RolloutQuery::default()
        };
        rollouts.insert(name, reader.rollouts(&query).await?);
    }
    Ok(Record {
        sources: reader.sources().await?,
        rollouts,
        inventory: reader.whole_inventory().await?,
        holds: reader
            .holds()
            .await?
            .iter()
            .map(|it| (**it).clone())
            .collect(),
    })
}

/// Every rollout, for people.
fn told(record: &Record) -> String {
    let line = |rollout: &Rollout| {
        let (id, phase, message) = (&rollout.id, rollout.phase, &rollout.message);
        let (to, from) = (rollout.revision.short(), rollout.previous.short());
        let (began, over) = (rollout.began_at, rollout.finished_at);
        format!("{id} {from} -> {to} {phase}, began {began:?}, over {over:?}: {message}")
    };
    let lines: Vec<String> = record.rollouts.values().flatten().map(line).collect();
    lines.join("\n  ")
}

/// The place of the commit that is followed.
fn target(record: &Record, script: &Script, open: &mut Vec<String>) -> Option<usize> {
    let source = record.sources.first();
    let revision = source.map(|it| it.revision.0.clone()).unwrap_or_default();
    let found = script.find(&revision);
    let is_newest = script.head().is_some_and(|head| head.id == revision);
    let may_differ = script.head().is_some_and(|head| head.fate == Fate::Refused);
    match found {
        Some((place, _)) if is_newest || may_differ => Some(place),
        _ => {
            open.push(format!(
                "the reconciler follows {revision:?}, not the newest commit"
            ));
            None
        }
    }
}

/// One verdict for each commit, and the right one.
fn check_verdicts(record: &Record, script: &Script, name: &str) -> anyhow::Result<()> {
    let mut seen = BTreeSet::new();
    for rollout in &record.rollouts[name] {
        let (id, revision) = (&rollout.id, &rollout.revision.0);
        let Some((_, commit)) = script.find(revision) else {
            bail!("{id} is for {revision}, which nobody pushed");
        };
        if !seen.insert(revision) {
            bail!("{name} has two rollouts of commit {}", commit.short());
        }
        let (phase, message) = (rollout.phase, &rollout.message);
        match commit.fate {
            Fate::Refused => bail!("{id} is of a commit that is not followed"),
            Fate::Good if phase == RolloutPhase::Failed => {
                bail!("{id} failed, and its commit is good: {message}");
            }
            _ => {}
        }
        if phase == RolloutPhase::Failed
            && let Some((_, previous)) = script.find(&rollout.previous.0)
            && is_ill(&previous, name)
        {
            bail!(
                "{id} failed and goes back to {}, which is bad",
                previous.short()
            );
        }
    }
    Ok(())
}

/// The commit whose objects must be there.
fn expected(
    record: &Record,
    script: &Script,
    name: &str,
    place: usize,
) -> Result<std::sync::Arc<Scripted>, String> {
    let target = script.all()[place].clone();
    let rollouts = &record.rollouts[name];
    if let Some(running) = rollouts.iter().find(|it| !it.phase.is_final()) {
        return Err(format!(
            "{} is {}: {}",
            running.id, running.phase, running.message
        ));
    }
    let last = rollouts.first().ok_or("there was no rollout")?;
    let is_held = record.holds.iter().any(|hold| hold.rollout == last.id);
    let its = script.find(&last.revision.0).map(|(_, commit)| commit);
    let its = its.ok_or("its commit is nobody's")?;
    if its.id != target.id && !is_equal(&its, &target, name) {
        return Err(format!(
            "is at commit {}, not {}",
            its.short(),
            target.short()
        ));
    }
    if last.phase.is_stopped() {
        return Err(format!(
            "{} was given up, and nothing came after it",
            last.id
        ));
    }
    if last.phase != RolloutPhase::Failed && !is_held {
        if its.fate == Fate::Unhealthy && is_ill(&its, name) {
            return Err(format!(
                "{} succeeded with an image that is not there",
                last.id
            ));
        }
        return Ok(its);
    }
    let before = script.find(&last.previous.0).map(|(_, commit)| commit);
    before.ok_or_else(|| format!("{} has nothing to go back to", last.id))
}

fn is_equal(one: &Scripted, other: &Scripted, name: &str) -> bool {
    let objects = |commit: &Scripted| -> Vec<serde_json::Value> {
        commit.of(name).iter().map(|it| it.object.clone()).collect()
    };
    objects(one) == objects(other)
}

fn is_ill(commit: &Scripted, name: &str) -> bool {
    let mut all = commit.of(name).iter();
    all.any(|it| it.object.to_string().contains("registry.invalid"))
}

/// What is there is what the commit says, and so is the inventory.
fn check_objects(
    world: &World,
    record: &Record,
    name: &'static str,
    commit: &Scripted,
    open: &mut Vec<String>,
) {
    let state = world.invariants.state();
    let kept = commit.of(name).iter().filter(|it| !it.is_hook);
    let mut keys = BTreeSet::new();
    for wanted in kept {
        let (key, short) = (&wanted.key, commit.short());
        keys.insert(key.clone());
        match state.objects.get(key) {
            None => open.push(format!("{key} of {short} is not there")),
            Some(live) if !has(&live.body, &wanted.object) => {
                open.push(format!("{key} is not as {short} says: {}", live.body));
            }
            Some(_) => {}
        }
    }
    let is_its = |key: &&ObjectKey| key.namespace == NAMESPACE && application(key) == Some(name);
    let is_run = |key: &ObjectKey| {
        let live = state.objects.get(key);
        live.is_some_and(|it| it.annotation(engine::hook::ROLLOUT_ANNOTATION).is_some())
    };
    let live: BTreeSet<ObjectKey> = state.objects.keys().filter(is_its).cloned().collect();
    for key in live
        .iter()
        .filter(|key| !is_run(key) && !keys.contains(*key))
    {
        open.push(format!("{key} is in no file and still there"));
    }
    let entries = record.inventory.iter().filter(|it| it.application == name);
    let entries: BTreeSet<ObjectKey> = entries.map(|it| it.key.clone()).collect();
    for key in live.symmetric_difference(&entries) {
        let place = if entries.contains(key) {
            "only in the inventory"
        } else {
            "not in it"
        };
        open.push(format!("{key} is {place}"));
    }
}
