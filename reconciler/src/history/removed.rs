//! Which application an object is of, and which rollout took it away.

use jiff::Timestamp;
use sqlx::Row;

use api::ObjectKey;
use engine::rollout::CommitId;

use super::error::failed;
use super::row::{commit_id, time};
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
    /// The application that an object from Git belongs to.
    pub async fn owner_of(&self, key: &ObjectKey) -> Result<Option<String>, Error> {
        sqlx::query_scalar(
            "select application from inventory
              where api_group = $1 and resource = $2 and namespace = $3 and name = $4",
        )
        .bind(&key.collection.group)
        .bind(&key.collection.resource)
        .bind(&key.namespace)
        .bind(&key.name)
        .fetch_optional(&self.pool)
        .await
        .map_err(failed("find whose an object is"))
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
