//! What every push passes, whatever is in the repository: it is recorded who pushed what.

use std::sync::Arc;

use async_trait::async_trait;
use tracing::warn;

use client::Env;

use super::{Accept, Gate, Lines, Pushed};
use crate::history::{History, RefUpdate, Verdict};

/// Characters of a reason that are kept.
const REASON: usize = 4_000;

/// A gate before another.
pub struct Guard {
    pub inner: Arc<dyn Gate>,
    pub history: History,
    pub env: Env,
}

#[async_trait]
impl Gate for Guard {
    async fn before(&self, push: &Pushed, pusher: &Lines) -> Accept {
        let accept = self.inner.before(push, pusher).await;
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
