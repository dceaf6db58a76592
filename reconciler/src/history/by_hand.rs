//! Statements on what people ask for: syncs, and that an application is left alone.

use serde_json::json;
use sqlx::PgConnection;

use jiff::Timestamp;

use super::Error;
use super::error::failed;
use super::model::Request;
use super::suspension::Suspension;
use super::time::Time;

pub(super) async fn request(
    connection: &mut PgConnection,
    application: &str,
    request: &Request,
    at: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "insert into requests (application, actor, options, requested_at) values ($1, $2, $3, $4)
         on conflict (application) do update set actor = $2, options = $3, requested_at = $4",
    )
    .bind(application)
    .bind(&request.actor)
    .bind(json!(request.options))
    .bind(Time(at))
    .execute(connection)
    .await
    .map(drop)
    .map_err(failed("record a request"))
}

pub(super) async fn request_done(
    connection: &mut PgConnection,
    application: &str,
) -> Result<(), Error> {
    sqlx::query("delete from requests where application = $1")
        .bind(application)
        .execute(connection)
        .await
        .map(drop)
        .map_err(failed("close a request"))
}

pub(super) async fn suspend(
    connection: &mut PgConnection,
    suspension: &Suspension,
) -> Result<(), Error> {
    sqlx::query(
        "insert into suspensions (application, actor, reason, since) values ($1, $2, $3, $4)
         on conflict (application) do update set actor = $2, reason = $3, since = $4",
    )
    .bind(&suspension.application)
    .bind(&suspension.actor)
    .bind(&suspension.reason)
    .bind(Time(suspension.since))
    .execute(connection)
    .await
    .map(drop)
    .map_err(failed("suspend an application"))
}

pub(super) async fn resume(connection: &mut PgConnection, application: &str) -> Result<(), Error> {
    sqlx::query("delete from suspensions where application = $1")
        .bind(application)
        .execute(connection)
        .await
        .map(drop)
        .map_err(failed("resume an application"))
}
