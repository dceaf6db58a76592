//! Statements on what branches and pull requests would do.

use serde_json::json;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};

use engine::rollout::CommitId;

use super::error::failed;
use super::row::{json as read_json, time, word};
use super::time::Time;
use super::{Error, History, Reader};
use crate::forge::Change;

impl FromRow<'_, PgRow> for Change {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            repository: row.try_get("repository")?,
            branch: row.try_get("branch")?,
            revision: CommitId(row.try_get("revision")?),
            base: CommitId(row.try_get("base")?),
            pull: row.try_get("pull")?,
            planned_at: time(row, "planned_at")?,
            verdict: word(row, "verdict")?,
            digest: row.try_get("digest")?,
            report: read_json(row, "report")?,
        })
    }
}

impl Reader {
    /// Of one repository, or of all where it is empty; newest first.
    pub async fn changes(&self, repository: &str) -> Result<Vec<Change>, Error> {
        sqlx::query_as(
            "select * from changes where $1 = '' or repository = $1
              order by planned_at desc limit 200",
        )
        .bind(repository)
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list the plans of branches"))
    }

    pub async fn change(&self, repository: &str, branch: &str) -> Result<Option<Change>, Error> {
        sqlx::query_as("select * from changes where repository = $1 and branch = $2")
            .bind(repository)
            .bind(branch)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed("read the plan of a branch"))
    }
}

impl History {
    pub(crate) async fn put_change(&self, change: &Change) -> Result<(), Error> {
        sqlx::query(
            "insert into changes (repository, branch, revision, base, pull, planned_at, verdict,
                                  digest, report)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (repository, branch) do update
                set revision = $3, base = $4, pull = $5, planned_at = $6, verdict = $7, digest = $8,
                    report = $9",
        )
        .bind(&change.repository)
        .bind(&change.branch)
        .bind(&change.revision.0)
        .bind(&change.base.0)
        .bind(&change.pull)
        .bind(Time(change.planned_at))
        .bind(change.verdict.as_str())
        .bind(&change.digest)
        .bind(json!(change.report))
        .execute(&self.reader.pool)
        .await
        .map(drop)
        .map_err(failed("record the plan of a branch"))
    }

    pub(crate) async fn remove_change(&self, repository: &str, branch: &str) -> Result<(), Error> {
        sqlx::query("delete from changes where repository = $1 and branch = $2")
            .bind(repository)
            .bind(branch)
            .execute(&self.reader.pool)
            .await
            .map(drop)
            .map_err(failed("remove the plan of a branch"))
    }
}
