//! Logs as files to keep: whole, or the lines of them that somebody looks for.

use std::cmp::Reverse;

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use client::ByteStream;
use futures::{Stream, StreamExt, stream};
use jiff::Timestamp;
use tokio::sync::OwnedSemaphorePermit;

use super::log_filter::Filter;
use super::pod_logs::Lines;
use crate::web::gate::chain;
use crate::web::view::logs::parse;

/// Lines are sent together up to this many bytes.
const CHUNK: usize = 32 * 1024;

/// An answer that browsers save under `name`.
pub(super) fn file(
    name: &str,
    bytes: impl Stream<Item = Result<Bytes, client::Error>> + Send + 'static,
    place: OwnedSemaphorePermit,
) -> Response {
    let bytes = bytes.map(move |chunk| {
        let _held = &place;
        chunk
    });
    // What compresses an answer asks again after its end.
    let bytes = bytes.fuse();
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    (headers, Body::from_stream(bytes)).into_response()
}

/// The lines of one log that a filter takes, as they were printed.
pub(super) fn found(bytes: ByteStream, filter: Filter) -> ByteStream {
    if !filter.searches() {
        return bytes;
    }
    let lines = stream::unfold((Lines::new(bytes), filter), |(mut lines, filter)| async {
        loop {
            match lines.next().await? {
                Ok(text) if !filter.takes(&parse(&text)) => {}
                Ok(text) => return Some((Ok(Bytes::from(text + "\n")), (lines, filter))),
                Err(error) => return Some((Err(error), (lines, filter))),
            }
        }
    });
    lines.boxed()
}

/// The lines of several logs by time, each as `TIME POD/CONTAINER TEXT`. `logs` are with their
/// timestamps; one that cannot be read says so in its place.
pub(super) fn merged(
    logs: Vec<(String, Result<ByteStream, client::Error>)>,
    filter: Filter,
) -> ByteStream {
    let logs = logs.into_iter().map(|(who, bytes)| One::new(who, bytes));
    let merge = Merge {
        logs: logs.collect(),
        filter,
    };
    stream::unfold(merge, |mut merge| async {
        let chunk = merge.next().await?;
        Some((Ok(Bytes::from(chunk)), merge))
    })
    .boxed()
}

struct Merge {
    logs: Vec<One>,
    filter: Filter,
}

struct One {
    who: String,
    /// Nothing more comes without.
    lines: Option<Lines>,
    /// What is next.
    head: Option<String>,
    /// The time of it; of the rest of a line that was cut, that of its beginning.
    at: Option<Timestamp>,
}

impl One {
    fn new(who: String, bytes: Result<ByteStream, client::Error>) -> Self {
        match bytes {
            Ok(bytes) => Self {
                who,
                lines: Some(Lines::new(bytes)),
                head: None,
                at: None,
            },
            Err(error) => Self {
                head: Some(format!(
                    "- {who} the log cannot be read: {}\n",
                    chain(&error)
                )),
                who,
                lines: None,
                at: None,
            },
        }
    }

    async fn fill(&mut self, filter: &Filter) {
        while self.head.is_none()
            && let Some(lines) = &mut self.lines
        {
            match lines.next().await {
                None => self.lines = None,
                Some(Err(error)) => {
                    self.lines = None;
                    let why = chain(&error);
                    self.head = Some(format!("- {} the log breaks off here: {why}\n", self.who));
                }
                Some(Ok(text)) => {
                    let line = parse(&text);
                    if !filter.takes(&line) {
                        continue;
                    }
                    self.at = line.at.parse().ok().or(self.at);
                    let (at, said) = match text.split_once(' ') {
                        Some((at, said)) if !line.at.is_empty() => (at, said),
                        _ => ("-", text.as_str()),
                    };
                    self.head = Some(format!("{at} {} {said}\n", self.who));
                }
            }
        }
    }
}

impl Merge {
    /// Some lines, or nothing at the end.
    async fn next(&mut self) -> Option<String> {
        let mut chunk = String::new();
        while chunk.len() < CHUNK {
            for one in &mut self.logs {
                one.fill(&self.filter).await;
            }
            let waiting = self.logs.iter_mut().filter(|one| one.head.is_some());
            // The first of those that are equally old.
            let Some(oldest) = waiting.rev().max_by_key(|one| Reverse(one.at)) else {
                break;
            };
            chunk.push_str(&oldest.head.take().unwrap_or_default());
        }
        (!chunk.is_empty()).then_some(chunk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(text: &'static str) -> ByteStream {
        stream::iter([Ok(Bytes::from(text))]).boxed()
    }

    async fn read(bytes: ByteStream) -> String {
        let chunks: Vec<Bytes> = bytes.map(Result::unwrap).collect().await;
        String::from_utf8(chunks.concat()).unwrap()
    }

    #[tokio::test]
    async fn several_logs_are_one_file_by_time() {
        let refused = client::Error::Api(api::Status::new(api::Reason::NotFound, "no such node"));
        let logs = || {
            vec![
                (
                    "a/x".to_owned(),
                    Ok(log(
                        "2026-03-01T14:00:02Z ERROR two\nrest\n2026-03-01T14:00:04Z four\n",
                    )),
                ),
                (
                    "b/x".to_owned(),
                    Ok(log(
                        "2026-03-01T14:00:01.5Z one\n2026-03-01T14:00:03Z three",
                    )),
                ),
            ]
        };
        let mut all = logs();
        all.push(("c/x".to_owned(), Err(refused)));
        let told = read(merged(all, Filter::default())).await;
        let why = "- c/x the log cannot be read: ";
        assert!(told.starts_with(why), "{told}");
        let (_, rest) = told.split_once('\n').unwrap();
        assert_eq!(
            rest,
            "2026-03-01T14:00:01.5Z b/x one\n2026-03-01T14:00:02Z a/x ERROR two\n- a/x rest\n\
             2026-03-01T14:00:03Z b/x three\n2026-03-01T14:00:04Z a/x four\n"
        );
        let filter = Filter::parse("^(error )?t", "").unwrap();
        assert_eq!(
            read(merged(logs(), filter)).await,
            "2026-03-01T14:00:02Z a/x ERROR two\n2026-03-01T14:00:03Z b/x three\n"
        );
    }

    #[tokio::test]
    async fn one_log_is_what_was_printed() {
        let text = "2026-03-01 one\ntwo\n";
        let all = |grep: &str| {
            let filter = Filter::parse(grep, "").unwrap();
            read(found(log(text), filter))
        };
        assert_eq!(all("").await, text);
        assert_eq!(all("w").await, "two\n");
    }
}
