//! Statements on what applications used.

use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::error::failed;
use super::row::time;
use super::time::Time;
use super::{Error, History, Reader};
use crate::usage::{Amount, Point};

impl History {
    /// Writes one step of every application, and deletes what is older than `since`.
    pub(crate) async fn keep_used(
        &self,
        step: &[(String, Point)],
        since: Timestamp,
    ) -> Result<(), Error> {
        sqlx::query(
            "with old as (delete from used where at < $2)
             insert into used
             select k.application, timestamptz 'epoch' + k.at * interval '1 microsecond',
                    k.cpu, k.memory
               from jsonb_to_recordset($1)
                    as k(application text, at bigint, cpu bigint, memory bigint)
             on conflict (application, at) do update
                set cpu_nanos = excluded.cpu_nanos, memory_bytes = excluded.memory_bytes",
        )
        .bind(step.iter().map(row).collect::<Value>())
        .bind(Time(since))
        .execute(&self.reader.pool)
        .await
        .map(drop)
        .map_err(failed("keep what applications use"))
    }
}

fn row((application, point): &(String, Point)) -> Value {
    json!({
        "application": application, "at": point.at.as_microsecond(),
        "cpu": point.amount.cpu_nanos, "memory": point.amount.memory_bytes,
    })
}

impl Reader {
    /// What every application used since then, oldest first.
    pub(crate) async fn used(&self, since: Timestamp) -> Result<Vec<(String, Point)>, Error> {
        let rows = sqlx::query(
            "select application, at, cpu_nanos, memory_bytes from used
              where at >= $1 order by at, application",
        )
        .bind(Time(since))
        .fetch_all(&self.pool)
        .await
        .map_err(failed("read what applications used"))?;
        let read = |row: &PgRow| {
            let amount = Amount {
                cpu_nanos: row.try_get("cpu_nanos")?,
                memory_bytes: row.try_get("memory_bytes")?,
            };
            let at = time(row, "at")?;
            Ok((row.try_get("application")?, Point { at, amount }))
        };
        rows.iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map_err(failed("understand what applications used"))
    }
}
