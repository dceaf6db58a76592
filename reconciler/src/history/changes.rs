//! Statements on what branches and pull requests would do.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};

use engine::rollout::CommitId;

use super::error::failed;
use super::row::{json as read_json, time, word};
use super::time::Time;
use super::{Error, History, Reader};
use crate::forge::Change;

/// How long a plan can be looked back at that another one took the place of.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

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

    /// How many branches have a plan.
    ///
    /// # Errors
    /// The database did not answer.
    pub async fn count_changes(&self) -> Result<usize, Error> {
        let count: i64 = sqlx::query_scalar("select count(*) from changes")
            .fetch_one(&self.pool)
            .await
            .map_err(failed("count the plans of branches"))?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    pub async fn change(&self, repository: &str, branch: &str) -> Result<Option<Change>, Error> {
        sqlx::query_as("select * from changes where repository = $1 and branch = $2")
            .bind(repository)
            .bind(branch)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed("read the plan of a branch"))
    }

    /// The same as they stood at a moment.
    pub async fn changes_at(&self, repository: &str, at: Timestamp) -> Result<Vec<Change>, Error> {
        sqlx::query_as(
            "select repository, branch, revision, base, pull, verdict, digest, report,
                    case when planned_at <= $2 then planned_at else since end as planned_at
               from (select repository, branch, revision, base, pull, verdict, digest, report,
                            planned_at, coalesce(since, planned_at) as since, null as ended_at
                       from changes
                      union all
                     select repository, branch, revision, base, pull, verdict, digest, report,
                            planned_at, since, ended_at
                       from past_changes) as plans
              where ($1 = '' or repository = $1) and since <= $2
                and (ended_at is null or ended_at > $2)
              order by planned_at desc limit 200",
        )
        .bind(repository)
        .bind(Time(at))
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list the plans of branches as they stood"))
    }
}

impl History {
    /// What stood there before is kept for looking back, but for what is older than [`KEPT`].
    pub(crate) async fn put_change(&self, change: &Change) -> Result<(), Error> {
        sqlx::query(
            "with before as (
                insert into past_changes (repository, branch, revision, base, pull, planned_at,
                                          verdict, digest, report, since, ended_at)
                select repository, branch, revision, base, pull, planned_at, verdict, digest, report,
                       coalesce(since, planned_at), $6
                  from changes
                 where repository = $1 and branch = $2
                   and (revision, base, verdict, digest) is distinct from ($3, $4, $7, $8)),
             swept as (delete from past_changes where ended_at < $10)
             insert into changes as c (repository, branch, revision, base, pull, planned_at, verdict,
                                       digest, report)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (repository, branch) do update
                set revision = $3, base = $4, pull = $5, planned_at = $6, verdict = $7, digest = $8,
                    report = $9,
                    since = case when (c.revision, c.base, c.verdict, c.digest)
                                      is not distinct from ($3, $4, $7, $8)
                                 then coalesce(c.since, c.planned_at) end",
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
        .bind(Time(change.planned_at - KEPT))
        .execute(&self.reader.pool)
        .await
        .map(drop)
        .map_err(failed("record the plan of a branch"))
    }

    /// The branch is no more, or nothing is to be said of it.
    pub(crate) async fn remove_change(
        &self,
        repository: &str,
        branch: &str,
        at: Timestamp,
    ) -> Result<(), Error> {
        self.end_changes(repository, Some(branch), at).await
    }

    /// Those of one branch, or of all branches of the repository.
    pub(super) async fn end_changes(
        &self,
        repository: &str,
        branch: Option<&str>,
        at: Timestamp,
    ) -> Result<(), Error> {
        sqlx::query(
            "with gone as (
                delete from changes where repository = $1 and ($2::text is null or branch = $2)
                returning *)
             insert into past_changes (repository, branch, revision, base, pull, planned_at, verdict,
                                       digest, report, since, ended_at)
             select repository, branch, revision, base, pull, planned_at, verdict, digest, report,
                    coalesce(since, planned_at), $3 from gone",
        )
        .bind(repository)
        .bind(branch)
        .bind(Time(at))
        .execute(&self.reader.pool)
        .await
        .map(drop)
        .map_err(failed("remove the plan of a branch"))
    }
}
