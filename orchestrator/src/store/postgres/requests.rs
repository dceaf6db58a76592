//! Writes that were asked for.

use jiff::Timestamp;
use sqlx::PgConnection;

use super::row::unavailable;
use crate::store::{Asked, Error};

/// Rows that one statement deletes.
const STEP: i64 = 20_000;

pub(super) async fn record(connection: &mut PgConnection, asked: &[Asked]) -> Result<(), Error> {
    let texts = |field: fn(&Asked) -> &str| asked.iter().map(field).collect::<Vec<_>>();
    sqlx::query(
        "insert into requests (at, writer, impersonator, address, agent, verb, resource, namespace,
                               name, subresource, manager, commit, dry_run, code, reason)
         select timestamptz 'epoch' + at * interval '1 microsecond', writer, impersonator, address,
                agent, verb, resource, namespace, name, subresource, manager, commit, dry_run,
                code, reason
           from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                       $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[],
                       $13::boolean[], $14::integer[], $15::text[])
                as i (at, writer, impersonator, address, agent, verb, resource, namespace, name,
                      subresource, manager, commit, dry_run, code, reason)",
    )
    .bind(
        asked
            .iter()
            .map(|it| it.at.as_microsecond())
            .collect::<Vec<_>>(),
    )
    .bind(texts(|it| &it.writer))
    .bind(texts(|it| &it.impersonator))
    .bind(texts(|it| &it.address))
    .bind(texts(|it| &it.agent))
    .bind(texts(|it| it.verb))
    .bind(texts(|it| &it.resource))
    .bind(texts(|it| &it.namespace))
    .bind(texts(|it| &it.name))
    .bind(texts(|it| &it.subresource))
    .bind(texts(|it| &it.manager))
    .bind(texts(|it| &it.commit))
    .bind(asked.iter().map(|it| it.dry_run).collect::<Vec<_>>())
    .bind(
        asked
            .iter()
            .map(|it| i32::from(it.code))
            .collect::<Vec<_>>(),
    )
    .bind(texts(|it| &it.reason))
    .execute(connection)
    .await
    .map(drop)
    .map_err(unavailable("record what was asked for"))
}

/// Deletes what is older than `before`, and all but the newest `most`.
pub(super) async fn forget(
    connection: &mut PgConnection,
    before: Timestamp,
    most: i64,
) -> Result<(), Error> {
    loop {
        // The oldest only are looked at: where none of them is too old, nothing is.
        let deleted = sqlx::query(
            "delete from requests where id in (
                select id from (select id, at from requests order by id limit $3) oldest
                 where at < timestamptz 'epoch' + $1::bigint * interval '1 microsecond'
                    or id <= (select max(id) from requests) - $2)",
        )
        .bind(before.as_microsecond())
        .bind(most)
        .bind(STEP)
        .execute(&mut *connection)
        .await
        .map_err(unavailable("forget what was asked for"))?;
        if deleted.rows_affected() == 0 {
            return Ok(());
        }
    }
}
