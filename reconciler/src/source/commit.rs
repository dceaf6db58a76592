//! What a commit says about itself.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use engine::rollout::CommitId;

/// Author, committer or pusher.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Person {
    pub name: String,
    pub email: String,
}

impl Person {
    pub fn new(name: impl Into<String>, email: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            email: email.into(),
        }
    }

    /// The other way round from how it is shown.
    pub fn read(text: &str) -> Self {
        let both = text.strip_suffix('>').and_then(|it| it.split_once(" <"));
        let (name, email) = both.unwrap_or((text, ""));
        Self::new(name, email)
    }
}

/// `Ann <ann@example.org>`, or only the name.
impl std::fmt::Display for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.email.is_empty() {
            f.write_str(&self.name)
        } else {
            write!(f, "{} <{}>", self.name, self.email)
        }
    }
}

/// A commit without its tree.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Commit {
    pub id: CommitId,
    pub parents: Vec<CommitId>,
    pub author: Person,
    pub authored_at: Timestamp,
    pub committed_at: Timestamp,
    /// All of it, the first line being the subject.
    pub message: String,
}

impl Commit {
    /// The first line of the message.
    pub fn subject(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }
}
