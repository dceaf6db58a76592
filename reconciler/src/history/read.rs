//! Everything that is asked of the history.
use api::ObjectKey;
use engine::Origin;
use engine::rollout::CommitId;

use super::Error;
use super::error::failed;
use super::memo::Memo;
use super::model::{
    Apply, InventoryItem, ObjectResult, Push, Rollout, RolloutDetail, SourceState, Step,
};
use super::pool::Pool;
use super::query::{Outcome, RolloutQuery};
use super::time::Time;
use crate::source::Commit;

/// How many rollouts a list has where nobody says.
const PAGE: i64 = 50;
/// How many steps one read answers.
pub(super) const STEPS: i64 = 1000;

/// Reads the history. Cheap to clone.
#[derive(Clone)]
pub struct Reader {
    pub(super) pool: Pool,
    pub(super) memo: Memo,
}

/// Which steps to read, oldest first.
#[derive(Debug, Clone, Default)]
pub struct StepQuery {
    /// Only those with a greater number.
    pub after: i64,
    pub application: Option<String>,
    pub rollout: Option<String>,
    pub push: Option<String>,
}

impl Reader {
    pub async fn sources(&self) -> Result<Vec<SourceState>, Error> {
        sqlx::query_as("select * from sources order by repository")
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list the sources"))
    }

    pub async fn source(&self, repository: &str) -> Result<Option<SourceState>, Error> {
        sqlx::query_as("select * from sources where repository = $1")
            .bind(repository)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed("read a source"))
    }

    pub async fn commit(&self, id: &CommitId) -> Result<Option<Commit>, Error> {
        sqlx::query_as("select * from commits where id = $1")
            .bind(&id.0)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed("read a commit"))
    }

    pub async fn push(&self, id: &str) -> Result<Option<Push>, Error> {
        sqlx::query_as("select * from pushes where id = $1")
            .bind(id)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed("read a push"))
    }

    /// Newest first.
    pub async fn pushes(&self, limit: u16) -> Result<Vec<Push>, Error> {
        sqlx::query_as("select * from pushes order by received_at desc limit $1")
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list pushes"))
    }

    /// The newest push of this commit, whatever became of it.
    pub(crate) async fn newest_push_of(&self, revision: &CommitId) -> Result<Option<Push>, Error> {
        sqlx::query_as(
            "select * from pushes where new_revision = $1 order by received_at desc limit 1",
        )
        .bind(&revision.0)
        .fetch_optional(&self.pool)
        .await
        .map_err(failed("find the newest push of a commit"))
    }

    /// The newest rollout of an application to a commit, of which a beginning is enough.
    pub async fn rollout_at(
        &self,
        application: &str,
        revision: &CommitId,
    ) -> Result<Option<Rollout>, Error> {
        sqlx::query_as(
            "select * from rollouts where application = $1 and starts_with(revision, $2)
              order by number desc limit 1",
        )
        .bind(application)
        .bind(&revision.0)
        .fetch_optional(&self.pool)
        .await
        .map_err(failed("find a rollout by its commit"))
    }

    /// Newest first.
    pub async fn rollouts(&self, query: &RolloutQuery) -> Result<Vec<Rollout>, Error> {
        let limit = match query.limit {
            0 => PAGE,
            limit => i64::from(limit),
        };
        sqlx::query_as(
            "select * from rollouts
              where ($1::text is null or application = $1) and ($2::text is null or push = $2)
                and ($3::timestamptz is null or started_at < $3)
                and ($4::timestamptz is null or started_at >= $4)
                and case $5
                    when 'running' then finished_at is null or finished_at > $7
                    when 'failed' then phase = 'Failed' and ($7 is null or finished_at <= $7)
                    when 'held' then phase = 'Held' and ($7 is null or finished_at <= $7)
                    when 'rollback' then rollback_of <> ''
                         or coalesce(jsonb_array_length(rollback -> 'reverts'), 0) > 0
                    when 'good' then phase = 'Succeeded' and not options ? 'objects'
                         and ($7::timestamptz is null or finished_at <= $7)
                         and (undone_at is null or undone_at > $7)
                    else true end
              order by started_at desc, number desc, application limit $6",
        )
        .bind(&query.application)
        .bind(&query.push)
        .bind(query.before.map(Time))
        .bind(query.since.map(Time))
        .bind(query.outcome.map_or("", Outcome::as_str))
        .bind(limit)
        .bind(query.as_of.map(Time))
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list rollouts"))
    }

    pub async fn rollout(&self, id: &str) -> Result<Option<Rollout>, Error> {
        sqlx::query_as("select * from rollouts where id = $1")
            .bind(id)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed("read a rollout"))
    }

    /// The newest rollout of an application that succeeded.
    pub async fn last_success(&self, application: &str) -> Result<Option<Rollout>, Error> {
        sqlx::query_as(
            "select * from rollouts where application = $1 and phase = 'Succeeded'
                and not options ? 'objects' and undone_at is null
              order by number desc limit 1",
        )
        .bind(application)
        .fetch_optional(&self.pool)
        .await
        .map_err(failed("read the newest good rollout"))
    }

    /// A rollout with all that belongs to it; of its steps the newest thousand.
    pub async fn rollout_detail(&self, id: &str) -> Result<Option<RolloutDetail>, Error> {
        let Some(rollout) = self.rollout(id).await? else {
            return Ok(None);
        };
        let mut steps: Vec<Step> =
            sqlx::query_as("select * from steps where rollout = $1 order by seq desc limit $2")
                .bind(id)
                .bind(STEPS)
                .fetch_all(&self.pool)
                .await
                .map_err(failed("read a rollout's steps"))?;
        steps.reverse();
        Ok(Some(RolloutDetail {
            rollout,
            objects: self.objects(id).await?,
            applies: self.applies(id).await?,
            steps,
        }))
    }

    /// The objects of a rollout in the order of application.
    pub async fn objects(&self, rollout: &str) -> Result<Vec<ObjectResult>, Error> {
        sqlx::query_as("select * from rollout_objects where rollout = $1 order by position")
            .bind(rollout)
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list a rollout's objects"))
    }

    /// Which application's rollout of a commit asked for an object last, and where.
    pub async fn origin(
        &self,
        key: &ObjectKey,
        commit: &CommitId,
    ) -> Result<Option<(String, Origin)>, Error> {
        match self.origin_in(key, commit, false).await? {
            Some(found) => Ok(Some(found)),
            None => self.origin_in(key, commit, true).await,
        }
    }

    /// The same, where `several` also in rollouts whose first source is at the commit.
    async fn origin_in(
        &self,
        key: &ObjectKey,
        commit: &CommitId,
        several: bool,
    ) -> Result<Option<(String, Origin)>, Error> {
        let found: Option<(String, String, i32)> = sqlx::query_as(
            "select r.application, o.file, o.line
               from rollouts r
               join rollout_objects o on o.rollout = r.id
              where (r.revision = $1 or ($6 and split_part(r.revision, '+', 1) = $1))
                and o.api_group = $2 and o.resource = $3 and o.namespace = $4
                and o.name = $5 and o.file <> ''
              order by r.started_at desc limit 1",
        )
        .bind(&commit.0)
        .bind(&key.collection.group)
        .bind(&key.collection.resource)
        .bind(&key.namespace)
        .bind(&key.name)
        .bind(several)
        .fetch_optional(&self.pool)
        .await
        .map_err(failed("find where a commit asks for an object"))?;
        Ok(found.map(|(application, file, line)| {
            let line = u32::try_from(line).unwrap_or(0);
            (application, Origin { file, line })
        }))
    }

    pub async fn applies(&self, rollout: &str) -> Result<Vec<Apply>, Error> {
        sqlx::query_as("select * from applies where rollout = $1 order by attempt")
            .bind(rollout)
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list a rollout's attempts"))
    }

    /// At most a thousand; ask again after the last one for more.
    pub async fn steps(&self, query: &StepQuery) -> Result<Vec<Step>, Error> {
        sqlx::query_as(
            "select * from steps
              where seq > $1 and ($2::text is null or application = $2)
                and ($3::text is null or rollout = $3) and ($4::text is null or push = $4)
              order by seq limit $5",
        )
        .bind(query.after)
        .bind(&query.application)
        .bind(&query.rollout)
        .bind(&query.push)
        .bind(STEPS)
        .fetch_all(&self.pool)
        .await
        .map_err(failed("read steps"))
    }

    /// The newest step's number; 0 where there is none.
    pub async fn newest_step(&self) -> Result<i64, Error> {
        sqlx::query_scalar("select coalesce(max(seq), 0) from steps")
            .fetch_one(&self.pool)
            .await
            .map_err(failed("find the newest step"))
    }

    pub async fn inventory(&self, application: &str) -> Result<Vec<InventoryItem>, Error> {
        sqlx::query_as(
            "select * from inventory where application = $1
              order by api_group, resource, namespace, name",
        )
        .bind(application)
        .fetch_all(&self.pool)
        .await
        .map_err(failed("read an inventory"))
    }

    /// Every application's.
    pub async fn whole_inventory(&self) -> Result<Vec<InventoryItem>, Error> {
        sqlx::query_as("select * from inventory order by api_group, resource, namespace, name")
            .fetch_all(&self.pool)
            .await
            .map_err(failed("read the inventory"))
    }

    /// How many rollouts of this commit are not over.
    pub async fn unfinished_at(&self, revision: &CommitId) -> Result<i64, Error> {
        sqlx::query_scalar(
            "select count(*) from rollouts where revision = $1 and finished_at is null",
        )
        .bind(&revision.0)
        .fetch_one(&self.pool)
        .await
        .map_err(failed("count the rollouts of a commit"))
    }
}
