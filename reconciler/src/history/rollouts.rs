//! Statements on rollouts.

use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::PgConnection;

use api::ObjectKey;
use engine::rollout::RolloutPhase;

use super::Error;
use super::error::failed;
use super::keys;
use super::model::{Hold, ObjectResult, Rollout};
use super::time::Time;
use super::write::ObjectHealth;

pub(super) async fn insert(connection: &mut PgConnection, rollout: &Rollout) -> Result<(), Error> {
    sqlx::query(
        "insert into rollouts (id, application, number, push, revision, previous, author_name,
                               author_email, commit_message, trigger, rollback_of, rollback,
                               digest, phase, message, changed, started_at, began_at, deadline_at,
                               finished_at, options, first_try, asked_by, same_as_previous)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
                 $19, $20, $21, $22, $23,
                 coalesce((select digest = $13 from rollouts
                            where application = $2 and revision = $6
                            order by number desc limit 1), false))",
    )
    .bind(&rollout.id)
    .bind(&rollout.application)
    .bind(rollout.number)
    .bind(&rollout.push)
    .bind(&rollout.revision.0)
    .bind(&rollout.previous.0)
    .bind(&rollout.author.name)
    .bind(&rollout.author.email)
    .bind(&rollout.commit_message)
    .bind(rollout.trigger.as_str())
    .bind(&rollout.rollback_of)
    .bind(rollout.rollback.as_ref().map(|rollback| json!(rollback)))
    .bind(&rollout.digest)
    .bind(rollout.phase.as_str())
    .bind(&rollout.message)
    .bind(rollout.changed)
    .bind(Time(rollout.started_at))
    .bind(rollout.began_at.map(Time))
    .bind(rollout.deadline_at.map(Time))
    .bind(rollout.finished_at.map(Time))
    .bind(json!(rollout.options))
    .bind(rollout.first_try.as_ref().map(|first| json!(first)))
    .bind(
        rollout
            .asked_by
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
    )
    .execute(connection)
    .await
    .map(drop)
    .map_err(failed("record a rollout"))
}

pub(super) async fn objects(
    connection: &mut PgConnection,
    rollout: &str,
    objects: &[ObjectResult],
) -> Result<(), Error> {
    let rows: Value = objects
        .iter()
        .map(|object| {
            let more = json!({
                "kind": object.kind, "wave": object.wave, "position": object.position,
                "action": object.action, "file": object.file, "line": object.line,
                "changes": object.changes, "after": object.after,
            });
            keys::row(&object.key, more)
        })
        .collect();
    sqlx::query(
        "insert into rollout_objects (rollout, api_group, resource, namespace, name, kind, wave,
                                      position, action, file, line, changes, after)
         select $1, k.api_group, k.resource, k.namespace, k.name, k.kind, k.wave, k.position,
                k.action, k.file, k.line, k.changes, k.after
           from jsonb_to_recordset($2)
                as k(api_group text, resource text, namespace text, name text, kind text,
                     wave integer, position integer, action text, file text, line integer,
                     changes jsonb, after jsonb)
         on conflict (rollout, api_group, resource, namespace, name) do update
            set wave = excluded.wave, position = excluded.position, action = excluded.action,
                changes = excluded.changes, after = excluded.after
          where rollout_objects.applied_at is null",
    )
    .bind(rollout)
    .bind(rows)
    .execute(connection)
    .await
    .map(drop)
    .map_err(failed("record a plan"))
}

pub(super) async fn began(
    connection: &mut PgConnection,
    rollout: &str,
    at: Timestamp,
    deadline: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "update rollouts set phase = 'Applying', message = '', began_at = $2, deadline_at = $3
          where id = $1 and finished_at is null",
    )
    .bind(rollout)
    .bind(Time(at))
    .bind(Time(deadline))
    .execute(connection)
    .await
    .map(drop)
    .map_err(failed("record that a rollout began"))
}

pub(super) async fn phase(
    connection: &mut PgConnection,
    rollout: &str,
    phase: RolloutPhase,
    message: &str,
) -> Result<(), Error> {
    sqlx::query(
        "update rollouts set phase = $2, message = $3 where id = $1 and finished_at is null",
    )
    .bind(rollout)
    .bind(phase.as_str())
    .bind(message)
    .execute(connection)
    .await
    .map(drop)
    .map_err(failed("record a phase"))
}

pub(super) async fn over(
    connection: &mut PgConnection,
    rollout: &str,
    phase: RolloutPhase,
    message: &str,
    changed: Option<bool>,
    at: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "update rollouts set phase = $2, message = $3, changed = $4, finished_at = $5
          where id = $1 and finished_at is null",
    )
    .bind(rollout)
    .bind(phase.as_str())
    .bind(message)
    .bind(changed)
    .bind(Time(at))
    .execute(&mut *connection)
    .await
    .map_err(failed("record a verdict"))?;
    // Most rollouts take nothing back, and ten thousand may end at once.
    sqlx::query("select take_back($1, $2) from rollouts where id = $1 and rollback is not null")
        .bind(rollout)
        .bind(Time(at))
        .execute(connection)
        .await
        .map(drop)
        .map_err(failed("record what a rollback took back"))
}

pub(super) async fn undone(
    connection: &mut PgConnection,
    rollout: &str,
    at: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "with stands as (
            update rollouts set taken_back_by = null, taken_back_at = null where taken_back_by = $1)
         update rollouts set undone_at = $2 where id = $1 and undone_at is null",
    )
    .bind(rollout)
    .bind(Time(at))
    .execute(connection)
    .await
    .map(drop)
    .map_err(failed("record that a rollout is undone"))
}

pub(super) async fn apply_began(
    connection: &mut PgConnection,
    rollout: &str,
    attempt: i32,
    wave: i32,
    at: Timestamp,
) -> Result<(), Error> {
    sqlx::query("insert into applies (rollout, attempt, wave, began_at) values ($1, $2, $3, $4)")
        .bind(rollout)
        .bind(attempt)
        .bind(wave)
        .bind(Time(at))
        .execute(connection)
        .await
        .map(drop)
        .map_err(failed("record an attempt"))
}

pub(super) async fn apply_ended(
    connection: &mut PgConnection,
    rollout: &str,
    attempt: i32,
    error: &str,
    at: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "update applies set finished_at = $3, error = $4 where rollout = $1 and attempt = $2",
    )
    .bind(rollout)
    .bind(attempt)
    .bind(Time(at))
    .bind(error)
    .execute(connection)
    .await
    .map(drop)
    .map_err(failed("record an attempt's end"))
}

pub(super) async fn applied(
    connection: &mut PgConnection,
    rollout: &str,
    keys: &[ObjectKey],
    at: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "update rollout_objects o set applied_at = $3
           from jsonb_to_recordset($2)
                as k(api_group text, resource text, namespace text, name text)
          where o.rollout = $1
            and (o.api_group, o.resource, o.namespace, o.name)
              = (k.api_group, k.resource, k.namespace, k.name)",
    )
    .bind(rollout)
    .bind(keys::rows(keys))
    .bind(Time(at))
    .execute(connection)
    .await
    .map(drop)
    .map_err(failed("record what was applied"))
}

pub(super) async fn health(
    connection: &mut PgConnection,
    rollout: &str,
    health: &[ObjectHealth],
    at: Timestamp,
) -> Result<(), Error> {
    let rows: Value = health
        .iter()
        .map(|health| {
            let more = json!({
                "health": health.status, "message": health.message, "healthy": health.healthy,
            });
            keys::row(&health.key, more)
        })
        .collect();
    sqlx::query(
        "update rollout_objects o
            set health = k.health, message = k.message,
                healthy_at = case when k.healthy then coalesce(o.healthy_at, $3) end
           from jsonb_to_recordset($2)
                as k(api_group text, resource text, namespace text, name text, health text,
                     message text, healthy boolean)
          where o.rollout = $1
            and (o.api_group, o.resource, o.namespace, o.name)
              = (k.api_group, k.resource, k.namespace, k.name)",
    )
    .bind(rollout)
    .bind(rows)
    .bind(Time(at))
    .execute(connection)
    .await
    .map(drop)
    .map_err(failed("record health"))
}

pub(super) async fn hold(connection: &mut PgConnection, hold: &Hold) -> Result<(), Error> {
    sqlx::query(
        "insert into holds (rollout, application, revision, reason, since, atomic)
         values ($1, $2, $3, $4, $5, $6) on conflict (rollout) do nothing",
    )
    .bind(&hold.rollout)
    .bind(&hold.application)
    .bind(&hold.revision.0)
    .bind(&hold.reason)
    .bind(Time(hold.since))
    .bind(hold.atomic)
    .execute(connection)
    .await
    .map(drop)
    .map_err(failed("record a hold"))
}

pub(super) async fn release(
    connection: &mut PgConnection,
    application: &str,
    at: Timestamp,
) -> Result<(), Error> {
    sqlx::query("update holds set released_at = $2 where application = $1 and released_at is null")
        .bind(application)
        .bind(Time(at))
        .execute(connection)
        .await
        .map(drop)
        .map_err(failed("release a hold"))
}
