//! Statements on proofs of convergence.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::json;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, Row};

use engine::proof::Leaf;

use super::error::failed;
use super::row::{commit_id, json as from_json, optional_time, text, time};
use super::time::Time;
use super::{Error, Reader};

/// Of one rollout so many that were made again are kept.
const KEPT: i64 = 10;

/// One to record.
#[derive(Debug, Clone, PartialEq)]
pub struct NewProof {
    pub rollout: String,
    pub root: String,
    pub leaves: Vec<Leaf>,
    pub at: Timestamp,
}

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
    /// Whether it was so before, and not all the time since.
    pub again: bool,
}

pub(super) async fn insert(connection: &mut PgConnection, proof: &NewProof) -> Result<(), Error> {
    sqlx::query(
        "insert into proofs (rollout, at, root, leaves) values ($1, $2, $3, $4)
         on conflict (rollout) do nothing",
    )
    .bind(&proof.rollout)
    .bind(Time(proof.at))
    .bind(&proof.root)
    .bind(json!(proof.leaves))
    .execute(connection)
    .await
    .map(drop)
    .map_err(failed("record a proof"))
}

/// Once more, of a rollout that has one.
pub(super) async fn again(connection: &mut PgConnection, proof: &NewProof) -> Result<(), Error> {
    sqlx::query(
        "with old as (
            delete from proofs_again where id in (
                select id from proofs_again where rollout = $1 order by id desc offset $5))
         insert into proofs_again (rollout, at, root, leaves) values ($1, $2, $3, $4)",
    )
    .bind(&proof.rollout)
    .bind(Time(proof.at))
    .bind(&proof.root)
    .bind(json!(proof.leaves))
    .bind(KEPT - 1)
    .execute(connection)
    .await
    .map(drop)
    .map_err(failed("record a proof that was made again"))
}

impl Reader {
    /// The newest proof, at this moment, of a commit, of which a beginning is enough, in an
    /// application; empty for any commit.
    pub async fn proof(
        &self,
        application: &str,
        commit: &str,
        at: Timestamp,
    ) -> Result<Option<Proof>, Error> {
        sqlx::query_as(
            "select p.*, r.application, r.revision, (select u where u <= $3) as until
               from (select rollout, at, root, leaves, false as again from proofs
                     union all
                     select rollout, at, root, leaves, true from proofs_again) p
               join rollouts r on r.id = p.rollout
              cross join proven_until(r.application, r.number, p.at) u
              where r.application = $1 and starts_with(r.revision, $2) and p.at <= $3
              order by r.number desc, p.at desc limit 1",
        )
        .bind(application)
        .bind(commit)
        .bind(Time(at))
        .fetch_optional(&self.pool)
        .await
        .map_err(failed("read a proof"))
    }

    /// The applications whose newest proof was true at this moment.
    pub async fn proven_at(&self, at: Timestamp) -> Result<BTreeSet<String>, Error> {
        let names = sqlx::query_scalar(
            "select application from (
                select distinct on (r.application) r.application, r.number, p.at
                  from (select rollout, at from proofs
                        union all
                        select rollout, at from proofs_again) p
                  join rollouts r on r.id = p.rollout
                 where p.at <= $1
                 order by r.application, r.number desc, p.at desc) newest
              where coalesce(proven_until(application, number, at) > $1, true)",
        )
        .bind(Time(at));
        let names = names.fetch_all(&self.pool).await;
        let names: Vec<String> = names.map_err(failed("list what was proven"))?;
        Ok(names.into_iter().collect())
    }

    /// Whether there is a proof of this rollout; and whether its newest one is true still.
    pub async fn proof_of(&self, rollout: &str) -> Result<Option<bool>, Error> {
        sqlx::query_scalar(
            "select proven_until(r.application, r.number, p.at) is null
               from (select rollout, at from proofs where rollout = $1
                     union all
                     select rollout, at from proofs_again where rollout = $1) p
               join rollouts r on r.id = p.rollout
              order by p.at desc limit 1",
        )
        .bind(rollout)
        .fetch_optional(&self.pool)
        .await
        .map_err(failed("read whether a proof is true"))
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
            again: row.try_get("again")?,
        })
    }
}
