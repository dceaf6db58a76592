//! Statements on sources, commits and pushes.

use jiff::Timestamp;
use sqlx::PgConnection;

use engine::rollout::CommitId;

use super::Error;
use super::error::failed;
use super::model::{Push, Verdict};
use super::time::Time;
use crate::source::Commit;

pub(super) async fn commit(
    connection: &mut PgConnection,
    commit: &Commit,
    seen_at: Timestamp,
) -> Result<(), Error> {
    let parents: Vec<&str> = commit.parents.iter().map(|id| id.0.as_str()).collect();
    sqlx::query(
        "insert into commits (id, parents, author_name, author_email, authored_at, committed_at,
                              message, seen_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (id) do nothing",
    )
    .bind(&commit.id.0)
    .bind(parents)
    .bind(&commit.author.name)
    .bind(&commit.author.email)
    .bind(Time(commit.authored_at))
    .bind(Time(commit.committed_at))
    .bind(&commit.message)
    .bind(Time(seen_at))
    .execute(connection)
    .await
    .map(drop)
    .map_err(failed("record a commit"))
}

pub(super) async fn source(
    connection: &mut PgConnection,
    repository: &str,
    branch: &str,
    revision: &CommitId,
    at: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "insert into sources (repository, branch, revision, fetched_at) values ($1, $2, $3, $4)
         on conflict (repository) do update
            set branch = $2, revision = $3, fetched_at = $4, error = ''",
    )
    .bind(repository)
    .bind(branch)
    .bind(&revision.0)
    .bind(Time(at))
    .execute(connection)
    .await
    .map(drop)
    .map_err(failed("record a source"))
}

pub(super) async fn source_error(
    connection: &mut PgConnection,
    repository: &str,
    branch: &str,
    error: &str,
) -> Result<(), Error> {
    sqlx::query(
        "insert into sources (repository, branch, error) values ($1, $2, $3)
         on conflict (repository) do update set branch = $2, error = $3",
    )
    .bind(repository)
    .bind(branch)
    .bind(error)
    .execute(connection)
    .await
    .map(drop)
    .map_err(failed("record a source's error"))
}

pub(super) async fn insert(connection: &mut PgConnection, push: &Push) -> Result<(), Error> {
    sqlx::query(
        "insert into pushes (id, repository, branch, old_revision, new_revision, pusher, trigger,
                             received_at, verdict, report)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(&push.id)
    .bind(&push.repository)
    .bind(&push.branch)
    .bind(&push.old_revision.0)
    .bind(&push.new_revision.0)
    .bind(&push.pusher)
    .bind(push.trigger.as_str())
    .bind(Time(push.received_at))
    .bind(push.verdict.as_str())
    .bind(&push.report)
    .execute(connection)
    .await
    .map(drop)
    .map_err(failed("record a push"))
}

pub(super) async fn verdict(
    connection: &mut PgConnection,
    push: &str,
    verdict: Verdict,
    report: &str,
) -> Result<(), Error> {
    sqlx::query("update pushes set verdict = $2, report = $3 where id = $1")
        .bind(push)
        .bind(verdict.as_str())
        .bind(report)
        .execute(connection)
        .await
        .map(drop)
        .map_err(failed("record the verdict on a push"))
}
