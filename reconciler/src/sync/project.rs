//! What people see with kubectl: the Applications' statuses, and the last Rollouts of each as
//! objects. The history stays the truth.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use api::kinds::{
    self, ApplicationHealth, ApplicationStatus, ApplicationSync, RolloutObjects, RolloutSpec,
    RolloutStatus, RolloutWave,
};
use api::{Condition, Object, ObjectKey};
use client::{Client, DeleteOptions, Patch, PatchOptions, Target, WriteOptions};
use engine::application::NAMESPACE;
use engine::rollout::{RolloutPhase, SyncStatus};

use super::core::{Core, application_collection, recorded};
use super::trim::is_over;
use crate::config::MANAGER;
use crate::history::{Action, Apply, ObjectResult, Rollout};
use crate::service::Standing;

/// How many Rollouts of an Application are objects.
const KEPT: i64 = 20;
/// Tells whose Rollout it is.
const LABEL: &str = "kedge.dev/application";

/// Writes the Application's status where it is not like that already.
pub(crate) async fn application(
    core: &Core,
    client: &dyn Client,
    name: &str,
    standing: &Standing,
) -> Result<(), client::Error> {
    let key = application_collection().key(NAMESPACE, name);
    let Some(live) = core.applications().get(&key) else {
        return Ok(());
    };
    let last = core
        .history
        .reader()
        .last_rollout(name)
        .await
        .map_err(recorded)?;
    let status = ApplicationStatus {
        sync: ApplicationSync {
            status: standing.sync,
            revision: standing.revision.0.clone(),
        },
        health: ApplicationHealth {
            status: standing.health.status.to_string(),
            message: standing.health.message.clone(),
        },
        revision: standing.applied.0.clone(),
        observed_generation: live.generation(),
        conditions: conditions(&live, standing, last.as_deref(), &api::time(core.env.now())),
        inventory_count: i32::try_from(core.inventory.count(name)).unwrap_or(i32::MAX),
        last_rollout: last.map(|last| last.id.clone()).unwrap_or_default(),
    };
    let turned = status.conditions.clone();
    let status = json!(status);
    // Ten thousand Applications would be written for a commit that concerns one of them.
    let mut before = live.body["status"].clone();
    for pointer in ["/revision", "/sync/revision"] {
        if let Some((before, now)) = before.pointer_mut(pointer).zip(status.pointer(pointer)) {
            before.clone_from(now);
        }
    }
    if before == status {
        return Ok(());
    }
    patch_status(client, key, &live, status).await?;
    core.events.turned(&live, &turned);
    Ok(())
}

fn conditions(
    live: &Object,
    standing: &Standing,
    last: Option<&Rollout>,
    now: &str,
) -> Vec<Condition> {
    let held = standing.on_hold;
    let synced = match standing.sync {
        SyncStatus::Synced => ("True", "Synced", String::new()),
        SyncStatus::OutOfSync if held => ("False", "Held", standing.sync_message.clone()),
        SyncStatus::OutOfSync => ("False", "OutOfSync", standing.sync_message.clone()),
        SyncStatus::Unknown => ("Unknown", "NotCompared", standing.sync_message.clone()),
    };
    let health = &standing.health;
    let good = health.status.is_settled_well();
    let healthy = if good { "True" } else { "False" };
    let healthy = (healthy, health.status.as_str(), health.message.clone());
    let rolling = match last {
        Some(last) if !last.phase.is_final() => ("True", last.phase.as_str(), last.message.clone()),
        Some(last) => ("False", last.phase.as_str(), last.message.clone()),
        None => ("False", "NoRollout", String::new()),
    };
    let source = match &standing.trouble {
        Some(trouble) => ("False", trouble.reason, trouble.message.clone()),
        None => ("True", "Followed", String::new()),
    };
    let rendered = match &standing.trouble {
        Some(trouble) if trouble.is_of_commit() => {
            ("False", trouble.reason, trouble.message.clone())
        }
        _ if standing.sync == SyncStatus::Unknown => ("Unknown", "NotCompared", String::new()),
        _ => ("True", "Rendered", String::new()),
    };
    let condition = |kind: &str, (status, reason, message): (&str, &str, String)| {
        let before = live.condition(kind);
        let since = before.filter(|it| it.status == status);
        let since = since.and_then(|it| it.last_transition_time);
        Condition {
            kind: kind.to_owned(),
            status: status.to_owned(),
            reason: reason.to_owned(),
            message,
            last_transition_time: Some(since.unwrap_or_else(|| now.to_owned())),
        }
    };
    let paused = match &standing.paused {
        Some(pause) => ("True", pause.reason, pause.message.clone()),
        None => ("False", "NotPaused", String::new()),
    };
    vec![
        condition("Paused", paused),
        condition("Synced", synced),
        condition("Healthy", healthy),
        condition("RollingOut", rolling),
        condition("SourceReady", source),
        condition("Rendered", rendered),
    ]
}

/// Makes the Application's Rollout objects what the history says of its newest rollouts. A record
/// that is there and over stays as it is.
pub(crate) async fn rollouts(
    core: &Core,
    client: &dyn Client,
    application: &str,
) -> Result<(), client::Error> {
    let reader = core.history.reader();
    let last = reader.last_rollout(application).await.map_err(recorded)?;
    let owner = application_collection().key(NAMESPACE, application);
    let owner = core.applications().get(&owner);
    // They would go with an Application that goes.
    let (Some(last), Some(owner)) = (last, owner.filter(|it| !it.is_deleting())) else {
        return Ok(());
    };
    let cache = core.rollouts();
    cache.synced().await;
    let mut created = false;
    for number in (last.number - KEPT + 1).max(1)..=last.number {
        let id = format!("{application}-{number}");
        let key = cache.collection().key(NAMESPACE, &id);
        let live = cache.get(&key);
        let undone = number == last.number && last.undone_at.is_some();
        let told = |live: &Object| is_over(live) && (!undone || is_undone(live));
        if live.as_deref().is_some_and(told) {
            continue;
        }
        let row = if number == last.number {
            Some(last.clone())
        } else {
            reader.rollout(&id).await.map_err(recorded)?.map(Arc::new)
        };
        if let Some(row) = row {
            created |= live.is_none();
            rollout(core, client, &row, live.as_deref(), &owner).await?;
        }
    }
    if created {
        drop_old(core, client, application, last.number - KEPT).await?;
    }
    Ok(())
}

fn is_undone(rollout: &Object) -> bool {
    !rollout.text("/status/undoneAt").is_empty()
}

/// The Application whose record this is.
pub(super) fn application_of(rollout: &Object) -> &str {
    rollout.text("/spec/application")
}

async fn rollout(
    core: &Core,
    client: &dyn Client,
    row: &Rollout,
    live: Option<&Object>,
    owner: &Object,
) -> Result<(), client::Error> {
    let reader = core.history.reader();
    let objects = reader.objects(&row.id).await.map_err(recorded)?;
    let applies = reader.applies(&row.id).await.map_err(recorded)?;
    let key = core.rollouts().collection().key(NAMESPACE, &row.id);
    let live = match live {
        Some(live) => live.clone(),
        None => match create(client, &key, row, owner).await {
            Err(error) if error.is_already_exists() => client.get(&key).await?,
            created => created?,
        },
    };
    let status = json!(status(row, &objects, &applies));
    patch_status(client, key, &live, status).await
}

async fn create(
    client: &dyn Client,
    key: &ObjectKey,
    row: &Rollout,
    owner: &Object,
) -> Result<Object, client::Error> {
    let spec = RolloutSpec {
        application: row.application.clone(),
        revision: row.revision.0.clone(),
        push: row.push.clone().unwrap_or_default(),
        rollback_of: row.rollback_of.clone(),
        trigger: row.trigger.as_str().to_owned(),
        author: row.author.to_string(),
        message: row.subject().to_owned(),
        partial: row.options.is_partial(),
    };
    let mut object = Object::new(&kinds::rollout(), NAMESPACE, &key.name);
    object.set_label(LABEL, &row.application);
    // They go with the Application.
    let owner = owner.controller_reference();
    object
        .metadata_mut()
        .insert("ownerReferences".into(), json!([owner]));
    object.body["spec"] = json!(spec);
    let options = WriteOptions {
        dry_run: false,
        field_manager: MANAGER.into(),
    };
    client.create(&key.collection, &object, &options).await
}

/// Deletes the records up to this number.
async fn drop_old(
    core: &Core,
    client: &dyn Client,
    application: &str,
    newest: i64,
) -> Result<(), client::Error> {
    let number = |name: &str| -> Option<i64> { name.rsplit_once('-')?.1.parse().ok() };
    if newest < 1 {
        return Ok(());
    }
    let cache = core.rollouts();
    for object in cache.with_prefix(NAMESPACE, &format!("{application}-")) {
        let own = application_of(&object) == application;
        if !own || number(object.name()).is_none_or(|it| it > newest) {
            continue;
        }
        let key = object.key(cache.collection());
        match client.delete(&key, &DeleteOptions::default()).await {
            Err(error) if !error.is_not_found() => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn status(row: &Rollout, objects: &[ObjectResult], applies: &[Apply]) -> RolloutStatus {
    let count = |wanted: fn(&ObjectResult) -> bool| {
        i32::try_from(objects.iter().filter(|it| wanted(it)).count()).unwrap_or(i32::MAX)
    };
    RolloutStatus {
        phase: row.phase,
        message: row.message.clone(),
        started_at: Some(api::time(row.started_at)),
        finished_at: row.finished_at.map(api::time),
        undone_at: row.undone_at.map(api::time),
        waves: waves(row, objects, applies),
        objects: RolloutObjects {
            total: count(is_wanted),
            created: count(|it| it.action == Action::Create && it.applied_at.is_some()),
            changed: count(|it| it.action == Action::Change && it.applied_at.is_some()),
            deleted: count(|it| it.action == Action::Delete && it.applied_at.is_some()),
            healthy: count(is_well),
        },
    }
}

fn waves(row: &Rollout, objects: &[ObjectResult], applies: &[Apply]) -> Vec<RolloutWave> {
    let mut waves: BTreeMap<i32, Vec<&ObjectResult>> = BTreeMap::new();
    for object in objects.iter().filter(|it| is_wanted(it)) {
        waves.entry(object.wave).or_default().push(object);
    }
    let wave = |(wave, objects): (i32, Vec<&ObjectResult>)| {
        let healthy = objects.iter().filter(|it| is_well(it)).count();
        let own = || applies.iter().filter(|it| it.wave == wave);
        let applied = own().any(|it| it.finished_at.is_some() && it.error.is_empty());
        let touched = objects.iter().any(|it| it.action != Action::Unchanged);
        let phase = match row.phase {
            _ if healthy == objects.len() && (applied || !touched) => RolloutPhase::Succeeded,
            phase if phase.is_final() => phase,
            _ if applied => RolloutPhase::Verifying,
            _ if own().next().is_some() => RolloutPhase::Applying,
            _ => RolloutPhase::Pending,
        };
        RolloutWave {
            wave,
            phase,
            objects: i32::try_from(objects.len()).unwrap_or(i32::MAX),
            healthy: i32::try_from(healthy).unwrap_or(i32::MAX),
            started_at: own().next().map(|it| api::time(it.began_at)),
            finished_at: own()
                .filter_map(|it| it.finished_at)
                .next_back()
                .map(api::time),
        }
    };
    waves.into_iter().map(wave).collect()
}

fn is_wanted(object: &ObjectResult) -> bool {
    !matches!(object.action, Action::Delete | Action::Keep | Action::Hook)
}

/// Healthy, or of a kind that just is and is there.
fn is_well(object: &ObjectResult) -> bool {
    let there = object.applied_at.is_some() || object.action == Action::Unchanged;
    is_wanted(object) && there && (object.healthy_at.is_some() || object.health.is_empty())
}

/// Makes the status this one, whole.
async fn patch_status(
    client: &dyn Client,
    key: ObjectKey,
    live: &Object,
    status: Value,
) -> Result<(), client::Error> {
    if live.body["status"] == status {
        return Ok(());
    }
    let options = PatchOptions {
        field_manager: MANAGER.into(),
        ..PatchOptions::default()
    };
    let patch = Patch::Json(json!([{"op": "add", "path": "/status", "value": status}]));
    match client.patch(&Target::status(key), &patch, &options).await {
        // It goes away at this moment.
        Err(error) if error.is_not_found() => Ok(()),
        answer => answer.map(drop),
    }
}
