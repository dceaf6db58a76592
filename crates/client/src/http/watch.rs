//! Watch events out of lines of JSON.

use std::collections::VecDeque;

use bytes::{Buf, Bytes, BytesMut};
use futures::{Stream, StreamExt};
use serde::Deserialize;
use serde_json::Value;

use api::{Object, Reason, Status, WatchEvent};

use crate::Error;

/// The longest event: the largest object there can be, and then some.
const LINE: usize = 16 << 20;
/// On the bookmark that ends the initial events of a streaming list.
const INITIAL_END: &str = "k8s.io/initial-events-end";

/// Decodes a body into events. Ends with the body; a line cut short by its end is dropped, the
/// watch is resumed before it.
pub(super) fn events<S>(body: S, operation: String) -> impl Stream<Item = Result<WatchEvent, Error>>
where
    S: Stream<Item = Result<Bytes, Error>> + Send,
{
    let state = Some((Box::pin(body), Lines::default(), operation));
    futures::stream::unfold(state, |state| async move {
        let (mut body, mut lines, operation) = state?;
        loop {
            if let Some(line) = lines.next() {
                let event = decode(&line).map_err(|detail| Error::Decode {
                    operation: operation.clone(),
                    detail,
                });
                let state = event.is_ok().then_some((body, lines, operation));
                return Some((event, state));
            }
            match body.next().await? {
                Ok(bytes) if lines.push(&bytes) => {}
                Ok(_) => {
                    let detail = format!("an event longer than {LINE} bytes");
                    return Some((Err(Error::Decode { operation, detail }), None));
                }
                Err(error) => return Some((Err(error), None)),
            }
        }
    })
}

#[derive(Default)]
pub(super) struct Lines {
    partial: BytesMut,
    whole: VecDeque<Bytes>,
}

impl Lines {
    /// Takes more bytes. `false` where the line they belong to is too long.
    pub(super) fn push(&mut self, mut bytes: &[u8]) -> bool {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.partial.extend_from_slice(&bytes[..end]);
            bytes.advance(end + 1);
            let line = self.partial.split().freeze();
            if !line.is_empty() {
                self.whole.push_back(line);
            }
        }
        self.partial.extend_from_slice(bytes);
        self.partial.len() <= LINE
    }

    pub(super) fn next(&mut self) -> Option<Bytes> {
        self.whole.pop_front()
    }
}

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "type")]
    kind: String,
    object: Value,
}

pub(super) fn decode(line: &[u8]) -> Result<WatchEvent, String> {
    let Line { kind, object } = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    Ok(match kind.as_str() {
        "ADDED" => WatchEvent::Added(object.into()),
        "MODIFIED" => WatchEvent::Modified(object.into()),
        "DELETED" => WatchEvent::Deleted(object.into()),
        "BOOKMARK" => {
            let object = Object::from(object);
            WatchEvent::Bookmark {
                resource_version: object.resource_version(),
                initial_end: object.annotation(INITIAL_END) == Some("true"),
            }
        }
        "ERROR" => WatchEvent::Error(Status::from_json(&object).unwrap_or_else(|| {
            Status::new(Reason::Unknown, format!("the watch failed: {object}"))
        })),
        other => return Err(format!("unknown event type {other:?}")),
    })
}
