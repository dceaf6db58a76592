//! What began lately, of all applications: many look at it, and each write changes little of it.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::Error;
use super::error::failed;
use super::model::Rollout;
use super::query::RolloutQuery;
use super::read::Reader;
use super::time::Time;

/// Rollouts that are known at most; of more there are the newest.
pub const RECENT: u16 = 5_000;
/// After writes to more applications than this all is read again.
const STALE: usize = 200;

/// Newest first, each of them shared by all who look.
pub type Recent = Arc<Vec<Arc<Rollout>>>;

/// Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub(super) struct Lately(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    /// Moves with every write.
    version: u64,
    /// Since when, and what.
    all: Option<(Timestamp, Recent)>,
    /// The applications of which a rollout was written since.
    stale: BTreeSet<String>,
}

/// What is to be read, and what there is beside it.
struct Asked {
    version: u64,
    known: Option<Recent>,
    stale: Vec<String>,
}

impl Lately {
    /// A rollout of the application was written. One write may change others of its rollouts: a
    /// rollback changes what it took back.
    pub(super) fn wrote(&self, application: &str) {
        let mut known = self.lock();
        known.version += 1;
        if known.all.is_some() && !known.stale.contains(application) {
            known.stale.insert(application.to_owned());
        }
        if known.stale.len() > STALE {
            known.all = None;
            known.stale = BTreeSet::new();
        }
    }

    fn ask(&self, since: Timestamp) -> Result<Recent, Asked> {
        let known = self.lock();
        let all = known.all.as_ref().filter(|(from, _)| *from <= since);
        match all {
            Some((_, all)) if known.stale.is_empty() => Ok(all.clone()),
            _ => Err(Asked {
                version: known.version,
                known: all.map(|(_, all)| all.clone()),
                stale: known.stale.iter().cloned().collect(),
            }),
        }
    }

    /// It is dropped where a write came in between.
    fn keep(&self, version: u64, since: Timestamp, all: &Recent) {
        let mut known = self.lock();
        if known.version == version {
            known.all = Some((since, all.clone()));
            drop(mem::take(&mut known.stale));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reader {
    /// What began since then, the newest five thousand of it; newest first.
    pub async fn recent(&self, since: Timestamp) -> Result<Recent, Error> {
        let asked = match self.memo.recent.ask(since) {
            Ok(known) => return Ok(from(&known, since)),
            Err(asked) => asked,
        };
        let all = match &asked.known {
            Some(known) => {
                let read = self.began(&asked.stale, since).await?;
                merged(known, &asked.stale, read, since)
            }
            None => self.all_since(since).await?,
        };
        let all = Arc::new(all);
        self.memo.recent.keep(asked.version, since, &all);
        Ok(all)
    }

    async fn all_since(&self, since: Timestamp) -> Result<Vec<Arc<Rollout>>, Error> {
        let query = RolloutQuery {
            since: Some(since),
            limit: RECENT,
            ..RolloutQuery::default()
        };
        let read = self.rollouts(&query).await?;
        Ok(read.into_iter().map(Arc::new).collect())
    }

    async fn began(
        &self,
        applications: &[String],
        since: Timestamp,
    ) -> Result<Vec<Rollout>, Error> {
        sqlx::query_as(
            "select * from rollouts where application = any($1) and started_at >= $2
              order by started_at desc limit $3",
        )
        .bind(applications)
        .bind(Time(since))
        .bind(i64::from(RECENT))
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list what began lately"))
    }
}

/// Without what is older by now.
fn from(known: &Recent, since: Timestamp) -> Recent {
    let there = known.partition_point(|rollout| rollout.started_at >= since);
    if there == known.len() {
        return known.clone();
    }
    Arc::new(known[..there].to_vec())
}

/// What is known, with what was read of these applications in place of what was known of them.
fn merged(
    known: &[Arc<Rollout>],
    stale: &[String],
    read: Vec<Rollout>,
    since: Timestamp,
) -> Vec<Arc<Rollout>> {
    let stands = |rollout: &&Arc<Rollout>| {
        rollout.started_at >= since && !stale.contains(&rollout.application)
    };
    let mut all: Vec<Arc<Rollout>> = known.iter().filter(stands).cloned().collect();
    all.extend(read.into_iter().map(Arc::new));
    all.sort_by(|a, b| {
        let key = |it: &Rollout| Reverse((it.started_at, it.number));
        key(a)
            .cmp(&key(b))
            .then_with(|| a.application.cmp(&b.application))
    });
    all.truncate(usize::from(RECENT));
    all
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, rollout};
    use super::*;

    fn one(application: &str, number: i64, began: i64) -> Rollout {
        Rollout {
            started_at: at(began),
            ..rollout(application, number)
        }
    }

    fn ids(all: &[Arc<Rollout>]) -> Vec<&str> {
        all.iter().map(|it| it.id.as_str()).collect()
    }

    #[test]
    fn what_is_read_again_takes_the_place_of_what_was_known() {
        let known = [one("web", 2, 50), one("api", 1, 40), one("web", 1, 10)].map(Arc::new);
        let read = vec![one("web", 3, 60), one("web", 2, 50)];
        let all = merged(&known, &["web".into()], read, at(20));
        assert_eq!(ids(&all), ["web-3", "web-2", "api-1"]);
    }

    #[test]
    fn what_is_older_by_now_is_left_out() {
        let known = Arc::new(vec![
            Arc::new(one("web", 2, 50)),
            Arc::new(one("web", 1, 10)),
        ]);
        assert_eq!(ids(&from(&known, at(10))), ["web-2", "web-1"]);
        assert_eq!(ids(&from(&known, at(11))), ["web-2"]);
        assert!(from(&known, at(51)).is_empty());
    }

    #[test]
    fn an_answer_holds_until_a_write_and_for_what_came_after_its_beginning() {
        let lately = Lately::default();
        let early = lately.ask(at(10)).err().unwrap();
        assert!(early.known.is_none());
        // It was asked before the write, and may say what was before.
        lately.wrote("web");
        lately.keep(early.version, at(10), &Recent::default());
        let late = lately.ask(at(10)).err().unwrap();
        assert!(late.known.is_none());
        lately.keep(late.version, at(10), &Recent::default());
        assert!(lately.ask(at(11)).is_ok() && lately.ask(at(9)).is_err());
        lately.wrote("web");
        lately.wrote("web");
        let again = lately.ask(at(11)).err().unwrap();
        assert_eq!(
            (again.known.is_some(), again.stale),
            (true, vec!["web".to_owned()])
        );
        // Too much is read as a whole.
        for number in 0..=STALE {
            lately.wrote(&format!("web-{number}"));
        }
        let all = lately.ask(at(11)).err().unwrap();
        assert!(all.known.is_none() && all.stale.is_empty());
    }
}
