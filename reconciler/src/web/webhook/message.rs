//! What a forge says, and whether it is the forge. Pure; nothing is read before it is known who
//! wrote it.

use jiff::Timestamp;
use ring::hmac::{self, Key};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::pull;
use crate::forge::Pull;

/// How far a dated message may be from now, in seconds.
const WINDOW: i64 = 300;

/// A message from somebody who knows the secret.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) forge: &'static str,
    /// Whether a branch or tag may have moved.
    pub(super) tells_of_news: bool,
    /// The pull request that it is about.
    pub(super) pull: Option<Pull>,
    /// All addresses of the repository that it names.
    pub(super) repositories: Vec<String>,
    /// Equal for a message that is sent again.
    pub(super) digest: [u8; 32],
}

/// Why a message is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("there is no signature or token that is known here")]
    Unsigned,
    #[error("the signature or token is wrong")]
    Signature,
    #[error("the time is missing or more than 5 minutes from now")]
    Old,
    #[error("the message is larger than 5 MiB")]
    TooLarge,
    #[error("the message did not arrive within 20 s")]
    Late,
}

/// One way to say that something is new.
struct Forge {
    name: &'static str,
    proof: &'static str,
    how: How,
    /// The header that says what happened, and what of it is news.
    event: &'static str,
    news: &'static [&'static str],
}

#[derive(Clone, Copy)]
enum How {
    /// HMAC-SHA256 of the body in hex, after this.
    Signed(&'static str),
    /// The secret itself.
    Told,
    /// HMAC-SHA256 of `TIME.BODY` in hex, after this; the time is in a header of its own.
    Dated(&'static str),
}

const TIME: &str = "x-kedge-timestamp";

/// The first whose header is there counts: Gitea sends GitHub's headers too.
const FORGES: [Forge; 7] = [
    Forge {
        name: "generic",
        proof: "x-kedge-signature",
        how: How::Dated("sha256="),
        event: "",
        news: &[],
    },
    Forge {
        name: "forgejo",
        proof: "x-forgejo-signature",
        how: How::Signed(""),
        event: "x-forgejo-event",
        news: &["push", "create", "delete"],
    },
    Forge {
        name: "gitea",
        proof: "x-gitea-signature",
        how: How::Signed(""),
        event: "x-gitea-event",
        news: &["push", "create", "delete"],
    },
    Forge {
        name: "gogs",
        proof: "x-gogs-signature",
        how: How::Signed(""),
        event: "x-gogs-event",
        news: &["push", "create", "delete"],
    },
    Forge {
        name: "github",
        proof: "x-hub-signature-256",
        how: How::Signed("sha256="),
        event: "x-github-event",
        news: &["push", "create", "delete"],
    },
    Forge {
        name: "gitlab",
        proof: "x-gitlab-token",
        how: How::Told,
        event: "x-gitlab-event",
        news: &["Push Hook", "Tag Push Hook", "System Hook"],
    },
    Forge {
        name: "bitbucket",
        proof: "x-hub-signature",
        how: How::Signed("sha256="),
        event: "x-event-key",
        news: &["repo:push", "repo:refs_changed", "mirror:repo_synchronized"],
    },
];

/// Reads a message. `secret` is the key and the same as text.
pub(super) fn read<'a>(
    header: impl Fn(&str) -> Option<&'a str>,
    body: &[u8],
    secret: (&Key, &str),
    now: Timestamp,
) -> Result<Message, Refusal> {
    let found = FORGES
        .iter()
        .find_map(|forge| Some((forge, header(forge.proof)?)));
    let (forge, proof) = found.ok_or(Refusal::Unsigned)?;
    let mut signed = Vec::new();
    let prefix = match forge.how {
        How::Told => {
            // Equal tags mean equal tokens, in a time that tells nothing about either.
            let tag = hmac::sign(secret.0, secret.1.as_bytes());
            hmac::verify(secret.0, proof.as_bytes(), tag.as_ref())
                .map_err(|_| Refusal::Signature)?;
            None
        }
        How::Signed(prefix) => Some(prefix),
        How::Dated(prefix) => {
            let time = header(TIME).ok_or(Refusal::Old)?;
            signed.extend_from_slice(time.as_bytes());
            signed.push(b'.');
            Some(prefix)
        }
    };
    signed.extend_from_slice(body);
    if let Some(prefix) = prefix {
        let tag = proof.strip_prefix(prefix).and_then(bytes);
        let tag = tag.ok_or(Refusal::Signature)?;
        hmac::verify(secret.0, &signed, &tag).map_err(|_| Refusal::Signature)?;
    }
    if matches!(forge.how, How::Dated(_)) {
        let time: Option<i64> = header(TIME).and_then(|time| time.parse().ok());
        let distance = time.map(|time| now.as_second().saturating_sub(time).saturating_abs());
        if distance.is_none_or(|distance| distance > WINDOW) {
            return Err(Refusal::Old);
        }
    }
    let event = header(forge.event).unwrap_or_default();
    let read: Value = serde_json::from_slice(body).unwrap_or_default();
    Ok(Message {
        pull: pull::pull(forge.name, event, &read),
        forge: forge.name,
        tells_of_news: forge.news.is_empty() || forge.news.contains(&event),
        repositories: repositories(&read),
        digest: Sha256::digest([event.as_bytes(), b"\0", &signed].concat()).into(),
    })
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    let pairs = (0..32).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok());
    pairs.collect()
}

/// The addresses under the names that the forges use.
fn repositories(body: &Value) -> Vec<String> {
    const PLACES: [&str; 16] = [
        "/repository/clone_url",
        "/repository/ssh_url",
        "/repository/html_url",
        "/repository/git_http_url",
        "/repository/git_ssh_url",
        "/repository/homepage",
        "/repository/links/html/href",
        "/repository/links/self/0/href",
        "/repository/links/clone/0/href",
        "/repository/links/clone/1/href",
        "/project/git_http_url",
        "/project/git_ssh_url",
        "/project/web_url",
        "/repository/url",
        "/repository",
        "/url",
    ];
    let found = PLACES
        .iter()
        .filter_map(|place| body.pointer(place)?.as_str());
    let mut found: Vec<String> = found
        .filter(|url| !url.is_empty())
        .map(Into::into)
        .collect();
    found.dedup();
    found
}
