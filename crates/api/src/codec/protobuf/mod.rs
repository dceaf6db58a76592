//! Kubernetes protobuf, driven by the table of types: `k8s\0`, then `runtime.Unknown` with the
//! type and the object's own message.
//!
//! What comes in is turned into the JSON its sender would have written. Zero values that Go's
//! JSON leaves out are left out here too (see [`plain`]), so that defaulting sees no difference.

mod decode;
mod encode;
mod plain;
#[cfg(test)]
mod tests;
pub(crate) mod wire;

use std::fmt;

pub use decode::{decode, decode_as};
pub use encode::encode;

/// What every body starts with.
pub const MAGIC: &[u8; 4] = b"k8s\0";

/// The media type of requests and responses.
pub const MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf";

/// Bytes; the largest request body Kubernetes takes.
const MAX_BODY: usize = 3 << 20;
/// Messages in messages.
const MAX_DEPTH: usize = 64;
/// Values in one object: a body of tiny messages must not grow into gigabytes of JSON.
const MAX_VALUES: usize = 500_000;

const UNKNOWN: &str = "apimachinery.pkg.runtime.Unknown";

/// A body that could not be read or written, and the field where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}{}", Place(.field))]
pub struct Error {
    pub problem: Problem,
    /// `spec.template.spec.containers[0].ports[1]`; empty for the body as a whole.
    pub field: String,
}

struct Place<'a>(&'a str);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        write!(f, " at {}", self.0)
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("the body does not start with the magic bytes of Kubernetes protobuf")]
    Magic,
    #[error("the body has {0} bytes, more than {MAX_BODY}")]
    TooLarge(usize),
    #[error("the body says neither kind nor apiVersion")]
    NoKind,
    #[error("no kind {0} is registered")]
    UnknownKind(String),
    #[error("content encoding {0:?} is not supported")]
    ContentEncoding(String),
    #[error("the protobuf message ends in the middle of a value")]
    Truncated,
    #[error("a protobuf number has more than 64 bits")]
    Varint,
    #[error("protobuf wire type {found} where {expected} is expected")]
    WireType { found: u8, expected: &'static str },
    #[error("a text that is not UTF-8")]
    Utf8,
    #[error("a number that does not fit")]
    Range,
    #[error("messages are nested more than {MAX_DEPTH} deep")]
    TooDeep,
    #[error("more than {MAX_VALUES} values")]
    TooMany,
    #[error("embedded JSON is malformed: {0}")]
    EmbeddedJson(String),
    #[error("{found} where {expected} is expected")]
    JsonType {
        found: &'static str,
        expected: &'static str,
    },
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            field: String::new(),
        }
    }
}

impl Error {
    /// The same problem seen from one level further out.
    fn within(mut self, segment: &str) -> Self {
        if !self.field.is_empty() && !self.field.starts_with('[') {
            self.field.insert(0, '.');
        }
        self.field.insert_str(0, segment);
        self
    }
}
