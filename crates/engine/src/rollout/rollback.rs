//! Which commits are rollbacks, by what their messages say.

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::CommitId;

/// What a commit undoes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rollback {
    /// The commits `git revert` names; may be abbreviated.
    pub reverts: Vec<CommitId>,
    /// The commit whose state is restored (`Kedge-Rollback-To:`).
    pub restores: Option<CommitId>,
    /// The rollout that is undone (`Kedge-Rollout:`).
    pub rollout: Option<String>,
}

static REVERTS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\bthis reverts commits?\s+([0-9a-f]{7,64})\b").expect("the pattern is tested")
});
static TRAILER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?im)^(Kedge-Rollback-To|Kedge-Rollout):[ \t]*(\S+)[ \t]*$")
        .expect("the pattern is tested")
});

/// What the commit with this message undoes; `None` where it is no rollback.
pub fn rollback(message: &str) -> Option<Rollback> {
    let mut found = Rollback::default();
    for captures in REVERTS.captures_iter(message) {
        found.reverts.push(CommitId(captures[1].to_lowercase()));
    }
    for captures in TRAILER.captures_iter(message) {
        let value = captures[2].to_owned();
        if captures[1].eq_ignore_ascii_case("Kedge-Rollout") {
            found.rollout = Some(value);
        } else if value.len() >= 7 && value.chars().all(|c| c.is_ascii_hexdigit()) {
            found.restores = Some(CommitId(value.to_lowercase()));
        }
    }
    (found != Rollback::default()).then_some(found)
}
