//! One address for each commit, however its beginning is written.

use askama::Template;
use axum::http::{Request, StatusCode, header};

use super::*;
use crate::forge::{Change, Report, Verdict};
use crate::githost::hosted::CLUSTER;
use crate::web::view::commit;

impl Site {
    /// Where a page leads on to; empty where it is the page itself.
    async fn leads(&self, path: &str) -> String {
        let request = Request::get(path)
            .header(header::COOKIE, self.cookie())
            .header(header::ACCEPT, "text/html");
        let response = self.send(request.body(Body::empty()).unwrap()).await;
        let location = response.headers().get(header::LOCATION);
        let location = location.map(|it| it.to_str().unwrap().to_owned());
        if location.is_some() {
            assert_eq!(response.status(), StatusCode::SEE_OTHER);
        }
        location.unwrap_or_default()
    }
}

#[tokio::test]
async fn a_beginning_leads_to_the_twelve_characters_that_name_a_commit() {
    let site = Site::new(Sample::default()).await;
    let whole = format!("/commits/7f3c2ab41d0c{}", "0".repeat(28));
    for (path, expected) in [
        ("/commits/7f3c", "/commits/7f3c2ab41d0c"),
        ("/commits/7F3C2AB41D0C", "/commits/7f3c2ab41d0c"),
        (&whole, "/commits/7f3c2ab41d0c"),
        ("/commits/7f3c2ab41d0c", ""),
        ("/commits/7f3c2ab?tab=x", "/commits/7f3c2ab41d0c?tab=x"),
        (
            "/commits/7f3c2ab?at=2026-03-01T14:13:00Z",
            "/commits/7f3c2ab41d0c?at=2026-03-01T14:13:00Z",
        ),
        ("/proofs/7f3c2ab/serving", "/proofs/7f3c2ab41d0c/serving"),
        ("/proofs/7f3c2ab41d0c/serving", ""),
        ("/proofs/newest/serving", ""),
        ("/proofs/7f3c2ab/serving.svg", ""),
    ] {
        assert_eq!(site.leads(path).await, expected, "{path}");
    }
    let (status, data) = site.json("/commits/7f3c").await;
    assert_eq!(status, StatusCode::OK);
    assert!(data["id"].as_str().unwrap().starts_with("7f3c2ab41d0c"));
    let (status, page) = site.page("/commits/5d0b").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let named = "5d0b is the beginning of several commits: 5d0b10000000, 5d0be77aa210";
    assert!(page.contains(named), "{page}");
    let (status, _) = site.page("/commits/dead").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[test]
fn what_several_commits_begin_with_names_them() {
    let id = |start: &str| engine::rollout::CommitId(format!("{start:0<40}"));
    let two = [id("7f3c2ab41d0cff"), id("7f3c9")].into();
    assert_eq!(
        crate::web::view::commit::ambiguous("7f3c", &two),
        "7f3c is the beginning of several commits: 7f3c2ab41d0c, 7f3c90000000"
    );
    let many = (0..12)
        .map(|count| id(&format!("7f3c{count:02}")))
        .collect();
    let text = crate::web::view::commit::ambiguous("7f3c", &many);
    assert!(text.ends_with("7f3c09000000 and 2 more"), "{text}");
}

#[test]
fn what_is_not_merged_leads_to_its_branch() {
    let head = engine::rollout::CommitId("d".repeat(40));
    let change = Change {
        repository: CLUSTER.into(),
        branch: "more/shop".into(),
        revision: head.clone(),
        base: head,
        pull: String::new(),
        planned_at: jiff::Timestamp::UNIX_EPOCH,
        verdict: Verdict::Refused,
        digest: String::new(),
        report: Report::default(),
    };
    let card = commit::rollouts(&[], Some(&change), jiff::Timestamp::UNIX_EPOCH);
    let card = card.render().unwrap();
    let link = r#"<a class="link" href="/changes/more/shop">branch more/shop</a>"#;
    assert!(
        card.contains("is not merged") && card.contains(link),
        "{card}"
    );
    let card = commit::rollouts(&[], None, jiff::Timestamp::UNIX_EPOCH);
    assert!(card.render().unwrap().contains("nothing that is followed"));
}

#[test]
fn a_commit_that_reverts_another_one_leads_to_it_whoever_made_it() {
    let at = jiff::Timestamp::UNIX_EPOCH;
    let by_hand = crate::service::CommitView {
        commit: crate::source::Commit {
            id: engine::rollout::CommitId("d".repeat(40)),
            parents: Vec::new(),
            author: crate::source::Person::new("Ann", ""),
            authored_at: at,
            committed_at: at,
            message: format!("Revert \"x\"\n\nThis reverts commit {}.\n", "c".repeat(40)),
        },
        signature: crate::service::Signature::Missing,
    };
    let id = by_hand.commit.id.clone();
    let head = commit::head(&id, Some(&by_hand), &[], at);
    let head = head.render().unwrap();
    assert!(
        head.contains("undoes <a") && head.contains("href=\"/commits/cccccccccccc\""),
        "{head}"
    );
}
