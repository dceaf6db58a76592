//! Which application an object is of, and which rollout took it away.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::Row;

use api::ObjectKey;
use engine::rollout::CommitId;

use super::error::failed;
use super::keys;
use super::row::{commit_id, key, time};
use super::{Error, Reader};

/// A rollout that deleted an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedObject {
    pub application: String,
    pub rollout: String,
    pub revision: CommitId,
    pub at: Timestamp,
}

impl Reader {
    /// The application of each of these objects that is from Git.
    pub async fn owners_of(
        &self,
        keys: &[ObjectKey],
    ) -> Result<BTreeMap<ObjectKey, String>, Error> {
        let rows = sqlx::query(
            "select i.api_group, i.resource, i.namespace, i.name, i.application
               from jsonb_to_recordset($1)
                    as k(api_group text, resource text, namespace text, name text)
               join inventory i using (api_group, resource, namespace, name)",
        )
        .bind(keys::rows(keys))
        .fetch_all(&self.pool)
        .await
        .map_err(failed("find whose objects are"))?;
        let read = |row: sqlx::postgres::PgRow| Ok((key(&row)?, row.try_get("application")?));
        rows.into_iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map_err(failed("read whose objects are"))
    }

    /// The last rollout that deleted the object.
    pub async fn removed_object(&self, key: &ObjectKey) -> Result<Option<RemovedObject>, Error> {
        let row = sqlx::query(
            "select r.application, r.id, r.revision,
                    coalesce(o.applied_at, r.finished_at, r.started_at) as at
               from rollout_objects o join rollouts r on r.id = o.rollout
              where o.action = 'delete' and o.api_group = $1 and o.resource = $2
                and o.namespace = $3 and o.name = $4
              order by r.started_at desc limit 1",
        )
        .bind(&key.collection.group)
        .bind(&key.collection.resource)
        .bind(&key.namespace)
        .bind(&key.name)
        .fetch_optional(&self.pool)
        .await
        .map_err(failed("find who deleted an object"))?;
        let read = |row: sqlx::postgres::PgRow| {
            Ok(RemovedObject {
                application: row.try_get("application")?,
                rollout: row.try_get("id")?,
                revision: commit_id(&row, "revision")?,
                at: time(&row, "at")?,
            })
        };
        row.map(read)
            .transpose()
            .map_err(failed("read who deleted an object"))
    }
}
