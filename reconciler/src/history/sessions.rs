//! Statements on sessions of the web pages that were ended before their time.

use jiff::Timestamp;

use super::error::failed;
use super::time::Time;
use super::{Error, History, Reader};

impl Reader {
    /// Until when they would have lasted, and their names.
    pub(crate) async fn ended_sessions(&self) -> Result<Vec<(Timestamp, String)>, Error> {
        let rows: Vec<(Time, String)> = sqlx::query_as("select until, id from ended_sessions")
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list the ended sessions"))?;
        let rows = rows.into_iter();
        Ok(rows.map(|(until, id)| (until.into(), id)).collect())
    }
}

impl History {
    /// Those that would have ended by themselves by `now` are forgotten.
    pub(crate) async fn end_session(
        &self,
        id: &str,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        sqlx::query(
            "with swept as (delete from ended_sessions where until <= $3)
             insert into ended_sessions (id, until) values ($1, $2) on conflict do nothing",
        )
        .bind(id)
        .bind(Time(until))
        .bind(Time(now))
        .execute(&self.reader.pool)
        .await
        .map(drop)
        .map_err(failed("record that a session ended"))
    }
}
