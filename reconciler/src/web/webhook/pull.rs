//! Pull requests in the messages of forges. Pure.

use serde_json::Value;

use crate::forge::{Kind, Pull};

/// The pull request that a message is about, if its commits may be other ones than before.
pub(super) fn pull(forge: &str, event: &str, body: &Value) -> Option<Pull> {
    let kind = Kind::named(forge)?;
    let text = |pointer: &str| body.pointer(pointer)?.as_str();
    match kind {
        Kind::GitHub | Kind::Gitea => {
            if !matches!(event, "pull_request" | "pull_request_sync") {
                return None;
            }
            let over = match text("/action")? {
                "opened" | "reopened" | "synchronize" | "synchronized" | "edited"
                | "ready_for_review" => false,
                "closed" => true,
                _ => return None,
            };
            Some(Pull {
                kind,
                number: body.pointer("/pull_request/number")?.as_u64()?,
                head: commit(text("/pull_request/head/sha")?)?,
                into: text("/pull_request/base/ref")?.to_owned(),
                over,
            })
        }
        Kind::GitLab => {
            if event != "Merge Request Hook" {
                return None;
            }
            let over = match text("/object_attributes/action")? {
                "open" | "reopen" | "update" => false,
                "close" | "merge" => true,
                _ => return None,
            };
            Some(Pull {
                kind,
                number: body.pointer("/object_attributes/iid")?.as_u64()?,
                head: commit(text("/object_attributes/last_commit/id")?)?,
                into: text("/object_attributes/target_branch")?.to_owned(),
                over,
            })
        }
    }
}

/// An id goes into addresses: it is nothing else.
fn commit(text: &str) -> Option<String> {
    let is_id = matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit());
    is_id.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_forge_has_its_own_words() {
        let sha = "0123456789abcdef0123456789abcdef01234567";
        let hub = |action: &str| {
            json!({"action": action, "number": 7, "pull_request": {"number": 7,
                "head": {"sha": sha, "ref": "try"}, "base": {"ref": "main"}}})
        };
        let lab = |action: &str| {
            json!({"object_attributes": {"iid": 7, "action": action, "target_branch": "main",
                "last_commit": {"id": sha}}})
        };
        let check = |forge: &str, event: &str, body: &Value, expected: Option<bool>| {
            let found = pull(forge, event, body);
            assert_eq!(
                found.as_ref().map(|it| it.over),
                expected,
                "{forge} {event}"
            );
            if let Some(found) = found {
                assert_eq!((found.number, found.into.as_str()), (7, "main"));
                assert_eq!(found.head, sha);
            }
        };
        check("github", "pull_request", &hub("synchronize"), Some(false));
        check("github", "pull_request", &hub("closed"), Some(true));
        check("github", "pull_request", &hub("labeled"), None);
        check("github", "push", &hub("opened"), None);
        check(
            "gitea",
            "pull_request_sync",
            &hub("synchronized"),
            Some(false),
        );
        check("forgejo", "pull_request", &hub("opened"), Some(false));
        check("gitlab", "Merge Request Hook", &lab("update"), Some(false));
        check("gitlab", "Merge Request Hook", &lab("merge"), Some(true));
        check("gitlab", "Push Hook", &lab("update"), None);
        check("bitbucket", "pull_request", &hub("opened"), None);
        let odd = json!({"action": "opened", "pull_request": {"number": 7,
            "head": {"sha": "../../x"}, "base": {"ref": "main"}}});
        check("github", "pull_request", &odd, None);
        let references = [Kind::GitHub, Kind::GitLab].map(|kind| {
            let body = hub("opened");
            let found = pull("github", "pull_request", &body).unwrap();
            Pull { kind, ..found }.reference()
        });
        assert_eq!(
            references,
            ["refs/pull/7/head", "refs/merge-requests/7/head"]
        );
    }
}
