//! What is said to each forge's REST API. Pure.
//!
//! Sources: GitHub REST 2022-11-28 (commit statuses, issue comments), GitLab REST v4 (commits,
//! notes), Gitea 1.22 (`/repos/{owner}/{repo}/statuses/{sha}`, issue comments).

use serde_json::{Value, json};

use super::{Kind, Target};

/// The name under which a commit's status is seen.
const CONTEXT: &str = "kedge/plan";
/// Comments of one page.
const PAGE: usize = 100;

/// How a commit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// The plan is being made.
    Pending,
    Passed,
    Refused,
    /// It could not be made.
    Broken,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Post,
    Put,
    Patch,
}

/// One request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) url: String,
    /// Null where there is none.
    pub(super) body: Value,
}

impl Target {
    /// What says who asks.
    pub(super) fn headers(&self) -> Vec<(&'static str, String)> {
        match self.kind {
            Kind::GitHub => vec![
                ("authorization", format!("Bearer {}", self.token)),
                ("accept", "application/vnd.github+json".into()),
                ("x-github-api-version", "2022-11-28".into()),
            ],
            Kind::GitLab => vec![("private-token", self.token.clone())],
            Kind::Gitea => vec![("authorization", format!("token {}", self.token))],
        }
    }

    fn base(&self) -> String {
        let (api, project) = (&self.api, &self.project);
        match self.kind {
            Kind::GitHub | Kind::Gitea => format!("{api}/repos/{project}"),
            Kind::GitLab => format!("{api}/projects/{}", project.replace('/', "%2F")),
        }
    }

    fn comments(&self, number: u64) -> String {
        let base = self.base();
        match self.kind {
            Kind::GitHub | Kind::Gitea => format!("{base}/issues/{number}/comments"),
            Kind::GitLab => format!("{base}/merge_requests/{number}/notes"),
        }
    }

    /// Says how a commit is, in a sentence of at most 140 characters, and where that is told.
    pub(super) fn status(&self, commit: &str, state: State, text: &str, page: &str) -> Call {
        let word = match (self.kind, state) {
            (_, State::Pending) => "pending",
            (_, State::Passed) => "success",
            (Kind::GitLab, State::Refused | State::Broken) => "failed",
            (_, State::Refused) => "failure",
            (_, State::Broken) => "error",
        };
        let name = match self.kind {
            Kind::GitLab => "name",
            Kind::GitHub | Kind::Gitea => "context",
        };
        Call {
            method: Method::Post,
            url: format!("{}/statuses/{commit}", self.base()),
            body: json!({"state": word, name: CONTEXT, "description": text, "target_url": page}),
        }
    }

    /// One page of the comments; from 1.
    pub(super) fn list(&self, number: u64, page: usize) -> Call {
        let query = match self.kind {
            Kind::GitLab => format!("per_page={PAGE}&page={page}&sort=asc&order_by=created_at"),
            Kind::GitHub => format!("per_page={PAGE}&page={page}"),
            Kind::Gitea => format!("limit={PAGE}&page={page}"),
        };
        Call {
            method: Method::Get,
            url: format!("{}?{query}", self.comments(number)),
            body: Value::Null,
        }
    }

    /// Whether there may be more after this page. Gitea gives all comments at once.
    pub(super) fn has_more(&self, page: &Value) -> bool {
        let is_full = page.as_array().is_some_and(|page| page.len() >= PAGE);
        self.kind != Kind::Gitea && is_full
    }

    pub(super) fn write(&self, number: u64, text: &str) -> Call {
        Call {
            method: Method::Post,
            url: self.comments(number),
            body: json!({"body": text}),
        }
    }

    pub(super) fn rewrite(&self, number: u64, comment: u64, text: &str) -> Call {
        let (method, url) = match self.kind {
            Kind::GitLab => (Method::Put, format!("{}/{comment}", self.comments(number))),
            Kind::GitHub | Kind::Gitea => {
                let base = self.base();
                (Method::Patch, format!("{base}/issues/comments/{comment}"))
            }
        };
        Call {
            method,
            url,
            body: json!({"body": text}),
        }
    }
}

/// The comment that begins with `marker`, and what it says.
pub(super) fn ours(page: &Value, marker: &str) -> Option<(u64, String)> {
    let comments = page.as_array().into_iter().flatten();
    let mut ours = comments.filter_map(|comment| {
        let text = comment["body"].as_str()?;
        let id = comment["id"].as_u64()?;
        text.starts_with(marker).then(|| (id, text.to_owned()))
    });
    ours.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(kind: Kind) -> Target {
        Target::new(kind, "https://h/team/web.git", "https://h/api", "secret").unwrap()
    }

    #[test]
    fn each_forge_is_asked_in_its_own_way() {
        let check = |kind, status: &str, word: &str, list: &str, rewrite: &str| {
            let target = target(kind);
            let call = target.status("abc", State::Refused, "no", "https://kedge/changes/x");
            assert_eq!(call.body["target_url"], "https://kedge/changes/x");
            assert_eq!((call.method, call.url.as_str()), (Method::Post, status));
            assert_eq!(call.body["state"], word);
            assert_eq!(target.list(7, 2).url, list);
            assert_eq!(target.rewrite(7, 9, "x").url, rewrite);
        };
        check(
            Kind::GitHub,
            "https://h/api/repos/team/web/statuses/abc",
            "failure",
            "https://h/api/repos/team/web/issues/7/comments?per_page=100&page=2",
            "https://h/api/repos/team/web/issues/comments/9",
        );
        check(
            Kind::Gitea,
            "https://h/api/repos/team/web/statuses/abc",
            "failure",
            "https://h/api/repos/team/web/issues/7/comments?limit=100&page=2",
            "https://h/api/repos/team/web/issues/comments/9",
        );
        check(
            Kind::GitLab,
            "https://h/api/projects/team%2Fweb/statuses/abc",
            "failed",
            "https://h/api/projects/team%2Fweb/merge_requests/7/notes?per_page=100&page=2&sort=asc\
             &order_by=created_at",
            "https://h/api/projects/team%2Fweb/merge_requests/7/notes/9",
        );
        assert_eq!(target(Kind::GitLab).rewrite(7, 9, "x").method, Method::Put);
        assert!(!format!("{:?}", target(Kind::GitHub)).contains("secret"));
    }

    #[test]
    fn our_own_comment_is_found_again() {
        let page = json!([
            {"id": 1, "body": "Looks good"},
            {"id": 2, "body": "> <!-- kedge plan of cluster -->\nquoted"},
            {"id": 3, "body": "<!-- kedge plan of cluster -->\n### Kedge"},
        ]);
        let found = ours(&page, "<!-- kedge plan of cluster -->").map(|(id, _)| id);
        assert_eq!(found, Some(3));
        assert_eq!(ours(&page, "<!-- kedge plan of shop -->"), None);
        assert_eq!(ours(&json!({}), "x"), None);
    }
}
