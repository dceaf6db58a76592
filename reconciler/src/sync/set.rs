//! The Applications themselves: those of the commit are applied like anything else. One that left
//! the commit is taken away by its own pass, after its objects.

use std::collections::BTreeSet;
use std::time::Duration;

use api::{GroupVersionKind, Object, ObjectKey};
use client::{Client, Requeue};
use engine::application::NAMESPACE;
use engine::diff;

use super::core::{Core, SET, application_collection};
use super::target::Target;
use crate::history::{ApplicationRecord, Write};

/// How long a refused set waits for another try.
const RETRY: Duration = Duration::from_secs(10);

/// Brings the Application objects to the commit.
pub(crate) async fn pass(
    core: &Core,
    client: &dyn Client,
    target: &Target,
) -> Result<Requeue, client::Error> {
    record(core, target).await?;
    let collection = application_collection();
    let mut keys = Vec::new();
    let mut objects = Vec::new();
    for found in target.applications.values() {
        let object = &found.manifest.object;
        let key = collection.key(object.namespace(), object.name());
        if !is_there(core, &key, object) {
            keys.push(key);
            objects.push(object.clone());
        }
    }
    forget_gone(core, target).await?;
    if objects.is_empty() {
        return Ok(Requeue::Done);
    }
    namespace(core, client).await?;
    let add = Write::InventoryAdd {
        application: SET.to_owned(),
        keys: keys.clone(),
        at: core.env.now(),
    };
    core.commit(&[add]).await?;
    let made = match core
        .cluster
        .apply(client, &objects, &target.revision().0)
        .await
    {
        Ok(made) => made,
        Err(error) if super::problems::is_final(&error) => {
            tracing::warn!(%error, "the server refuses the Applications");
            return Ok(Requeue::After(RETRY));
        }
        Err(error) => return Err(error),
    };
    let uids = keys.into_iter().zip(made.iter().map(Object::uid)).collect();
    core.commit(&[Write::InventoryUids { uids }]).await?;
    Ok(Requeue::Done)
}

/// Whether the live object has everything that the commit says.
fn is_there(core: &Core, key: &ObjectKey, object: &Object) -> bool {
    let Some(live) = core.applications().get(key) else {
        return false;
    };
    let owned = core.inventory.owner(key).is_some();
    owned && !live.is_deleting() && diff::changes(&live, &diff::overlay(&live, object)).is_empty()
}

async fn namespace(core: &Core, client: &dyn Client) -> Result<(), client::Error> {
    let kind = GroupVersionKind::new("", "v1", "Namespace");
    let namespace = Object::new(&kind, "", NAMESPACE);
    core.cluster.apply(client, &[namespace], "").await.map(drop)
}

/// Keeps the list of Applications that the history shows.
async fn record(core: &Core, target: &Target) -> Result<(), client::Error> {
    let objects = core.applications().in_namespace(NAMESPACE);
    let by_hand = objects.iter().map(|object| object.name().to_owned());
    let names: BTreeSet<String> = target.applications.keys().cloned().chain(by_hand).collect();
    let now = core.env.now();
    let mut records = Vec::new();
    for name in names {
        let Some(application) = core.application(target, &name) else {
            continue;
        };
        let before = core.inventory.record(&name);
        let record = ApplicationRecord {
            in_git: target.application(&name).is_some(),
            deletion: application.deletion,
            seen_at: before.as_ref().map_or(now, |before| before.seen_at),
            removed_at: None,
            name,
        };
        if before.as_ref() != Some(&record) {
            records.push(record);
        }
    }
    if records.is_empty() {
        return Ok(());
    }
    core.commit(&[Write::Applications(records)]).await
}

/// Takes Applications out of the inventory that are neither wanted nor there.
async fn forget_gone(core: &Core, target: &Target) -> Result<(), client::Error> {
    let live = core.applications();
    let gone: Vec<ObjectKey> = core
        .inventory
        .of(SET)
        .into_iter()
        .map(|entry| entry.key)
        .filter(|key| target.application(&key.name).is_none() && live.get(key).is_none())
        .collect();
    if gone.is_empty() {
        return Ok(());
    }
    let application = SET.to_owned();
    let remove = Write::InventoryRemove {
        application,
        keys: gone,
    };
    core.commit(&[remove]).await
}
