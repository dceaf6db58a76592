//! An Application that is no more: its objects go as its policy says, then what is left of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use api::{Object, ObjectKey, Uid};
use client::{Client, Requeue};
use engine::application::NAMESPACE;
use engine::plan::{self, Input, InventoryEntry, Kept, Plan, Prune};
use engine::rollout::RolloutPhase;

use super::core::{Core, SET, application_collection, recorded};
use super::look::claimed;
use super::target::Target;
use crate::history::{ApplicationRecord, Ending, NewStep, Rollout, StepKind, Write};

/// When what is being deleted is looked at again, whatever happens.
const AGAIN: Duration = Duration::from_secs(5);

/// Takes away what `name` has.
pub(crate) async fn pass(
    core: &Core,
    client: &dyn Client,
    target: &Target,
    name: &str,
) -> Result<Requeue, client::Error> {
    let reader = core.history.reader();
    let last = reader.last_rollout(name).await.map_err(recorded)?;
    if let Some(running) = last.filter(|last| !last.phase.is_final()) {
        end(core, target, &running).await?;
    }
    let inventory = core.inventory.of(name);
    let record = reader.application(name).await.map_err(recorded)?;
    let Some(record) = record.map(|it| it.application) else {
        return Ok(Requeue::Done);
    };
    if !inventory.is_empty() {
        let plan = plan(core, target, &record, &inventory).await?;
        return work(core, client, name, &plan, &inventory).await;
    }
    finish(core, client, Arc::unwrap_or_clone(record)).await
}

async fn end(core: &Core, target: &Target, running: &Rollout) -> Result<(), client::Error> {
    let at = core.env.now();
    let text = format!(
        "the application is not in commit {} any more",
        target.revision().short()
    );
    core.commit(&[
        Write::Step(NewStep::new(at, StepKind::Superseded, text.clone()).rollout(running)),
        Write::Over {
            rollout: running.id.clone(),
            phase: RolloutPhase::Superseded,
            message: text,
            changed: None,
            at,
        },
    ])
    .await
}

async fn plan(
    core: &Core,
    target: &Target,
    record: &ApplicationRecord,
    inventory: &[InventoryEntry],
) -> Result<Plan, client::Error> {
    let keys = inventory.iter().map(|entry| entry.key.clone()).collect();
    let live = core.cluster.live(&keys).await?;
    let built = plan::build(&Input {
        kinds: &core.cluster.kinds(),
        manifests: &[],
        live: &live,
        stored: &BTreeMap::new(),
        renewed: &BTreeSet::new(),
        inventory,
        prune: &Prune::from(record.deletion),
    });
    // Without manifests there is nothing to find fault with.
    let mut plan = built.unwrap_or_default();
    let claimed = claimed(core, target, &record.name).await?;
    let others = |key: &ObjectKey| claimed.contains(key);
    for deletion in plan.deletes.iter().filter(|it| others(&it.key)) {
        plan.forgotten.push(InventoryEntry {
            key: deletion.key.clone(),
            uid: deletion.uid.clone(),
        });
    }
    plan.deletes.retain(|deletion| !others(&deletion.key));
    Ok(plan)
}

async fn work(
    core: &Core,
    client: &dyn Client,
    name: &str,
    plan: &Plan,
    inventory: &[InventoryEntry],
) -> Result<Requeue, client::Error> {
    let now = core.env.now();
    let kept = plan.kept.iter().map(|kept| &kept.key);
    let leave: Vec<ObjectKey> = kept
        .chain(plan.forgotten.iter().map(|it| &it.key))
        .cloned()
        .collect();
    if !leave.is_empty() {
        let remove = Write::InventoryRemove {
            application: name.to_owned(),
            keys: leave.clone(),
        };
        let writes: Vec<Write> = std::iter::once(remove)
            .chain(stays(now, name, plan))
            .collect();
        core.commit(&writes).await?;
    }
    let is_leaving = |key: &ObjectKey| {
        let live = core.cluster.cache(&key.collection).get(key);
        live.is_some_and(|live| live.is_deleting())
    };
    let now_due: Vec<_> = plan
        .deletes
        .iter()
        .filter(|it| !is_leaving(&it.key))
        .collect();
    if now_due.is_empty() {
        let more = inventory.len() > leave.len();
        return Ok(Requeue::After(if more { AGAIN } else { Duration::ZERO }));
    }
    let titles: Vec<String> = now_due.iter().map(|deletion| deletion.title()).collect();
    let text = format!(
        "the application is removed, and with it {}",
        titles.join(", ")
    );
    let step = NewStep::new(now, StepKind::Pruning, text).application(name);
    core.commit(&[Write::Step(step.data(json!({"objects": titles})))])
        .await?;
    let exact: Vec<(ObjectKey, Uid)> = now_due
        .iter()
        .map(|deletion| (deletion.key.clone(), deletion.uid.clone()))
        .collect();
    core.cluster.delete(client, &exact, "").await?;
    Ok(Requeue::After(AGAIN))
}

/// Tells what is left behind, and why.
fn stays(now: Timestamp, name: &str, plan: &Plan) -> Option<Write> {
    let first = plan.kept.first()?;
    let kept: Vec<String> = plan.kept.iter().map(Kept::title).collect();
    let text = format!(
        "the application is removed without {}: {}",
        kept.join(", "),
        first.reason
    );
    let step = NewStep::new(now, StepKind::Forgotten, text).application(name);
    Some(Write::Step(step.data(json!({"objects": kept}))))
}

/// Nothing is left but the Application itself.
async fn finish(
    core: &Core,
    client: &dyn Client,
    record: ApplicationRecord,
) -> Result<Requeue, client::Error> {
    let key = application_collection().key(NAMESPACE, &record.name);
    let live = core.applications().get(&key);
    let owned = core.inventory.owner(&key).is_some();
    if let Some(object) = live.filter(|object| owned && !object.is_deleting()) {
        core.cluster
            .delete(client, &[(key, Object::uid(&object))], "")
            .await?;
        return Ok(Requeue::After(AGAIN));
    }
    if owned {
        core.wake(SET);
    }
    core.standings.remove(&record.name);
    if record.removed_at.is_some() {
        return Ok(Requeue::Done);
    }
    let at = core.env.now();
    let text = format!("application {} is removed", record.name);
    let step = NewStep::new(at, StepKind::Removed, text).application(&record.name);
    let removed = ApplicationRecord {
        removed_at: Some(at),
        ..record
    };
    let open = core.history.reader().open_drifts(&removed.name).await;
    let open = open.map_err(recorded)?.into_iter().map(|drift| drift.key);
    // Nobody asks for anything any more that could be different.
    let ended = Write::DriftEnded {
        application: removed.name.clone(),
        keys: open.collect(),
        ending: Ending::Gone,
        at,
    };
    core.commit(&[ended, Write::Applications(vec![removed]), Write::Step(step)])
        .await?;
    Ok(Requeue::Done)
}
