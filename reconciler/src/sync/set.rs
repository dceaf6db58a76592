//! The Applications themselves: those of the commit are applied like anything else. One that left
//! the commit is taken away by its own pass, after its objects.

use std::sync::Arc;
use std::time::Duration;

use api::{GroupVersionKind, Object, ObjectKey};
use client::{Client, Requeue};
use engine::Application;
use engine::application::{Found, NAMESPACE};

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
        if !is_there(core, &key, found) {
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
fn is_there(core: &Core, key: &ObjectKey, found: &Arc<Found>) -> bool {
    let live = core.applications().get(key);
    let is_as = live.is_some_and(|live| core.definitions.is_as(found, &live));
    is_as && core.inventory.owner(key).is_some()
}

async fn namespace(core: &Core, client: &dyn Client) -> Result<(), client::Error> {
    let kind = GroupVersionKind::new("", "v1", "Namespace");
    let namespace = Object::new(&kind, "", NAMESPACE);
    core.cluster.apply(client, &[namespace], "").await.map(drop)
}

/// Keeps the list of Applications that the history shows.
async fn record(core: &Core, target: &Target) -> Result<(), client::Error> {
    let now = core.env.now();
    let mut records = Vec::new();
    let mut note = |application: &Application, in_git: bool| {
        let before = core.inventory.record(&application.name);
        let record = ApplicationRecord {
            name: application.name.clone(),
            in_git,
            deletion: application.deletion,
            seen_at: before.as_ref().map_or(now, |before| before.seen_at),
            removed_at: None,
        };
        if before.as_deref() != Some(&record) {
            records.push(record);
        }
    };
    for found in target.applications.values() {
        note(&found.application, true);
    }
    for object in core.applications().in_namespace(NAMESPACE) {
        if target.application(object.name()).is_none()
            && let Some(application) = core.application(target, object.name())
        {
            note(&application, false);
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
    let is_gone =
        |key: &ObjectKey| target.application(&key.name).is_none() && live.get(key).is_none();
    let gone = core.inventory.keys(SET, is_gone);
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
