//! How many objects rollouts are about.

use std::collections::BTreeMap;

use serde::Serialize;

use super::error::failed;
use super::{Error, Reader};

/// How many objects a rollout creates, changes and deletes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counted {
    pub created: i64,
    pub changed: i64,
    pub deleted: i64,
}

impl Reader {
    /// Of these rollouts, by id; of one that planned nothing yet there is nothing.
    pub async fn object_counts(
        &self,
        rollouts: &[String],
    ) -> Result<BTreeMap<String, Counted>, Error> {
        let rows: Vec<(String, i64, i64, i64)> = sqlx::query_as(
            "select rollout, count(*) filter (where action = 'create'),
                    count(*) filter (where action = 'change'),
                    count(*) filter (where action = 'delete')
               from rollout_objects where rollout = any($1) group by rollout",
        )
        .bind(rollouts)
        .fetch_all(&self.pool)
        .await
        .map_err(failed("count the objects of rollouts"))?;
        let counted = |(id, created, changed, deleted)| {
            let counted = Counted {
                created,
                changed,
                deleted,
            };
            (id, counted)
        };
        Ok(rows.into_iter().map(counted).collect())
    }
}
