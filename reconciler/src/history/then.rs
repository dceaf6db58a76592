//! What stood at a moment, and what a commit did.

use jiff::Timestamp;
use sqlx::Row;

use super::error::failed;
use super::model::{Hold, InventoryItem, Rollout, Step};
use super::time::Time;
use super::{Error, Reader};

/// Rollouts of one commit.
const OF_COMMIT: i64 = 500;

impl Reader {
    /// The newest rollout of each application that had begun by then; of some of them where they
    /// are named.
    pub async fn newest_until(
        &self,
        at: Timestamp,
        of: Option<&[String]>,
    ) -> Result<Vec<Rollout>, Error> {
        sqlx::query_as(
            "select newest.*
               from applications a,
                    lateral (select r.* from rollouts r
                              where r.application = a.name and r.started_at <= $1
                              order by r.number desc limit 1) newest
              where $2::text[] is null or a.name = any($2)",
        )
        .bind(Time(at))
        .bind(of)
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list the newest rollouts of a time"))
    }

    /// What was held at that moment, newest first.
    pub async fn holds_until(&self, at: Timestamp) -> Result<Vec<Hold>, Error> {
        sqlx::query_as(
            "select * from holds
              where since <= $1 and (released_at is null or released_at > $1)
              order by since desc",
        )
        .bind(Time(at))
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list what was held at a time"))
    }

    /// When a webhook told last of a commit of this repository that was new.
    pub async fn told_at(&self, repository: &str) -> Result<Option<Timestamp>, Error> {
        let row = sqlx::query(
            "select max(received_at) as at from pushes
              where repository = $1 and trigger = 'webhook'",
        )
        .bind(repository)
        .fetch_one(&self.pool)
        .await
        .map_err(failed("find the newest webhook"))?;
        let at: Result<Option<Time>, _> = row.try_get("at");
        let at = at.map_err(failed("read the newest webhook"))?;
        Ok(at.map(Into::into))
    }

    /// The objects whose names hold this text, in any case.
    pub async fn objects_like(&self, text: &str) -> Result<Vec<InventoryItem>, Error> {
        sqlx::query_as(
            "select * from inventory where strpos(lower(name), lower($1)) > 0
              order by lower(name) <> lower($1), name limit 50",
        )
        .bind(text)
        .fetch_all(&self.pool)
        .await
        .map_err(failed("search the inventory"))
    }

    /// The newest rollouts, among the newest ten thousand, whose commit begins with this text, whose
    /// message holds it, or which is called so.
    pub async fn rollouts_like(&self, text: &str) -> Result<Vec<Rollout>, Error> {
        sqlx::query_as(
            "select * from (select * from rollouts order by started_at desc limit 10000) r
              where starts_with(revision, lower($1)) or id = lower($1)
                 or strpos(lower(commit_message), lower($1)) > 0
              order by started_at desc limit 50",
        )
        .bind(text)
        .fetch_all(&self.pool)
        .await
        .map_err(failed("search the rollouts"))
    }

    /// The application's newest steps, newest first.
    pub async fn newest_steps(&self, application: &str, limit: u16) -> Result<Vec<Step>, Error> {
        sqlx::query_as("select * from steps where application = $1 order by seq desc limit $2")
            .bind(application)
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(failed("read an application's newest steps"))
    }

    /// The rollouts to a commit, of which a beginning in small letters is enough; the newest
    /// first.
    pub async fn rollouts_of(&self, commit: &str) -> Result<Vec<Rollout>, Error> {
        let is_hash = commit.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if commit.is_empty() || !is_hash {
            return Ok(Vec::new());
        }
        sqlx::query_as(
            "select * from rollouts where revision like $1 order by started_at desc, number desc
              limit $2",
        )
        .bind(format!("{commit}%"))
        .bind(OF_COMMIT)
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list the rollouts of a commit"))
    }
}
