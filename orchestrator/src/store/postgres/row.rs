//! Rows, and what they mean.

use std::sync::Arc;

use jiff::Timestamp;

use api::{Collection, ObjectKey, Revision, Uid};

use super::seal::{self, Keys};
use crate::store::{Applied, Change, ChangeKind, Error, Stored};

/// The columns of `changes`, in the order of [`COLUMNS`].
#[derive(Debug, sqlx::FromRow)]
pub(super) struct ChangeRow {
    revision: i64,
    /// Microseconds since 1970.
    at: i64,
    resource: String,
    namespace: String,
    name: String,
    uid: String,
    operation: String,
    actor: String,
    commit: String,
    body: Vec<u8>,
}

impl ChangeRow {
    pub(super) fn change(self, keys: &Keys) -> Result<Arc<Change>, Error> {
        let key = key(&self.resource, self.namespace, self.name);
        let (uid, revision) = (Uid(self.uid), Revision(self.revision));
        let corrupt = |detail: String| Error::Corrupt {
            key: key.clone(),
            revision,
            detail,
        };
        let at =
            Timestamp::from_microsecond(self.at).map_err(|error| corrupt(error.to_string()))?;
        let kind = kind(&self.operation)
            .ok_or_else(|| corrupt(format!("unknown operation {:?}", self.operation)))?;
        let body = seal::open(keys, &key, &uid, revision, &self.body)?;
        Ok(Arc::new(Change {
            revision,
            at,
            key,
            uid,
            kind,
            actor: self.actor.into(),
            commit: self.commit.into(),
            body,
        }))
    }
}

#[derive(Debug, sqlx::FromRow)]
pub(super) struct AppliedRow {
    commit: String,
    revision: i64,
    /// Microseconds since 1970.
    at: i64,
}

impl AppliedRow {
    pub(super) fn applied(self) -> Result<Applied, Error> {
        let at = Timestamp::from_microsecond(self.at).map_err(|error| Error::Unavailable {
            operation: "read the time of a change",
            detail: error.to_string(),
        })?;
        Ok(Applied {
            commit: self.commit,
            revision: Revision(self.revision),
            at,
        })
    }
}

/// An object with its exact bytes.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct StoredRow {
    revision: i64,
    resource: String,
    namespace: String,
    name: String,
    uid: String,
    body: Vec<u8>,
}

impl StoredRow {
    pub(super) fn stored(self, keys: &Keys) -> Result<Stored, Error> {
        let key = key(&self.resource, self.namespace, self.name);
        let (uid, revision) = (Uid(self.uid), Revision(self.revision));
        let body = seal::open(keys, &key, &uid, revision, &self.body)?;
        Ok(Stored {
            key,
            uid,
            revision,
            body,
        })
    }
}

/// The column `resource`: `pods` or `deployments.apps`. Plurals have no dots.
fn key(resource: &str, namespace: String, name: String) -> ObjectKey {
    let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
    Collection::new(group, resource).key(namespace, name)
}

/// The key an allocation is held by.
pub(super) fn holder((resource, namespace, name): (String, String, String)) -> ObjectKey {
    key(&resource, namespace, name)
}

pub(super) fn operation(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Created => "created",
        ChangeKind::Replaced => "replaced",
        ChangeKind::Deleted => "deleted",
    }
}

fn kind(operation: &str) -> Option<ChangeKind> {
    match operation {
        "created" => Some(ChangeKind::Created),
        "replaced" => Some(ChangeKind::Replaced),
        "deleted" => Some(ChangeKind::Deleted),
        _ => None,
    }
}

/// For errors of the driver.
pub(super) fn unavailable(operation: &'static str) -> impl Fn(sqlx::Error) -> Error {
    move |error| Error::Unavailable {
        operation,
        detail: error.to_string(),
    }
}
