//! One command's streams at the container runtime.

use std::time::Duration;

use bytes::Bytes;
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use http::StatusCode;
use http::header::{CONNECTION, UPGRADE};
use reqwest::{Client, Upgraded};
use tokio_util::codec::Framed;

use super::Channel;
use super::spdy::{self, Codec, Incoming, Outgoing, StreamId};
use crate::report::report;
use crate::runtime::{ExecEndpoint, ExecRequest};

/// How the outcome is told: as a Status (`k8s.io/apimachinery/pkg/util/remotecommand`).
const STREAMS: (&str, &str) = ("x-stream-protocol-version", "v4.channel.k8s.io");
const CONNECT: Duration = Duration::from_secs(10);

type Connection = Framed<Upgraded, Codec>;

/// What is sent to the command.
pub(super) struct Input(SplitSink<Connection, Outgoing>);

/// What comes from the command.
pub(super) struct Output(SplitStream<Connection>);

/// What the runtime says next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    Data(Channel, Bytes),
    /// To be answered with [`Input::pong`].
    Ping(u32),
    /// Everything was said, the outcome included.
    Done,
}

/// Opens the streams that the request names.
///
/// # Errors
/// The runtime does not answer, or not with these streams.
pub(super) async fn open(
    endpoint: &ExecEndpoint,
    request: &ExecRequest,
) -> Result<(Input, Output), String> {
    match tokio::time::timeout(CONNECT, opened(endpoint, &channels(request))).await {
        Ok(connection) => {
            let (input, output) = connection?.split();
            Ok((Input(input), Output(output)))
        }
        Err(_) => Err("the container runtime does not answer".into()),
    }
}

async fn opened(endpoint: &ExecEndpoint, channels: &[Channel]) -> Result<Connection, String> {
    let connection = upgrade(endpoint).await?;
    let mut connection = Framed::new(connection, Codec::default());
    for channel in channels {
        let open = Outgoing::Open {
            stream: stream_of(*channel),
            name: "streamtype",
            value: channel.stream_type(),
        };
        connection
            .feed(open)
            .await
            .map_err(|error| report(&error))?;
    }
    connection.flush().await.map_err(|error| report(&error))?;
    // The runtime takes all of them before it starts the command: nothing else can come first.
    for _ in channels {
        match connection.next().await {
            Some(Ok(Incoming::Reply { .. })) => {}
            Some(Ok(frame)) => return Err(format!("the container runtime sent {frame:?}")),
            Some(Err(error)) => return Err(report(&error)),
            None => return Err("the container runtime closed the connection".into()),
        }
    }
    Ok(connection)
}

async fn upgrade(endpoint: &ExecEndpoint) -> Result<Upgraded, String> {
    let client = Client::builder().no_proxy().http1_only().build();
    let client = client.map_err(|error| report(&error))?;
    let answer = client
        .post(&endpoint.url)
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, spdy::PROTOCOL)
        .header(STREAMS.0, STREAMS.1)
        .send()
        .await
        .map_err(|error| report(&error))?;
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        let status = answer.status();
        return Err(format!("the container runtime answered {status}"));
    }
    answer.upgrade().await.map_err(|error| report(&error))
}

/// The streams that the runtime waits for before it starts the command, in order of their numbers.
fn channels(request: &ExecRequest) -> Vec<Channel> {
    let wanted = [
        (Channel::Stdin, request.stdin),
        (Channel::Stdout, request.stdout),
        // A terminal has one output.
        (Channel::Stderr, request.stderr && !request.tty),
        (Channel::Error, true),
        (Channel::Resize, request.tty),
    ];
    let wanted = wanted.into_iter().filter(|(_, is_wanted)| *is_wanted);
    wanted.map(|(channel, _)| channel).collect()
}

fn stream_of(channel: Channel) -> StreamId {
    StreamId::from(channel.number()) * 2 + 1
}

fn channel_of(stream: StreamId) -> Option<Channel> {
    u8::try_from(stream / 2).ok().and_then(Channel::of)
}

impl Input {
    pub(super) async fn send(&mut self, channel: Channel, data: Bytes) -> Result<(), spdy::Error> {
        let stream = stream_of(channel);
        self.0.send(Outgoing::Data { stream, data }).await
    }

    /// Nothing more comes on this channel.
    pub(super) async fn end(&mut self, channel: Channel) -> Result<(), spdy::Error> {
        let stream = stream_of(channel);
        self.0.send(Outgoing::End { stream }).await
    }

    pub(super) async fn pong(&mut self, id: u32) -> Result<(), spdy::Error> {
        self.0.send(Outgoing::Pong { id }).await
    }
}

impl Output {
    /// # Errors
    /// The connection broke before the outcome was told.
    pub(super) async fn next(&mut self) -> Result<Said, spdy::Error> {
        loop {
            match self.0.next().await.transpose()?.map(said) {
                None => return Ok(Said::Done),
                Some(Some(said)) => return Ok(said),
                Some(None) => {}
            }
        }
    }
}

/// What a frame means; nothing where it only ends a stream that is not the last to end.
fn said(frame: Incoming) -> Option<Said> {
    match frame {
        Incoming::Data {
            stream,
            data,
            is_last,
        } => match channel_of(stream)? {
            Channel::Error if data.is_empty() && is_last => Some(Said::Done),
            channel => (!data.is_empty()).then_some(Said::Data(channel, data)),
        },
        Incoming::Reset { stream } if channel_of(stream) == Some(Channel::Error) => {
            Some(Said::Done)
        }
        Incoming::GoAway => Some(Said::Done),
        Incoming::Ping { id } => Some(Said::Ping(id)),
        Incoming::Reply { .. } | Incoming::Reset { .. } | Incoming::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_has_the_streams_that_were_asked_for() {
        let all = ExecRequest {
            stdin: true,
            stdout: true,
            stderr: true,
            ..ExecRequest::default()
        };
        let (stdin, stdout, error) = (Channel::Stdin, Channel::Stdout, Channel::Error);
        assert_eq!(channels(&all), [stdin, stdout, Channel::Stderr, error]);
        let terminal = ExecRequest { tty: true, ..all };
        let expected = [stdin, stdout, error, Channel::Resize];
        assert_eq!(channels(&terminal), expected);
        assert_eq!(channels(&ExecRequest::default()), [error]);
        assert!(expected.map(stream_of).is_sorted());
        assert_eq!(expected.map(stream_of).map(channel_of), expected.map(Some));
    }

    #[test]
    fn a_session_is_done_with_its_outcome() {
        let data = |channel, data: &'static [u8], is_last| Incoming::Data {
            stream: stream_of(channel),
            data: Bytes::from_static(data),
            is_last,
        };
        let reset = |channel| Incoming::Reset {
            stream: stream_of(channel),
        };
        let text = Bytes::from_static(b"x");
        for (frame, expected) in [
            (
                data(Channel::Stdout, b"x", false),
                Some(Said::Data(Channel::Stdout, text.clone())),
            ),
            (data(Channel::Stdout, b"", true), None),
            (reset(Channel::Stdout), None),
            (
                data(Channel::Error, b"x", false),
                Some(Said::Data(Channel::Error, text)),
            ),
            (data(Channel::Error, b"", true), Some(Said::Done)),
            (reset(Channel::Error), Some(Said::Done)),
            (Incoming::GoAway, Some(Said::Done)),
            (Incoming::Other, None),
        ] {
            assert_eq!(said(frame.clone()), expected, "{frame:?}");
        }
    }
}
