//! Statements on what was asked for at the web address.

use jiff::Timestamp;

use super::error::failed;
use super::time::Time;
use super::{Error, History};
use crate::source::Person;

/// Something that is no reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) at: Timestamp,
    /// Empty for one who is not known.
    pub(crate) person: Person,
    /// `127.0.0.1`; empty where it is not known.
    pub(crate) address: String,
    pub(crate) method: String,
    /// Without the query.
    pub(crate) path: String,
    /// Of the answer.
    pub(crate) code: u16,
    /// The answer's `x-request-id`; empty where it has none.
    pub(crate) request: String,
}

impl History {
    pub(crate) async fn asked(&self, asked: &Asked) -> Result<(), Error> {
        sqlx::query(
            "insert into asked (at, person, email, address, method, path, code, request)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(Time(asked.at))
        .bind(&asked.person.name)
        .bind(&asked.person.email)
        .bind(&asked.address)
        .bind(&asked.method)
        .bind(&asked.path)
        .bind(i32::from(asked.code))
        .bind(&asked.request)
        .execute(&self.reader.pool)
        .await
        .map(drop)
        .map_err(failed("record what was asked for"))
    }
}

#[cfg(test)]
impl super::Reader {
    /// Person, method, path and code of every request that was recorded under its name.
    pub(crate) async fn audit(&self) -> Result<Vec<(String, String, String, i32)>, Error> {
        sqlx::query_as(
            "select person, method, path, code from audit where request <> '' order by id",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failed("read the audit"))
    }
}
