//! `GET /pods/{namespace}/{name}/logs`: as a stream for the page, as JSON, or as a file.
//!
//! A line's identity is its time: a stream that comes back goes on after the last one it had.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use client::{ByteStream, LogOptions};
use futures::{StreamExt, stream};
use jiff::Timestamp;
use serde::Deserialize;
use tokio::sync::OwnedSemaphorePermit;

use api::{Collection, ObjectKey};

use super::log_file;
use super::log_filter::Filter;
use super::log_tail::TAIL;
use super::pod::{Asked, find};
use super::pod_log_card;
use crate::web::app::App;
use crate::web::asked::Query;
use crate::web::error::PageError;
use crate::web::gate::chain;
use crate::web::view::component::encoded;
use crate::web::view::logs::parse;
use crate::web::view::zone::Zone;
use crate::web::visitor::Visitor;

/// A line longer than this is cut into several.
const LINE: usize = 64 * 1024;
/// How often a quiet stream says that it stands.
pub(super) const BEAT: Duration = Duration::from_secs(10);
/// After this a browser asks again for a log that cannot be read yet.
const AGAIN: Duration = Duration::from_secs(3);

/// How it is answered.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct How {
    /// The time of the last line that is there already.
    after: String,
    /// Anything, for a file.
    download: String,
}

pub(in crate::web) async fn serve(
    State(app): State<Arc<App>>,
    Path((namespace, name)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    Query(how): Query<How>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let Ok(place) = app.streams.clone().try_acquire_owned() else {
        return Err(PageError::Busy);
    };
    if visitor.json {
        let pod = find(&app, &namespace, &name).await?;
        let log = pod_log_card::data(&app, &pod, &asked).await?;
        return Ok(Json(log).into_response());
    }
    let key = Collection::new("", "pods").key(namespace, name);
    let filter = Filter::parse(&asked.grep, &asked.since)?;
    let previous = pod_log_card::is_previous(&app, &key, &asked).await?;
    if !how.download.is_empty() {
        return file(&app, &key, (&asked.c, previous), filter, place).await;
    }
    let heard = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let after: Option<Timestamp> = heard.unwrap_or(&how.after).parse().ok();
    let since = after.map(|after| {
        let passed = after.duration_until(app.env.now()).as_secs() + 2;
        u64::try_from(passed).unwrap_or(2)
    });
    let options = LogOptions {
        container: asked.c,
        follow: !previous,
        previous,
        timestamps: true,
        tail_lines: (since.is_none() && !filter.searches()).then_some(TAIL),
        since_seconds: since.or(filter.since()),
    };
    let bytes = match app.logs.logs(&key, &options).await {
        Ok(bytes) => bytes,
        Err(error) => return Ok(none(&error)),
    };
    let left = visitor.leaves(&app);
    let follow = Follow {
        lines: Lines::new(bytes),
        filter,
        after,
        before: false,
        over: false,
        zone: visitor.zone,
        app,
        _place: place,
    };
    let events = stream::unfold(follow, |mut follow| async {
        let message = follow.next().await?;
        Some((Ok::<_, Infallible>(message), follow))
    })
    .take_until(left)
    .fuse();
    let alive = KeepAlive::new().interval(BEAT);
    Ok(Sse::new(events).keep_alive(alive).into_response())
}

/// The log as a file to keep: whole, or what is looked for.
async fn file(
    app: &App,
    key: &ObjectKey,
    (container, previous): (&str, bool),
    filter: Filter,
    place: OwnedSemaphorePermit,
) -> Result<Response, PageError> {
    let options = LogOptions {
        container: container.to_owned(),
        previous,
        since_seconds: filter.since(),
        ..LogOptions::default()
    };
    let bytes = app.logs.logs(key, &options).await?;
    let name = format!("{}-{}.log", encoded(&key.name), encoded(container));
    Ok(log_file::file(&name, log_file::found(bytes, filter), place))
}

/// A container that has not started has no log yet: the browser comes back for it, which it
/// would not after an answer that is an error.
fn none(error: &client::Error) -> Response {
    let data = serde_json::json!({"text": chain(error)}).to_string();
    let message = if error.is_not_found() {
        Message::default().event("end").data(data)
    } else {
        Message::default().event("wait").retry(AGAIN).data(data)
    };
    Sse::new(stream::iter([Ok::<_, Infallible>(message)])).into_response()
}

struct Follow {
    lines: Lines,
    filter: Filter,
    after: Option<Timestamp>,
    /// Whether the last line was there already, and so is the rest of it, which has no time.
    before: bool,
    over: bool,
    zone: Zone,
    app: Arc<App>,
    _place: OwnedSemaphorePermit,
}

impl Follow {
    async fn next(&mut self) -> Option<Message> {
        if self.over {
            return None;
        }
        loop {
            let line = tokio::select! {
                () = self.app.tasks.token().cancelled() => return None,
                line = self.lines.next() => line,
            };
            let text = match line {
                Some(Ok(text)) => text,
                Some(Err(error)) => return Some(self.end(&chain(&error))),
                None => return Some(self.end("the container ended")),
            };
            let line = parse(&text).local(&self.zone);
            let at: Option<Timestamp> = line.at.parse().ok();
            // The server counts in seconds; what is there already is left out here.
            if at.is_some() {
                self.before = at <= self.after;
            }
            if self.before || !self.filter.takes(&line) {
                continue;
            }
            let data = serde_json::to_string(&line).unwrap_or_default();
            let message = Message::default().event("log").data(data);
            return Some(if line.at.is_empty() {
                message
            } else {
                message.id(line.at)
            });
        }
    }

    /// The last message: why nothing more comes.
    fn end(&mut self, why: &str) -> Message {
        self.over = true;
        let data = serde_json::json!({"text": why}).to_string();
        Message::default().event("end").data(data)
    }
}

/// Lines out of chunks.
pub(super) struct Lines {
    bytes: ByteStream,
    buffer: Vec<u8>,
    ended: bool,
}

impl Lines {
    pub(super) fn new(bytes: ByteStream) -> Self {
        Self {
            bytes,
            buffer: Vec::new(),
            ended: false,
        }
    }

    /// Safe to cancel.
    pub(super) async fn next(&mut self) -> Option<Result<String, client::Error>> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                return Some(Ok(text(&line)));
            }
            if self.buffer.len() >= LINE || (self.ended && !self.buffer.is_empty()) {
                let line = std::mem::take(&mut self.buffer);
                return Some(Ok(text(&line)));
            }
            if self.ended {
                return None;
            }
            match self.bytes.next().await {
                Some(Ok(chunk)) => self.buffer.extend_from_slice(&chunk),
                Some(Err(error)) => {
                    self.ended = true;
                    return Some(Err(error));
                }
                None => self.ended = true,
            }
        }
    }
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line)
        .trim_end_matches(['\n', '\r'])
        .to_owned()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[tokio::test]
    async fn chunks_become_lines_wherever_they_are_cut() {
        let check = async |chunks: &[&str], expected: &[&str]| {
            let chunks: Vec<_> = chunks
                .iter()
                .map(|chunk| Ok(Bytes::copy_from_slice(chunk.as_bytes())))
                .collect();
            let mut lines = Lines::new(stream::iter(chunks).boxed());
            let mut read = Vec::new();
            while let Some(line) = lines.next().await {
                read.push(line.unwrap());
            }
            assert_eq!(read, expected);
        };
        check(&["a\nb", "c\r\n", "d"], &["a", "bc", "d"]).await;
        check(&["", "\n\n"], &["", ""]).await;
        check(&[], &[]).await;
        let long = "x".repeat(LINE + 1);
        check(&[&long, "\n"], &[&long, ""]).await;
    }
}
