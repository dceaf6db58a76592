//! Rollouts that another process left in the middle. While nobody watched, nobody could judge. When it
//! stopped to watch is not on record; its newest step is, and what passed since then is not counted
//! against them: rather too much time than a verdict that nobody looked for.

use jiff::Timestamp;

use super::error::failed;
use super::time::Time;
use super::{Error, History};

/// What is shorter is not worth a step.
const SHORTEST: &str = "1 second";

impl History {
    /// Gives what runs the time again that passed since its newest step, and says so among its
    /// steps. Asked once, before anything is judged. Answers how many there were.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn resume(&self, now: Timestamp) -> Result<u64, Error> {
        let resumed = sqlx::query(
            "with away as (
                 select r.id, r.application, r.push,
                        $1 - greatest(r.began_at, (select max(at) from steps
                                                    where rollout = r.id)) as gap
                   from rollouts r
                  where r.finished_at is null and r.began_at is not null
                    and r.deadline_at is not null),
             later as (
                 update rollouts r set deadline_at = r.deadline_at + away.gap
                   from away
                  where r.id = away.id and away.gap >= $2::interval
              returning r.id)
             insert into steps (at, application, rollout, push, kind, text)
             select $1, away.application, away.id, away.push, 'waiting',
                    'Kedge was started again; the ' || ceil(extract(epoch from away.gap))::bigint
                    || ' s since its last step are not counted against its deadline'
               from away join later using (id)
              order by away.id",
        )
        .bind(Time(now))
        .bind(SHORTEST)
        .execute(&self.reader.pool)
        .await
        .map_err(failed("give rollouts their time again"))?;
        Ok(resumed.rows_affected())
    }
}
