//! Statements on proofs of convergence.

use jiff::Timestamp;
use serde_json::json;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, Row};

use engine::proof::Leaf;

use super::error::failed;
use super::row::{commit_id, json as from_json, optional_time, text, time};
use super::time::Time;
use super::{Error, Reader};

/// That the cluster was what a commit says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    pub rollout: String,
    pub application: String,
    pub commit: engine::rollout::CommitId,
    pub at: Timestamp,
    pub root: String,
    pub leaves: Vec<Leaf>,
    /// When the next rollout began, or somebody changed an object; `None` where neither did.
    pub until: Option<Timestamp>,
}

pub(super) async fn insert(
    connection: &mut PgConnection,
    rollout: &str,
    root: &str,
    leaves: &[Leaf],
    at: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "insert into proofs (rollout, at, root, leaves) values ($1, $2, $3, $4)
         on conflict (rollout) do nothing",
    )
    .bind(rollout)
    .bind(Time(at))
    .bind(root)
    .bind(json!(leaves))
    .execute(connection)
    .await
    .map(drop)
    .map_err(failed("record a proof"))
}

impl Reader {
    /// The newest proof of a commit, of which a beginning is enough, in an application; empty for
    /// any commit.
    pub async fn proof(&self, application: &str, commit: &str) -> Result<Option<Proof>, Error> {
        sqlx::query_as(
            "select p.*, r.application, r.revision,
                    least((select min(n.began_at) from rollouts n
                            where n.application = r.application and n.number > r.number),
                          (select min(case when d.at > p.at then d.at else d.last_at end)
                             from drifts d
                            where d.application = r.application and d.last_at > p.at)) as until
               from proofs p
               join rollouts r on r.id = p.rollout
              where r.application = $1 and starts_with(r.revision, $2)
              order by r.number desc limit 1",
        )
        .bind(application)
        .bind(commit)
        .fetch_optional(&self.pool)
        .await
        .map_err(failed("read a proof"))
    }
}

#[cfg(test)]
impl Reader {
    /// Changes a leaf of every proof behind everybody's back.
    pub(crate) async fn spoil_proofs(&self) -> Result<(), Error> {
        sqlx::query("update proofs set leaves = jsonb_set(leaves, '{0,live}', '\"00\"')")
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(failed("spoil proofs"))
    }
}

impl FromRow<'_, PgRow> for Proof {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            rollout: text(row, "rollout")?,
            application: text(row, "application")?,
            commit: commit_id(row, "revision")?,
            at: time(row, "at")?,
            root: row.try_get("root")?,
            leaves: from_json(row, "leaves")?,
            until: optional_time(row, "until")?,
        })
    }
}
