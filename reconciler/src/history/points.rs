//! What was at a point in time, or at a commit.

use jiff::Timestamp;

use engine::rollout::CommitId;

use super::error::failed;
use super::time::Time;
use super::{Error, Reader};

impl Reader {
    /// Where a branch was, as pushes say.
    pub(crate) async fn head_at(
        &self,
        repository: &str,
        branch: &str,
        at: Timestamp,
    ) -> Result<Option<CommitId>, Error> {
        let found: Option<String> = sqlx::query_scalar(
            "select new_revision from pushes
              where repository = $1 and branch = $2 and verdict = 'Accepted' and received_at <= $3
              order by received_at desc limit 1",
        )
        .bind(repository)
        .bind(branch)
        .bind(Time(at))
        .fetch_optional(&self.pool)
        .await
        .map_err(failed("find where a branch was"))?;
        Ok(found.map(CommitId))
    }

    /// Where the branches of hosted repositories were, as pushes say: repository, branch, commit. A
    /// repository that was made anew begins anew.
    pub(crate) async fn heads_at(
        &self,
        at: Timestamp,
    ) -> Result<Vec<(String, String, CommitId)>, Error> {
        let found: Vec<(String, String, String)> = sqlx::query_as(
            "select distinct on (u.repository, u.ref)
                    u.repository, substr(u.ref, length('refs/heads/') + 1), u.new_revision
               from ref_updates u left join repositories r on r.name = u.repository
              where u.verdict = 'Accepted' and u.at <= $1 and u.ref like 'refs/heads/%'
                and (r.created_at is null or u.at >= r.created_at)
              order by u.repository, u.ref, u.at desc, u.seq desc",
        )
        .bind(Time(at))
        .fetch_all(&self.pool)
        .await
        .map_err(failed("find where branches were"))?;
        // A branch that was deleted is at none.
        let found = found.into_iter().filter(|(.., commit)| !commit.is_empty());
        Ok(found
            .map(|(repository, branch, commit)| (repository, branch, CommitId(commit)))
            .collect())
    }

    /// The commit that an application was at.
    pub(crate) async fn applied_at(
        &self,
        application: &str,
        at: Timestamp,
    ) -> Result<Option<CommitId>, Error> {
        let found: Option<String> = sqlx::query_scalar(
            "select revision from rollouts
              where application = $1 and phase = 'Succeeded' and finished_at <= $2
              order by finished_at desc limit 1",
        )
        .bind(application)
        .bind(Time(at))
        .fetch_optional(&self.pool)
        .await
        .map_err(failed("find where an application was"))?;
        Ok(found.map(CommitId))
    }

    /// The applications that a commit was rolled out in.
    pub(crate) async fn applications_at(&self, revision: &CommitId) -> Result<Vec<String>, Error> {
        sqlx::query_scalar("select distinct application from rollouts where revision = $1")
            .bind(&revision.0)
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list the applications of a commit"))
    }
}
