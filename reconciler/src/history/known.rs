//! What every pass asks of the history: read once, and again after a write that concerns it.

use engine::rollout::CommitId;

use super::Error;
use super::error::failed;
use super::model::{Push, Request, Rollout, Suspension};
use super::read::Reader;

impl Reader {
    /// The newest rollout of an application, running or over.
    pub async fn last_rollout(&self, application: &str) -> Result<Option<Rollout>, Error> {
        let asked = match self.memo.ask(application, |known| &known.last) {
            Ok(known) => return Ok(known),
            Err(asked) => asked,
        };
        let last: Option<Rollout> = sqlx::query_as(
            "select * from rollouts where application = $1 order by number desc limit 1",
        )
        .bind(application)
        .fetch_optional(&self.pool)
        .await
        .map_err(failed("read the newest rollout"))?;
        self.memo
            .keep(asked, last.as_ref(), |known| &mut known.last);
        Ok(last)
    }

    /// Who suspended the application, if anybody did.
    pub async fn suspension(&self, application: &str) -> Result<Option<Suspension>, Error> {
        let asked = match self.memo.ask(application, |known| &known.suspension) {
            Ok(known) => return Ok(known),
            Err(asked) => asked,
        };
        let suspension: Option<Suspension> =
            sqlx::query_as("select * from suspensions where application = $1")
                .bind(application)
                .fetch_optional(&self.pool)
                .await
                .map_err(failed("read a suspension"))?;
        self.memo
            .keep(asked, suspension.as_ref(), |known| &mut known.suspension);
        Ok(suspension)
    }

    /// A sync of the application that was asked for and is not begun yet.
    pub(crate) async fn request(&self, application: &str) -> Result<Option<Request>, Error> {
        let asked = match self.memo.ask(application, |known| &known.request) {
            Ok(known) => return Ok(known),
            Err(asked) => asked,
        };
        let request: Option<Request> =
            sqlx::query_as("select * from requests where application = $1")
                .bind(application)
                .fetch_optional(&self.pool)
                .await
                .map_err(failed("read a request"))?;
        self.memo
            .keep(asked, request.as_ref(), |known| &mut known.request);
        Ok(request)
    }

    /// The push that brought this commit, the newest of several; without its report, which may be
    /// long. What was let through has come before that is on record.
    pub async fn push_of(&self, revision: &CommitId) -> Result<Option<Push>, Error> {
        let asked = match self.memo.push(|push| push.new_revision == *revision) {
            Ok(known) => return Ok(Some(known)),
            Err(asked) => asked,
        };
        let push: Option<Push> = sqlx::query_as(
            "select id, repository, branch, old_revision, new_revision, pusher, trigger,
                    received_at, verdict, '' as report
               from pushes
              where new_revision = $1 and verdict <> 'Refused'
              order by received_at desc limit 1",
        )
        .bind(&revision.0)
        .fetch_optional(&self.pool)
        .await
        .map_err(failed("find the push of a commit"))?;
        self.memo.keep_push(asked, push.as_ref());
        Ok(push)
    }
}
