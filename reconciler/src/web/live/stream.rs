//! `GET /live`: one stream per visible page.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Message, Sse};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::hub::Event;
use crate::web::app::App;
use crate::web::asked::Query;
use crate::web::error::PageError;
use crate::web::pages;
use crate::web::visitor::Visitor;

/// A page knows that the connection stands as long as it hears this.
const BEAT: Duration = Duration::from_secs(10);
/// A rollout that runs is drawn against the time: its page moves with every second.
const TICK: Duration = Duration::from_secs(1);
/// What changes within this time is told together.
const COALESCE: Duration = Duration::from_millis(250);
/// Topics of one page.
const TOPICS: usize = 4;

#[derive(Debug, Deserialize)]
pub(in crate::web) struct Asked {
    topics: String,
    /// The newest event that the page shows already.
    #[serde(default)]
    after: u64,
}

/// `GET /live?topics=app:web,…&after=N`
pub(in crate::web) async fn serve(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let topics: Vec<String> = asked.topics.split(',').map(str::to_owned).collect();
    if topics.len() > TOPICS {
        return Err(PageError::BadRequest("too many topics".into()));
    }
    let Ok(place) = app.streams.clone().try_acquire_owned() else {
        return Err(PageError::Busy);
    };
    // A browser that comes back says what it heard last.
    let heard = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok()?.parse().ok());
    let connection = Connection {
        changes: app.changes.clone(),
        newest: app.hub.newest(),
        after: heard.unwrap_or(asked.after),
        queue: VecDeque::from([beat()]),
        first: true,
        ended: false,
        topics,
        visitor,
        app,
        _place: place,
    };
    let left = connection.visitor.leaves(&connection.app);
    let events = stream::unfold(connection, |mut connection| async {
        let message = connection.next().await?;
        Some((Ok::<_, Infallible>(message), connection))
    })
    .take_until(left)
    .fuse();
    Ok(Sse::new(events).into_response())
}

/// Why a connection looks again.
#[derive(PartialEq, Eq)]
enum Woken {
    /// Something may look different now: it is rendered.
    Changed,
    /// Another connection, or this one, has rendered: that is only told.
    Published,
}

struct Connection {
    app: Arc<App>,
    visitor: Visitor,
    topics: Vec<String>,
    after: u64,
    changes: watch::Receiver<u64>,
    newest: watch::Receiver<u64>,
    queue: VecDeque<Message>,
    /// Nothing was rendered for this connection yet.
    first: bool,
    ended: bool,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = self.queue.pop_front() {
                return Some(message);
            }
            if self.ended || self.app.tasks.token().is_cancelled() {
                return None;
            }
            if std::mem::take(&mut self.first) || self.wait().await == Woken::Changed {
                self.render().await;
            }
            self.collect().await;
        }
    }

    /// Until something may have changed; no longer than a beat.
    async fn wait(&mut self) -> Woken {
        let clock = self.app.env.clock.clone();
        let rolls = |topic: &String| topic.starts_with("rollout:");
        let pause = if self.topics.iter().any(rolls) {
            TICK
        } else {
            BEAT
        };
        tokio::select! {
            () = self.app.tasks.token().cancelled() => Woken::Changed,
            () = clock.sleep(pause) => {
                self.queue.push_back(beat());
                Woken::Changed
            }
            moved = self.changes.changed() => {
                self.ended |= moved.is_err();
                clock.sleep(COALESCE).await;
                self.changes.mark_unchanged();
                Woken::Changed
            }
            moved = self.newest.changed() => {
                self.ended |= moved.is_err();
                Woken::Published
            }
        }
    }

    async fn render(&self) {
        for topic in &self.topics {
            if !self.app.hub.is_due(topic, self.app.env.now()) {
                continue;
            }
            if let Ok(fragments) = pages::fragments(&self.app, topic).await {
                self.app.hub.publish(topic, &fragments, self.app.env.now());
            }
        }
    }

    async fn collect(&mut self) {
        match self.app.hub.since(&self.topics, self.after) {
            None => {
                self.queue
                    .push_back(Message::default().event("reload").data("{}"));
                self.ended = true;
            }
            Some(events) => {
                for event in events {
                    self.after = event.sequence;
                    let message = self.message(&event).await;
                    self.queue.push_back(message);
                }
            }
        }
    }

    async fn message(&self, event: &Event) -> Message {
        let Self { app, visitor, .. } = self;
        let html = visitor.fitted(app, &event.html).await;
        let data = json!({"id": event.id, "html": html});
        Message::default()
            .event("fragment")
            .id(event.sequence.to_string())
            .data(data.to_string())
    }
}

fn beat() -> Message {
    Message::default().event("beat").data("{}")
}
