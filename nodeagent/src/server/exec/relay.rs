//! Between the caller's WebSocket and the runtime's streams.
//!
//! The two directions never wait for each other: a command that writes while it reads would
//! otherwise hold itself up.

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use bytes::Bytes;
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use tokio::sync::mpsc;

use super::Channel;
use super::session::{Input, Output, Said};
use crate::report::report;

/// v5: the channel named by the second byte is closed.
const CLOSE: u8 = 255;
/// Pings that may wait for their answer; the runtimes send one in half a minute.
const PINGS: usize = 4;

/// What a caller's frame asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Send(Channel, Bytes),
    End(Channel),
}

/// Passes on what both say until one of them ends.
///
/// # Errors
/// What broke.
pub(super) async fn relay(caller: WebSocket, input: Input, output: Output) -> Result<(), String> {
    let (to_caller, from_caller) = caller.split();
    let (pings, pinged) = mpsc::channel(PINGS);
    tokio::select! {
        ended = up(from_caller, input, pinged) => ended,
        ended = down(output, to_caller, pings) => ended,
    }
}

/// Says why a command could not be started.
pub(super) async fn refuse(mut caller: WebSocket, message: &str) {
    let status = api::Status::internal(message).to_json().to_string();
    // The caller may be gone as well: then nobody is left to tell.
    let _ = caller.send(frame(Channel::Error, status.as_bytes())).await;
}

async fn up(
    mut from_caller: SplitStream<WebSocket>,
    mut input: Input,
    mut pinged: mpsc::Receiver<u32>,
) -> Result<(), String> {
    loop {
        let sent = tokio::select! {
            message = from_caller.next() => {
                let Some(Ok(message)) = message else {
                    return Ok(());
                };
                match asked(message) {
                    Some(Asked::Send(channel, data)) => input.send(channel, data).await,
                    Some(Asked::End(channel)) => input.end(channel).await,
                    None => Ok(()),
                }
            }
            Some(id) = pinged.recv() => input.pong(id).await,
        };
        sent.map_err(|error| report(&error))?;
    }
}

async fn down(
    mut output: Output,
    mut to_caller: SplitSink<WebSocket, Message>,
    pings: mpsc::Sender<u32>,
) -> Result<(), String> {
    loop {
        match output.next().await.map_err(|error| report(&error))? {
            Said::Data(channel, data) => {
                let sent = to_caller.send(frame(channel, &data)).await;
                sent.map_err(|error| report(&error))?;
            }
            // One that finds no room is answered by the next.
            Said::Ping(id) => drop(pings.try_send(id)),
            Said::Done => {
                let end = CloseFrame {
                    code: 1000,
                    reason: "".into(),
                };
                let _ = to_caller.send(Message::Close(Some(end))).await;
                return Ok(());
            }
        }
    }
}

fn frame(channel: Channel, data: &[u8]) -> Message {
    Message::Binary([&[channel.number()], data].concat().into())
}

/// What a caller's frame means for the command. An empty one only keeps the connection alive, and
/// the channels that a command writes are not the caller's.
fn asked(message: Message) -> Option<Asked> {
    let mut data = match message {
        Message::Binary(data) => data,
        Message::Text(text) => text.into(),
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) => return None,
    };
    let (first, second) = (*data.first()?, data.get(1).copied());
    if first == CLOSE {
        return Channel::of(second?).and_then(its_own).map(Asked::End);
    }
    let channel = Channel::of(first).and_then(its_own)?;
    let data = data.split_off(1);
    (!data.is_empty()).then_some(Asked::Send(channel, data))
}

fn its_own(channel: Channel) -> Option<Channel> {
    matches!(channel, Channel::Stdin | Channel::Resize).then_some(channel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_writes_and_ends_its_own_channels() {
        let bytes = Bytes::from_static;
        for (data, expected) in [
            (
                &b"\0hi"[..],
                Some(Asked::Send(Channel::Stdin, bytes(b"hi"))),
            ),
            (b"\x04{}", Some(Asked::Send(Channel::Resize, bytes(b"{}")))),
            (b"\xff\0", Some(Asked::End(Channel::Stdin))),
            (b"\0", None),
            (b"\x01out", None),
            (b"\xff\x01", None),
            (b"\xff", None),
            (b"\x09", None),
            (b"", None),
        ] {
            assert_eq!(asked(Message::Binary(bytes(data))), expected, "{data:?}");
        }
        assert_eq!(asked(Message::Ping(bytes(b"\0x"))), None);
    }
}
