//! What every push passes, whatever is in the repository: the rules for its branches, and the
//! record of who pushed what.

use std::sync::Arc;

use async_trait::async_trait;
use tracing::warn;

use client::Env;

use super::rule::{Change, User, refusal};
use super::{Accept, Gate, Lines, Pushed, Repositories, Update};
use crate::history::{History, RefUpdate, Verdict};
use crate::source::{Location, Repository};

/// Characters of a reason that are kept.
const REASON: usize = 4_000;

/// A gate before another.
pub struct Guard {
    pub inner: Arc<dyn Gate>,
    pub repositories: Arc<Repositories>,
    pub history: History,
    pub env: Env,
}

#[async_trait]
impl Gate for Guard {
    async fn before(&self, push: &Pushed, pusher: &Lines) -> Accept {
        let accept = match self.refusal(push).await {
            Ok(None) => self.inner.before(push, pusher).await,
            Ok(Some(why)) => {
                pusher.say(&why).await;
                Accept::No
            }
            Err(error) => {
                warn!(%error, push = %push.request.push, "cannot read what is pushed");
                pusher
                    .say("the push cannot be read now; nothing was changed, try again")
                    .await;
                Accept::No
            }
        };
        let (verdict, reason) = match accept {
            Accept::Yes => (Verdict::Checking, String::new()),
            Accept::No => (Verdict::Refused, pusher.said()),
        };
        match self.record(push, verdict, &reason).await {
            Ok(()) => accept,
            Err(error) => {
                warn!(%error, push = %push.request.push, "cannot record a push");
                let text = "who pushes what is recorded, and cannot be now; nothing was changed";
                pusher.say(text).await;
                Accept::No
            }
        }
    }

    async fn after(&self, push: &Pushed, pusher: &Lines) {
        let updates = push.request.updates.iter();
        let refs: Vec<String> = updates.map(|update| update.name.clone()).collect();
        if let Err(error) = self.history.pushed(&push.request.push, &refs).await {
            warn!(%error, push = %push.request.push, "cannot record that a push was accepted");
        }
        self.inner.after(push, pusher).await;
    }
}

impl Guard {
    /// Why one of the refs may not be moved like this, if one may not.
    async fn refusal(&self, push: &Pushed) -> Result<Option<String>, crate::source::Error> {
        let name = &push.repository;
        let Some(hosted) = self.repositories.get(name) else {
            return Ok(Some(format!("repository {name} was deleted meanwhile")));
        };
        if let Some(origin) = self.repositories.origin(name) {
            return Ok(Some(format!("{name} is a mirror of {origin}: push there")));
        }
        let location = Location {
            path: hosted.path,
            quarantine: push.request.quarantine.clone(),
        };
        let updates = push.request.updates.clone();
        let reading = location.read(move |git| {
            let change = |update: Update| Ok((change(git, &update)?, update.name));
            let changes: Result<Vec<_>, crate::source::Error> =
                updates.into_iter().map(change).collect();
            changes
        });
        let rules = self.repositories.rules(name);
        let default = self.repositories.default_branch(name);
        let user = match push.token.as_str() {
            "" => User::Admin,
            _ => User::Named(&push.pusher.name),
        };
        let why = |(change, at): &(Change, String)| {
            refusal(&rules, (name, default), (at, *change), &user)
        };
        Ok(reading.await?.iter().find_map(why))
    }

    async fn record(
        &self,
        push: &Pushed,
        verdict: Verdict,
        reason: &str,
    ) -> Result<(), crate::history::Error> {
        let reason: String = reason.chars().take(REASON).collect();
        let now = self.env.now();
        let updates = push.request.updates.iter().map(|update| RefUpdate {
            at: now,
            push: push.request.push.clone(),
            repository: push.repository.clone(),
            name: update.name.clone(),
            old: update.old.clone().unwrap_or_default().0,
            new: update.new.clone().unwrap_or_default().0,
            pusher: push.pusher.to_string(),
            token: push.token.clone(),
            verdict,
            reason: reason.clone(),
        });
        let updates: Vec<RefUpdate> = updates.collect();
        self.history.pushing(&updates).await
    }
}

fn change(git: &Repository, update: &Update) -> Result<Change, crate::source::Error> {
    let (Some(new), old) = (&update.new, &update.old) else {
        return Ok(Change::Deletion);
    };
    let Some(old) = old else {
        return Ok(Change::Forward);
    };
    // A tag that moves is another one, whatever it stands on.
    let is_branch = update.name.starts_with("refs/heads/");
    if is_branch && git.stands_on(new, old)? {
        Ok(Change::Forward)
    } else {
        Ok(Change::Rewrite)
    }
}
