//! What every pass and every page asks of the history: read once, and again after a write that
//! concerns it.

use std::collections::BTreeMap;
use std::iter;
use std::sync::Arc;

use engine::rollout::CommitId;

use super::Error;
use super::error::failed;
use super::memo::{Answer, Asked, Known};
use super::model::{ApplicationRecord, ApplicationSummary, Hold, Push, Request, Rollout};
use super::read::Reader;
use super::suspension::Suspension;

impl Reader {
    /// By name, those that were removed included.
    pub async fn application_records(&self) -> Result<Arc<Vec<ApplicationRecord>>, Error> {
        let asked = match self.memo.records.ask() {
            Ok(known) => return Ok(known),
            Err(asked) => asked,
        };
        let records: Vec<ApplicationRecord> =
            sqlx::query_as("select * from applications order by name")
                .fetch_all(&self.pool)
                .await
                .map_err(failed("list the applications"))?;
        let records = Arc::new(records);
        self.memo.records.keep(asked, Some(&records));
        Ok(records)
    }

    /// The overview: every application there is, by name.
    pub async fn applications(&self) -> Result<Vec<ApplicationSummary>, Error> {
        let all = self.application_records().await?;
        let there = || all.iter().filter(|record| record.removed_at.is_none());
        let mut last = self.newest(there().map(|it| it.name.as_str())).await?;
        let objects = self.counts(there().map(|it| it.name.as_str())).await?;
        // The newest hold of each is the last one of these.
        let held = self.holds().await?;
        let held = held.iter().rev();
        let held: BTreeMap<&str, &Hold> = held.map(|hold| (&*hold.application, hold)).collect();
        let summary = |application: &ApplicationRecord| {
            let name = &application.name;
            ApplicationSummary {
                last: last.remove(name),
                objects: objects.get(name).copied().unwrap_or_default(),
                held: held.get(name.as_str()).copied().cloned(),
                application: application.clone(),
            }
        };
        Ok(there().map(summary).collect())
    }

    pub async fn application(&self, name: &str) -> Result<Option<ApplicationSummary>, Error> {
        let all = self.application_records().await?;
        let Some(application) = all.iter().find(|record| record.name == name) else {
            return Ok(None);
        };
        let last = self.last_rollout(name).await?;
        let objects = self.counts(iter::once(name)).await?.get(name).copied();
        let holds = self.holds().await?;
        Ok(Some(ApplicationSummary {
            application: application.clone(),
            last,
            objects: objects.unwrap_or_default(),
            held: holds.iter().find(|hold| hold.application == name).cloned(),
        }))
    }

    /// What is held and not released, newest first.
    pub async fn holds(&self) -> Result<Arc<Vec<Hold>>, Error> {
        let asked = match self.memo.holds.ask() {
            Ok(known) => return Ok(known),
            Err(asked) => asked,
        };
        let holds: Vec<Hold> =
            sqlx::query_as("select * from holds where released_at is null order by since desc")
                .fetch_all(&self.pool)
                .await
                .map_err(failed("list the holds"))?;
        let holds = Arc::new(holds);
        self.memo.holds.keep(asked, Some(&holds));
        Ok(holds)
    }

    /// How many objects each of them has, as far as it has any.
    async fn counts(
        &self,
        applications: impl Iterator<Item = &str>,
    ) -> Result<BTreeMap<String, i64>, Error> {
        let (mut counts, asked) = self.known(applications, |known| &known.objects);
        if asked.is_empty() {
            return Ok(counts);
        }
        let read: Vec<(String, i64)> = sqlx::query_as(
            "select application, count(*) from inventory where application = any($1)
              group by application",
        )
        .bind(asked.keys().cloned().collect::<Vec<_>>())
        .fetch_all(&self.pool)
        .await
        .map_err(failed("count the objects"))?;
        counts.extend(read);
        for (name, unread) in asked {
            self.memo
                .keep(unread, counts.get(&name), |known| &mut known.objects);
        }
        Ok(counts)
    }

    /// What is known of each, and what is to be asked for.
    fn known<'a, T: Clone>(
        &self,
        applications: impl Iterator<Item = &'a str>,
        of: impl Fn(&Known) -> &Answer<T>,
    ) -> (BTreeMap<String, T>, BTreeMap<String, Asked>) {
        let (mut known, mut asked) = (BTreeMap::new(), BTreeMap::new());
        for name in applications {
            match self.memo.ask(name, &of) {
                Ok(answer) => known.extend(answer.map(|it| (name.to_owned(), it))),
                Err(unread) => drop(asked.insert(name.to_owned(), unread)),
            }
        }
        (known, asked)
    }

    /// The newest rollout of each, as far as there is one.
    async fn newest(
        &self,
        applications: impl Iterator<Item = &str>,
    ) -> Result<BTreeMap<String, Rollout>, Error> {
        let (mut newest, asked) = self.known(applications, |known| &known.last);
        if asked.is_empty() {
            return Ok(newest);
        }
        // One look into the index for each: of all rollouts there ever were, few are the newest.
        let read: Vec<Rollout> = sqlx::query_as(
            "select newest.*
               from unnest($1::text[]) as a(name),
                    lateral (select r.* from rollouts r where r.application = a.name
                              order by r.number desc limit 1) newest",
        )
        .bind(asked.keys().cloned().collect::<Vec<_>>())
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list the newest rollouts"))?;
        newest.extend(read.into_iter().map(|it| (it.application.clone(), it)));
        for (name, unread) in asked {
            self.memo
                .keep(unread, newest.get(&name), |known| &mut known.last);
        }
        Ok(newest)
    }

    /// The newest rollout of an application, running or over.
    pub async fn last_rollout(&self, application: &str) -> Result<Option<Rollout>, Error> {
        let asked = match self.memo.ask(application, |known| &known.last) {
            Ok(known) => return Ok(known),
            Err(asked) => asked,
        };
        let last: Option<Rollout> = sqlx::query_as(
            "select * from rollouts where application = $1 order by number desc limit 1",
        )
        .bind(application)
        .fetch_optional(&self.pool)
        .await
        .map_err(failed("read the newest rollout"))?;
        self.memo
            .keep(asked, last.as_ref(), |known| &mut known.last);
        Ok(last)
    }

    /// Who suspended the application, if anybody did.
    pub async fn suspension(&self, application: &str) -> Result<Option<Suspension>, Error> {
        let asked = match self.memo.ask(application, |known| &known.suspension) {
            Ok(known) => return Ok(known),
            Err(asked) => asked,
        };
        let suspension: Option<Suspension> =
            sqlx::query_as("select * from suspensions where application = $1")
                .bind(application)
                .fetch_optional(&self.pool)
                .await
                .map_err(failed("read a suspension"))?;
        self.memo
            .keep(asked, suspension.as_ref(), |known| &mut known.suspension);
        Ok(suspension)
    }

    /// A sync of the application that was asked for and is not begun yet.
    pub(crate) async fn request(&self, application: &str) -> Result<Option<Request>, Error> {
        let asked = match self.memo.ask(application, |known| &known.request) {
            Ok(known) => return Ok(known),
            Err(asked) => asked,
        };
        let request: Option<Request> =
            sqlx::query_as("select * from requests where application = $1")
                .bind(application)
                .fetch_optional(&self.pool)
                .await
                .map_err(failed("read a request"))?;
        self.memo
            .keep(asked, request.as_ref(), |known| &mut known.request);
        Ok(request)
    }

    /// The push that brought this commit, the newest of several; without its report, which may be
    /// long. What was let through has come before that is on record.
    pub async fn push_of(&self, revision: &CommitId) -> Result<Option<Push>, Error> {
        let asked = match self.memo.push.ask_if(|push| push.new_revision == *revision) {
            Ok(known) => return Ok(Some(known)),
            Err(asked) => asked,
        };
        let push: Option<Push> = sqlx::query_as(
            "select id, repository, branch, old_revision, new_revision, pusher, trigger,
                    received_at, verdict, '' as report
               from pushes
              where new_revision = $1 and verdict <> 'Refused'
              order by received_at desc limit 1",
        )
        .bind(&revision.0)
        .fetch_optional(&self.pool)
        .await
        .map_err(failed("find the push of a commit"))?;
        self.memo.push.keep(asked, push.as_ref());
        Ok(push)
    }
}
