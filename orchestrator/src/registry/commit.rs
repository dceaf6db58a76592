//! From a prepared write to a stored one, with the retries a client should not have to make.

use serde_json::json;

use api::{Cause, Collection, Reason, Revision, Status};

use crate::store::{self, Allocation};
use crate::watch;

use super::Registry;
use super::allocate;
use super::context::{Context, Written};
use super::kinds::Pool;
use super::prepared::Prepared;
use super::view::View;

/// Kubernetes retries its own conflicts five times before it tells the client.
const ATTEMPTS: u32 = 5;
/// Candidates tried for a name out of a pool before the pool counts as full.
const ALLOCATION_ATTEMPTS: u32 = 128;

impl Registry {
    /// Prepares against the newest state this process knows and stores the result. A conflict
    /// or a taken allocation prepares again; `prepare` gets the number of the attempt and
    /// decides itself whether the client insisted on a version.
    pub(crate) async fn commit(
        &self,
        context: &Context,
        prepare: impl Fn(&View<'_>, u32) -> Result<Prepared, Status>,
    ) -> Result<Written, Status> {
        let (mut conflicts, mut taken) = (0, 0);
        loop {
            let prepared = prepare(&View::new(&self.hub, self.kinds()), conflicts + taken)?;
            let write = if context.dry_run {
                None
            } else {
                prepared.write(context, &self.kinds())
            };
            let Some(write) = write else {
                return Ok(written(prepared));
            };
            let answer = self.stores.write(vec![write]).await.pop();
            match answer.unwrap_or_else(|| Err(no_answer())) {
                Ok(change) => {
                    self.seen(&change.key.collection, change.revision).await?;
                    let mut prepared = prepared;
                    prepared
                        .object
                        .set_resource_version(&change.revision.into());
                    return Ok(written(prepared));
                }
                Err(store::Error::Conflict { .. } | store::Error::NotFound(_))
                    if conflicts < ATTEMPTS =>
                {
                    conflicts += 1;
                    self.refresh(&prepared.key.collection).await?;
                }
                Err(store::Error::Taken(name))
                    if !prepared.held.named.contains(&name) && taken < ALLOCATION_ATTEMPTS =>
                {
                    taken += 1;
                }
                Err(store::Error::AlreadyExists(_))
                    if generated(&prepared) && conflicts < ATTEMPTS + 3 =>
                {
                    conflicts += 1;
                }
                Err(error) => return Err(refusal(&prepared, &error)),
            }
        }
    }
}

impl Registry {
    /// Waits until this process's own cache shows a write, so that who wrote can read it.
    pub(crate) async fn seen(
        &self,
        collection: &Collection,
        revision: Revision,
    ) -> Result<(), Status> {
        self.hub
            .at_least(collection, revision)
            .await
            .map_err(|error| unread(&error))
    }

    /// Catches up with what other API servers have written.
    pub(crate) async fn refresh(&self, collection: &Collection) -> Result<Revision, Status> {
        self.hub
            .newest(collection)
            .await
            .map_err(|error| unread(&error))
    }
}

/// What a client is told about a read that the cache cannot serve.
pub(crate) fn unread(error: &watch::Error) -> Status {
    match error {
        watch::Error::Expired { .. } => Status::new(Reason::Expired, error.to_string()),
        watch::Error::NotYet { .. } => Status {
            retry_after_seconds: Some(1),
            causes: vec![Cause {
                reason: "ResourceVersionTooLarge".into(),
                message: "Too large resource version".into(),
                field: String::new(),
            }],
            ..Status::new(Reason::Timeout, format!("Timeout: {error}"))
        },
        watch::Error::Store(_) => Status::new(Reason::ServiceUnavailable, error.to_string()),
    }
}

fn generated(prepared: &Prepared) -> bool {
    !prepared.object.generate_name().is_empty()
}

fn written(prepared: Prepared) -> Written {
    let outcome = prepared.outcome();
    Written {
        object: prepared.object,
        outcome,
        warnings: prepared.warnings,
    }
}

fn no_answer() -> store::Error {
    store::Error::Unavailable {
        operation: "write",
        detail: "no answer for the write".into(),
    }
}

/// What a client is told about a write that the store refused.
pub(crate) fn refusal(prepared: &Prepared, error: &store::Error) -> Status {
    match error {
        store::Error::Taken(name) => taken(prepared, name),
        _ => status(error),
    }
}

/// In the words of Kubernetes, at the field that has the name.
fn taken(prepared: &Prepared, name: &Allocation) -> Status {
    let cause = if name.pool == Pool::ClusterIp.name() {
        let rule = format!(
            "failed to allocate IP {}: provided IP is already allocated",
            name.value
        );
        Cause::invalid("spec.clusterIPs", &json!([name.value]), &rule)
    } else {
        let number = name.value.parse::<u16>().unwrap_or_default();
        let field = allocate::node_port_field(&prepared.object, number);
        Cause::invalid(field, &json!(number), "provided port is already allocated")
    };
    let key = &prepared.key;
    Status::invalid(&key.collection.group, "Service", &key.name, vec![cause])
}

/// What a client is told about a failed store operation.
pub(crate) fn status(error: &store::Error) -> Status {
    match error {
        store::Error::NotFound(key) => Status::not_found(key),
        store::Error::AlreadyExists(key) => Status::already_exists(key),
        store::Error::Conflict { key, .. } => Status::conflict(
            key,
            "the object has been modified; please apply your changes to the latest version and try again",
        ),
        store::Error::Taken(_) | store::Error::Divided(_) => Status::bad_request(error.to_string()),
        store::Error::Compacted { .. } => Status::new(Reason::Expired, error.to_string()),
        // Without the invitation to send it again: the store has tried for as long as is useful, and
        // clients would follow the invitation ten times before they say anything.
        store::Error::Unavailable { .. } => {
            Status::new(Reason::ServiceUnavailable, error.to_string())
        }
        // Nor here: a second try could find its own first.
        store::Error::Uncertain { .. } => Status::new(Reason::Timeout, error.to_string()),
        store::Error::Corrupt { .. } => Status::internal(error.to_string()),
    }
}
