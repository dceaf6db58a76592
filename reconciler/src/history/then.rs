//! What stood at a moment, and what a commit did.

use jiff::Timestamp;

use super::error::failed;
use super::model::{Rollout, Step};
use super::time::Time;
use super::{Error, Reader};

/// Rollouts of one commit.
const OF_COMMIT: i64 = 500;

impl Reader {
    /// The newest rollout of each application that had begun by then.
    pub async fn newest_until(&self, at: Timestamp) -> Result<Vec<Rollout>, Error> {
        sqlx::query_as(
            "select newest.*
               from applications a,
                    lateral (select r.* from rollouts r
                              where r.application = a.name and r.started_at <= $1
                              order by r.number desc limit 1) newest",
        )
        .bind(Time(at))
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list the newest rollouts of a time"))
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
