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
    /// The Application of which alone they are undone; others have what they had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
}

impl Rollback {
    /// Whether it undoes anything of this Application.
    pub fn concerns(&self, application: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == application)
    }
}

static REVERTS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\bthis reverts commits?\s+([0-9a-f]{7,64})\b(?: for (\S+) alone\b)?")
        .expect("the pattern is tested")
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
        found.only = captures.get(2).map(|name| name.as_str().to_owned());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_rollbacks_off_messages() {
        let check = |message: &str, expected: Option<(&[&str], Option<&str>, Option<&str>)>| {
            let found = rollback(message);
            let told = found.as_ref().map(|found| {
                let reverts: Vec<&str> = found
                    .reverts
                    .iter()
                    .map(|commit| commit.0.as_str())
                    .collect();
                let restores = found.restores.as_ref().map(|commit| commit.0.as_str());
                (reverts, restores, found.rollout.as_deref())
            });
            let expected =
                expected.map(|(reverts, restores, rollout)| (reverts.to_vec(), restores, rollout));
            assert_eq!(told, expected, "{message}");
        };
        check("Use two replicas", None);
        check("Revert the idea that this reverts commits", None);
        check(
            "Revert \"x\"\n\nThis reverts commit 0123456789abcdef0123456789abcdef01234567.\n",
            Some((&["0123456789abcdef0123456789abcdef01234567"], None, None)),
        );
        check(
            "Revert merge\n\nThis reverts commit ABCDEF1234, reversing\nchanges made to 1111111.\n",
            Some((&["abcdef1234"], None, None)),
        );
        check(
            "Roll back web\n\nKedge-App: web\nKedge-Rollback-To: abcdef1234\nKedge-Rollout: web-12\n",
            Some((&[], Some("abcdef1234"), Some("web-12"))),
        );
        check("Kedge-Rollback-To: main", None);
    }

    #[test]
    fn what_goes_back_alone_concerns_nobody_else() {
        let of =
            |alone: &str| rollback(&format!("This reverts commit abcdef1234{alone}.")).unwrap();
        let one = of(" for web alone");
        assert_eq!(one.only.as_deref(), Some("web"));
        assert!(one.concerns("web") && !one.concerns("api"));
        assert!(of("").concerns("api"));
    }
}
