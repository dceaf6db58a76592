//! Statements on what forges said last, and on when repositories were read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::error::failed;
use super::row::{text, time};
use super::time::Time;
use super::{Error, History, Reader};
use crate::web::webhook::{Delivery, Refused};

impl Reader {
    /// The last message about each address.
    pub(crate) async fn messages(&self) -> Result<BTreeMap<String, Delivery>, Error> {
        let rows = sqlx::query("select address, at, forge, outcome from webhook_messages")
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list what forges said"))?;
        let read = |row: PgRow| -> Result<_, sqlx::Error> {
            let delivery = Delivery {
                at: time(&row, "at")?,
                forge: text(&row, "forge")?,
                outcome: text(&row, "outcome")?,
            };
            Ok((text(&row, "address")?, delivery))
        };
        let rows = rows.into_iter().map(read);
        rows.collect::<Result<_, _>>()
            .map_err(failed("read what forges said"))
    }

    /// The last message that was refused.
    pub(crate) async fn refusal(&self) -> Result<Option<Refused>, Error> {
        let row = sqlx::query("select at, why, count from webhook_refusal")
            .fetch_optional(&self.pool)
            .await
            .map_err(failed("find the message that was refused last"))?;
        let read = |row: PgRow| -> Result<_, sqlx::Error> {
            let count: i64 = row.try_get("count")?;
            Ok(Refused {
                at: time(&row, "at")?,
                why: text(&row, "why")?,
                count: u64::try_from(count).unwrap_or(0),
            })
        };
        row.map(read)
            .transpose()
            .map_err(failed("read the message that was refused last"))
    }

    /// When a repository elsewhere was fetched last.
    pub(crate) async fn fetched_at(&self, repository: &str) -> Result<Option<Timestamp>, Error> {
        let at: Option<Time> = sqlx::query_scalar("select at from fetches where repository = $1")
            .bind(repository)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed("find when a repository was fetched"))?;
        Ok(at.map(Into::into))
    }
}

impl History {
    /// Of the addresses at most `most` stay, those that were told of last.
    pub(crate) async fn put_message(
        &self,
        addresses: &[String],
        delivery: &Delivery,
        most: usize,
    ) -> Result<(), Error> {
        sqlx::query(
            "with old as (
                delete from webhook_messages where address in (
                    select address from webhook_messages order by at desc offset $5))
             insert into webhook_messages (address, at, forge, outcome)
             select distinct address, $2::timestamptz, $3, $4 from unnest($1::text[]) a(address)
             on conflict (address) do update set at = $2, forge = $3, outcome = $4",
        )
        .bind(addresses)
        .bind(Time(delivery.at))
        .bind(&delivery.forge)
        .bind(&delivery.outcome)
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .execute(&self.reader.pool)
        .await
        .map(drop)
        .map_err(failed("record what a forge said"))
    }

    pub(crate) async fn put_refusal(&self, refused: &Refused) -> Result<(), Error> {
        sqlx::query(
            "insert into webhook_refusal (at, why, count) values ($1, $2, $3)
             on conflict (only_one) do update set at = $1, why = $2, count = $3",
        )
        .bind(Time(refused.at))
        .bind(&refused.why)
        .bind(i64::try_from(refused.count).unwrap_or(i64::MAX))
        .execute(&self.reader.pool)
        .await
        .map(drop)
        .map_err(failed("record that a message was refused"))
    }

    /// Those that nobody fetched for a quarter are forgotten.
    pub(crate) async fn put_fetch(&self, repository: &str, at: Timestamp) -> Result<(), Error> {
        sqlx::query(
            "with old as (delete from fetches where at < $2 - interval '90 days')
             insert into fetches (repository, at) values ($1, $2)
             on conflict (repository) do update set at = $2",
        )
        .bind(repository)
        .bind(Time(at))
        .execute(&self.reader.pool)
        .await
        .map(drop)
        .map_err(failed("record a fetch"))
    }
}
