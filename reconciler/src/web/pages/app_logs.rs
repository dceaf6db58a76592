//! `GET /apps/{app}/logs/stream`: what all containers of an application print, as it comes.
//!
//! A line's identity is its container and its time. The stream's place is the last time of each
//! container, so one that comes back loses nothing and repeats nothing.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use client::LogOptions;
use futures::stream::{BoxStream, SelectAll};
use futures::{StreamExt, stream};
use jiff::Timestamp;
use serde::Deserialize;
use tokio::sync::OwnedSemaphorePermit;

use api::{Collection, Object};

use super::app_more::containers;
use super::log_tail::TAIL;
use super::pod_logs::{BEAT, Lines};
use crate::web::app::App;
use crate::web::error::PageError;
use crate::web::gate::chain;
use crate::web::view::logs::{LogLine, parse};
use crate::web::view::zone::Zone;
use crate::web::visitor::Visitor;

/// How far each container was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Place(BTreeMap<String, Timestamp>);

impl Place {
    /// `x2x7k.api=1772374303013000001,…`
    pub(super) fn parse(text: &str) -> Self {
        let parts = text.split(',').filter_map(|part| {
            let (who, at) = part.split_once('=')?;
            let at = Timestamp::from_nanosecond(at.parse().ok()?).ok()?;
            Some((who.to_owned(), at))
        });
        Self(parts.collect())
    }

    /// Notes a line; `false` where it was there before.
    pub(super) fn note(&mut self, who: &str, line: &LogLine) -> bool {
        let Ok(at) = line.at.parse::<Timestamp>() else {
            return true;
        };
        if self.0.get(who).is_some_and(|last| at <= *last) {
            return false;
        }
        self.0.insert(who.to_owned(), at);
        true
    }

    fn since(&self, who: &str) -> Option<Timestamp> {
        self.0.get(who).copied()
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, (who, at)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{who}={}", at.as_nanosecond())?;
        }
        Ok(())
    }
}

/// A container in few letters: the end of its pod's name, and its own.
pub(super) fn short(pod: &Object, container: &str) -> String {
    let end = pod.name().rsplit('-').next().unwrap_or_default();
    format!("{end}.{container}")
}

#[derive(Debug, Deserialize)]
pub(in crate::web) struct Asked {
    /// What the page shows already.
    #[serde(default)]
    after: String,
}

type Printed = (String, Result<String, String>);

struct Follow {
    lines: SelectAll<BoxStream<'static, Printed>>,
    place: Place,
    zone: Zone,
    app: Arc<App>,
    _permit: OwnedSemaphorePermit,
}

pub(in crate::web) async fn stream(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let Ok(permit) = app.streams.clone().try_acquire_owned() else {
        return Err(PageError::Busy);
    };
    let heard = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let place = Place::parse(heard.unwrap_or(&asked.after));
    let (wanted, _) = containers(&app, &name).await;
    let mut lines = SelectAll::new();
    for (pod, container) in wanted {
        lines.push(follow(&app, &pod, &container, &place).await);
    }
    let follow = Follow {
        lines,
        place,
        zone: visitor.zone,
        app,
        _permit: permit,
    };
    let events = stream::unfold(follow, |mut follow| async {
        let message = follow.next().await?;
        Some((Ok::<_, Infallible>(message), follow))
    })
    .fuse();
    let alive = KeepAlive::new().interval(BEAT);
    Ok(Sse::new(events).keep_alive(alive).into_response())
}

async fn follow(
    app: &App,
    pod: &Object,
    container: &str,
    place: &Place,
) -> BoxStream<'static, Printed> {
    let who = short(pod, container);
    let since = place.since(&who).map(|at| {
        let passed = at.duration_until(app.env.now()).as_secs() + 2;
        u64::try_from(passed).unwrap_or(2)
    });
    let options = LogOptions {
        container: container.to_owned(),
        follow: true,
        timestamps: true,
        tail_lines: since.is_none().then_some(TAIL),
        since_seconds: since,
        ..LogOptions::default()
    };
    let key = Collection::new("", "pods").key(pod.namespace(), pod.name());
    let bytes = match app.logs.logs(&key, &options).await {
        Ok(bytes) => bytes,
        Err(error) => {
            let why = format!("the log cannot be read: {}", chain(&error));
            return stream::once(async move { (who, Err(why)) }).boxed();
        }
    };
    stream::unfold((Lines::new(bytes), who), |(mut lines, who)| async {
        let line = lines.next().await?;
        let line = line.map_err(|error| chain(&error));
        Some(((who.clone(), line), (lines, who)))
    })
    .boxed()
}

impl Follow {
    async fn next(&mut self) -> Option<Message> {
        loop {
            let printed = tokio::select! {
                () = self.app.tasks.token().cancelled() => return None,
                printed = self.lines.next() => printed?,
            };
            let (who, line) = printed;
            let line = match line {
                Ok(text) => parse(&text),
                Err(why) => parse(&why),
            };
            let mut line = line.local(&self.zone);
            if !self.place.note(&who, &line) {
                continue;
            }
            line.text = format!("[{who}] {}", line.text);
            let data = serde_json::to_string(&line).unwrap_or_default();
            let message = Message::default().event("log").data(data);
            return Some(message.id(self.place.to_string()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_comes_back_loses_and_repeats_nothing() {
        let line = |second: u32| parse(&format!("2026-03-01T14:11:{second}Z text"));
        let mut place = Place::default();
        assert!(place.note("a.api", &line(31)));
        assert!(place.note("b.api", &line(30)), "each has its own time");
        assert!(!place.note("a.api", &line(31)), "it was there");
        let mut back = Place::parse(&place.to_string());
        assert_eq!(back, place);
        assert!(!back.note("b.api", &line(30)));
        assert!(back.note("b.api", &line(31)));
        assert_eq!(Place::parse("nothing,x=y"), Place::default());
    }
}
