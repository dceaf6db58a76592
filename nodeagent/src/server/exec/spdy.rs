//! SPDY/3.1 frames, as far as a container runtime's streaming server needs them.
//!
//! The Kubernetes runtimes stream commands over SPDY, the only one of their protocols in which one
//! stream can end while the others go on (`k8s.io/apimachinery/pkg/util/httpstream/spdy`). What is
//! written here is a client: it opens streams and needs to read no headers. Source: "SPDY Protocol
//! - Draft 3.1", chapter 2. Flow control is left out, as the runtimes' library does.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

/// The `Upgrade` header's value.
pub(super) const PROTOCOL: &str = "SPDY/3.1";

const VERSION: u16 = 3;
/// The first bit: a control frame.
const CONTROL: u16 = 1 << 15;
const SYN_STREAM: u16 = 1;
const SYN_REPLY: u16 = 2;
const RST_STREAM: u16 = 3;
const PING: u16 = 6;
const GOAWAY: u16 = 7;
const FIN: u8 = 1;
const HEAD: usize = 8;
/// Bytes; the runtimes copy 32 KiB at a time.
const MAX_PAYLOAD: usize = 1 << 20;

/// zlib's header, with the checksum of the dictionary that SPDY/3 presets (2.6.10.1).
const ZLIB_HEAD: [u8; 6] = [0x38, 0xea, 0xe3, 0xc6, 0xa7, 0xc2];
/// An empty stored block: lets the reader hand out what came before it.
const ZLIB_FLUSH: [u8; 5] = [0, 0, 0, 0xff, 0xff];

/// A stream of the session; a client's have odd numbers, each greater than the one before.
pub(super) type StreamId = u32;

/// What a client sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outgoing {
    /// Opens a stream with one header, not yet ended by either side.
    Open {
        stream: StreamId,
        name: &'static str,
        value: &'static str,
    },
    Data {
        stream: StreamId,
        data: Bytes,
    },
    /// There is no more to come on this stream.
    End {
        stream: StreamId,
    },
    /// The answer to a ping of the other side.
    Pong {
        id: u32,
    },
}

/// What a client is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Incoming {
    Data {
        stream: StreamId,
        data: Bytes,
        is_last: bool,
    },
    /// The other side took the stream that was opened.
    Reply {
        stream: StreamId,
    },
    /// The other side gave the stream up.
    Reset {
        stream: StreamId,
    },
    Ping {
        id: u32,
    },
    /// The other side ends the session.
    GoAway,
    /// A control frame that a client of command streams has no use for.
    Other,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("the container runtime's connection broke")]
    Io(#[from] std::io::Error),
    #[error("the container runtime sent a frame of {0} bytes, more than {MAX_PAYLOAD}")]
    TooLong(usize),
    #[error("the container runtime sent a frame of type {0} that is too short")]
    TooShort(u16),
}

/// One session's framing. The headers of all streams are one compressed text.
#[derive(Debug, Default)]
pub(super) struct Codec {
    has_begun_headers: bool,
}

impl Codec {
    /// The headers as stored blocks: a session has five, of twenty bytes each.
    fn headers(&mut self, name: &str, value: &str) -> BytesMut {
        let mut plain = BytesMut::new();
        plain.put_u32(1);
        for text in [name, value] {
            plain.put_u32(u32::try_from(text.len()).expect("a header is short"));
            plain.put_slice(text.as_bytes());
        }
        let mut block = BytesMut::new();
        if !std::mem::replace(&mut self.has_begun_headers, true) {
            block.put_slice(&ZLIB_HEAD);
        }
        let len = u16::try_from(plain.len()).expect("a header is short");
        block.put_u8(0);
        block.put_u16_le(len);
        block.put_u16_le(!len);
        block.put_slice(&plain);
        block.put_slice(&ZLIB_FLUSH);
        block
    }
}

impl Encoder<Outgoing> for Codec {
    type Error = Error;

    fn encode(&mut self, frame: Outgoing, into: &mut BytesMut) -> Result<(), Error> {
        match frame {
            Outgoing::Open {
                stream,
                name,
                value,
            } => {
                let headers = self.headers(name, value);
                control(into, SYN_STREAM, 10 + headers.len());
                into.put_u32(stream);
                // No stream that this one belongs to, the highest priority, no slot.
                into.put_u32(0);
                into.put_u16(0);
                into.put_slice(&headers);
            }
            Outgoing::Data { stream, data } => {
                head(into, stream, 0, data.len());
                into.put_slice(&data);
            }
            Outgoing::End { stream } => head(into, stream, FIN, 0),
            Outgoing::Pong { id } => {
                control(into, PING, 4);
                into.put_u32(id);
            }
        }
        Ok(())
    }
}

fn control(into: &mut BytesMut, kind: u16, len: usize) {
    let first = u32::from(CONTROL | VERSION) << 16 | u32::from(kind);
    head(into, first, 0, len);
}

fn head(into: &mut BytesMut, first: u32, flags: u8, len: usize) {
    into.put_u32(first);
    into.put_u8(flags);
    into.put_uint(len as u64, 3);
}

impl Decoder for Codec {
    type Item = Incoming;
    type Error = Error;

    fn decode(&mut self, from: &mut BytesMut) -> Result<Option<Incoming>, Error> {
        let Some(mut head) = from.get(..HEAD) else {
            return Ok(None);
        };
        let (first, flags) = (head.get_u32(), head.get_u8());
        let len = head
            .iter()
            .fold(0, |len, byte| len << 8 | usize::from(*byte));
        if len > MAX_PAYLOAD {
            return Err(Error::TooLong(len));
        }
        if from.len() < HEAD + len {
            from.reserve(HEAD + len - from.len());
            return Ok(None);
        }
        from.advance(HEAD);
        let payload = from.split_to(len).freeze();
        let is_control = first >> 31 == 1;
        if is_control {
            let kind = u16::try_from(first & 0xffff).expect("sixteen bits");
            return told(kind, payload).map(Some);
        }
        Ok(Some(Incoming::Data {
            stream: first,
            data: payload,
            is_last: flags & FIN != 0,
        }))
    }
}

fn told(kind: u16, mut payload: Bytes) -> Result<Incoming, Error> {
    let mut number = || payload.try_get_u32().map_err(|_| Error::TooShort(kind));
    Ok(match kind {
        SYN_REPLY => Incoming::Reply { stream: number()? },
        RST_STREAM => Incoming::Reset { stream: number()? },
        PING => Incoming::Ping { id: number()? },
        GOAWAY => Incoming::GoAway,
        _ => Incoming::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(codec: &mut Codec, frame: Outgoing) -> Vec<u8> {
        let mut bytes = BytesMut::new();
        codec.encode(frame, &mut bytes).unwrap();
        bytes.to_vec()
    }

    #[test]
    fn streams_are_opened_with_one_text_of_headers() {
        let mut codec = Codec::default();
        let open = |stream, value| Outgoing::Open {
            stream,
            name: "streamtype",
            value,
        };
        let first = encoded(&mut codec, open(1, "stdin"));
        let second = encoded(&mut codec, open(3, "error"));
        let block = |value: &str| {
            let mut bytes = vec![0, 27, 0, !27, 0xff, 0, 0, 0, 1, 0, 0, 0, 10];
            bytes.extend(b"streamtype\0\0\0\x05");
            bytes.extend(value.as_bytes());
            bytes.extend([0, 0, 0, 0xff, 0xff]);
            bytes
        };
        let frame = |stream: u8, payload: &[u8]| {
            let len = u8::try_from(10 + payload.len()).unwrap();
            let mut bytes = vec![0x80, 3, 0, 1, 0, 0, 0, len, 0, 0, 0, stream];
            bytes.extend([0; 6]);
            bytes.extend(payload);
            bytes
        };
        let begun = [&ZLIB_HEAD[..], &block("stdin")].concat();
        assert_eq!(first, frame(1, &begun));
        assert_eq!(second, frame(3, &block("error")));
    }

    #[test]
    fn data_ends_and_pings_are_written() {
        let mut codec = Codec::default();
        let data = Outgoing::Data {
            stream: 3,
            data: Bytes::from_static(b"x\n"),
        };
        assert_eq!(
            encoded(&mut codec, data),
            [0, 0, 0, 3, 0, 0, 0, 2, b'x', b'\n']
        );
        let end = encoded(&mut codec, Outgoing::End { stream: 3 });
        assert_eq!(end, [0, 0, 0, 3, 1, 0, 0, 0]);
        let pong = encoded(&mut codec, Outgoing::Pong { id: 2 });
        assert_eq!(pong, [0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, 2]);
    }

    #[test]
    fn frames_are_read_however_they_arrive() {
        let bytes = [
            &[0x80, 3, 0, 2, 0, 0, 0, 5, 0, 0, 0, 1, 9][..],
            &[0x80, 3, 0, 4, 0, 0, 0, 4, 0, 0, 0, 0],
            &[0, 0, 0, 5, 0, 0, 0, 2, b'h', b'i'],
            &[0, 0, 0, 1, 1, 0, 0, 0],
            &[0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, 2],
            &[0x80, 3, 0, 3, 0, 0, 0, 8, 0, 0, 0, 5, 0, 0, 0, 1],
            &[0x80, 3, 0, 7, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0],
        ]
        .concat();
        let data = |stream, data: &'static [u8], is_last| Incoming::Data {
            stream,
            data: Bytes::from_static(data),
            is_last,
        };
        let expected = [
            Incoming::Reply { stream: 1 },
            Incoming::Other,
            data(5, b"hi", false),
            data(1, b"", true),
            Incoming::Ping { id: 2 },
            Incoming::Reset { stream: 5 },
            Incoming::GoAway,
        ];
        for step in [1, 7, bytes.len()] {
            let (mut codec, mut buffer, mut seen) = (Codec::default(), BytesMut::new(), Vec::new());
            for part in bytes.chunks(step) {
                buffer.extend_from_slice(part);
                while let Some(frame) = codec.decode(&mut buffer).unwrap() {
                    seen.push(frame);
                }
            }
            assert_eq!(seen, expected, "in parts of {step}");
        }
    }

    #[test]
    fn what_is_too_long_or_too_short_is_refused() {
        let refused = |bytes: &[u8]| {
            let mut buffer = BytesMut::from(bytes);
            Codec::default()
                .decode(&mut buffer)
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            refused(&[0, 0, 0, 1, 0, 0xff, 0, 0]),
            "the container runtime sent a frame of 16711680 bytes, more than 1048576"
        );
        assert_eq!(
            refused(&[0x80, 3, 0, 6, 0, 0, 0, 1, 0]),
            "the container runtime sent a frame of type 6 that is too short"
        );
    }
}
