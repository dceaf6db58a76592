//! What every pass and every page asks of the history: read once, and again after a write that
//! concerns it.

use std::collections::HashMap;
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
    pub async fn application_records(&self) -> Result<Arc<Vec<Arc<ApplicationRecord>>>, Error> {
        let asked = match self.memo.records.ask() {
            Ok(known) => return Ok(known),
            Err(asked) => asked,
        };
        let records: Vec<ApplicationRecord> =
            sqlx::query_as("select * from applications order by name")
                .fetch_all(&self.pool)
                .await
                .map_err(failed("list the applications"))?;
        let records = Arc::new(records.into_iter().map(Arc::new).collect());
        self.memo.records.keep(asked, Some(&records));
        Ok(records)
    }

    /// The overview: every application there is, by name.
    pub async fn applications(&self) -> Result<Vec<ApplicationSummary>, Error> {
        let all = self.application_records().await?;
        let there = || all.iter().filter(|record| record.removed_at.is_none());
        let names: Vec<&str> = there().map(|it| it.name.as_str()).collect();
        let last = self.newest(&names).await?;
        // The newest hold of each is the last one of these.
        let held = self.holds().await?;
        let held = held.iter().rev();
        let held: HashMap<&str, &Arc<Hold>> = held.map(|hold| (&*hold.application, hold)).collect();
        let summary = |(application, last): (&Arc<ApplicationRecord>, _)| ApplicationSummary {
            last,
            held: held.get(application.name.as_str()).copied().cloned(),
            application: application.clone(),
        };
        Ok(there().zip(last).map(summary).collect())
    }

    pub async fn application(&self, name: &str) -> Result<Option<ApplicationSummary>, Error> {
        let all = self.application_records().await?;
        let Some(application) = all.iter().find(|record| record.name == name) else {
            return Ok(None);
        };
        let last = self.last_rollout(name).await?;
        let holds = self.holds().await?;
        Ok(Some(ApplicationSummary {
            application: application.clone(),
            last,
            held: holds.iter().find(|hold| hold.application == name).cloned(),
        }))
    }

    /// What is held and not released, newest first.
    pub async fn holds(&self) -> Result<Arc<Vec<Arc<Hold>>>, Error> {
        let asked = match self.memo.holds.ask() {
            Ok(known) => return Ok(known),
            Err(asked) => asked,
        };
        let holds: Vec<Hold> =
            sqlx::query_as("select * from holds where released_at is null order by since desc")
                .fetch_all(&self.pool)
                .await
                .map_err(failed("list the holds"))?;
        let holds = Arc::new(holds.into_iter().map(Arc::new).collect());
        self.memo.holds.keep(asked, Some(&holds));
        Ok(holds)
    }

    /// The newest rollout of each, as far as there is one.
    async fn newest(&self, applications: &[&str]) -> Result<Vec<Option<Arc<Rollout>>>, Error> {
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
        .bind(names(&asked))
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list the newest rollouts"))?;
        let read = read.into_iter();
        let read = read.map(|it| (it.application.clone(), Arc::new(it)));
        self.keep(read, asked, &mut newest, |known| &mut known.last);
        Ok(newest)
    }

    /// What is known of each, and what is to be asked for: places, and what to keep them under.
    fn known<T: Clone>(
        &self,
        applications: &[&str],
        of: impl Fn(&Known) -> &Answer<T>,
    ) -> (Vec<Option<T>>, Vec<(usize, Asked)>) {
        let mut asked = Vec::new();
        let answers = self.memo.ask_all(applications.iter().copied(), of);
        let answers = answers.into_iter().enumerate().map(|(place, answer)| {
            answer.unwrap_or_else(|unread| {
                asked.push((place, unread));
                None
            })
        });
        (answers.collect(), asked)
    }

    /// Puts what was read in its place, and keeps it.
    fn keep<T: Clone>(
        &self,
        read: impl IntoIterator<Item = (String, T)>,
        asked: Vec<(usize, Asked)>,
        answers: &mut [Option<T>],
        of: impl Fn(&mut Known) -> &mut Answer<T>,
    ) {
        let mut read: HashMap<String, T> = read.into_iter().collect();
        for (place, unread) in asked {
            let answer = read.remove(&unread.application);
            self.memo.keep(unread, answer.as_ref(), &of);
            answers[place] = answer;
        }
    }

    /// The newest rollout of an application, running or over.
    pub async fn last_rollout(&self, application: &str) -> Result<Option<Arc<Rollout>>, Error> {
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
        let last = last.map(Arc::new);
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

/// Of whom something is to be read.
fn names(asked: &[(usize, Asked)]) -> Vec<&str> {
    let asked = asked.iter();
    asked.map(|(_, it)| it.application.as_str()).collect()
}
