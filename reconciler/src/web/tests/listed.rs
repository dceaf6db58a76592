//! Lists that are longer than a page, and what they are narrowed down by.

use super::*;
use crate::history::{Outcome, ReportQuery, ReportsAbout, Rollout, RolloutQuery};
use crate::web::view::events::subject;
use api::Object;

impl Sample {
    /// As the history answers.
    pub(super) fn asked_rollouts(&self, query: &RolloutQuery) -> Vec<Rollout> {
        let mut all = self.all_rollouts();
        if query.application.as_deref() == Some("retired") {
            all.truncate(1);
            "retired".clone_into(&mut all[0].application);
        }
        let name = query.application.as_ref();
        all.retain(|one| name.is_none_or(|name| one.application == *name));
        all.retain(|one| query.push.is_none() || one.push == query.push);
        all.retain(|one| query.since.is_none_or(|since| one.started_at >= since));
        all.retain(|one| query.before.is_none_or(|before| one.started_at < before));
        all.retain(|one| query.outcome.is_none_or(|it: Outcome| it.admits(one)));
        if query.limit > 0 {
            all.truncate(query.limit.into());
        }
        all
    }

    /// What is kept about objects: of pods and nodes that were, too.
    pub(super) fn kept_about(&self, about: &ReportsAbout) -> Vec<Object> {
        let old = |kind: &str, namespace: &str, name: &str| -> Object {
            serde_json::json!({
                "kind": "Event", "metadata": {"uid": format!("old-{name}")}, "type": "Normal",
                "reason": "Killing", "message": self.text("Stopping container api"), "count": 1,
                "lastTimestamp": "2026-02-20T10:00:00Z",
                "involvedObject": {"kind": kind, "namespace": namespace, "name": name},
            })
            .into()
        };
        let mut all = self.reports_of(&ReportQuery {
            until: about.until,
            limit: u16::MAX,
            ..ReportQuery::default()
        });
        all.items.push(old("Pod", "movies", "serving-5b9c-old"));
        all.items.push(old("Node", "", "north-z"));
        all.items.push(old("Deployment", "movies", "serving"));
        all.items.retain(|it| about.subjects.contains(&subject(it)));
        all.items
    }
}

#[tokio::test]
async fn events_outlive_the_api_server_s_memory_of_them() {
    let site = Site::new(Sample::default()).await;
    for path in [
        "/apps/serving/events",
        "/apps/serving/objects/deployment.apps/movies/serving",
    ] {
        let (_, page) = site.page(path).await;
        assert!(page.contains("Stopping container api"), "{path}: {page}");
    }
}

#[tokio::test]
async fn pods_and_nodes_that_are_gone_are_told_by_what_was_reported() {
    let site = Site::new(Sample::default()).await;
    for (path, heading) in [
        (
            "/pods/movies/serving-5b9c-old",
            "movies/serving-5b9c-old is gone",
        ),
        ("/nodes/north-z", "north-z is gone"),
        (
            "/why/pods/movies/serving-5b9c-old",
            "movies/serving-5b9c-old is gone",
        ),
    ] {
        let (status, page) = site.page(path).await;
        assert_eq!(status, StatusCode::GONE, "{page}");
        for says in [heading, "last reported", "Stopping container api"] {
            assert!(page.contains(says), "{says}: {page}");
        }
        let (status, data) = site.json(path).await;
        assert_eq!(status, StatusCode::GONE);
        assert_eq!(data["reportedAt"], "2026-02-20T10:00:00Z", "{data}");
    }
    let (status, _) = site.page("/nodes/never").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_history_of_a_removed_application_stays_to_be_read() {
    let site = Site::new(Sample::default()).await;
    let (status, gone) = site.page("/apps/retired").await;
    assert_eq!(status, StatusCode::GONE);
    assert!(gone.contains("href=\"/apps/retired/history\""), "{gone}");
    let (status, page) = site.page("/apps/retired/history").await;
    assert_eq!(status, StatusCode::OK, "{page}");
    for says in ["Removed", "left Git <time", "href=\"/rollouts/serving-12\""] {
        assert!(page.contains(says), "{says}: {page}");
    }
    assert!(!page.contains("/rollback"), "{page}");
    assert!(!page.contains("/apps/retired/events"), "{page}");
}

#[tokio::test]
async fn what_failed_is_found_however_much_came_since() {
    let site = Site::new(Sample {
        many: 300,
        ..Sample::default()
    })
    .await;
    let (_, all) = site.json("/rollouts").await;
    let failed = |list: &serde_json::Value| {
        let items = list["items"].as_array().unwrap().iter();
        items.filter(|it| it["phase"] == "Failed").count()
    };
    let (_, none) = site.page("/rollouts?outcome=held").await;
    assert!(
        none.contains("No rollout of any application was held."),
        "{none}"
    );
    // Headings come in their order: there is none between the page's own and this one.
    assert!(!none.contains("<h3"), "{none}");
    let (_, narrowed) = site.json("/rollouts?outcome=failed").await;
    let count = narrowed["items"].as_array().unwrap().len();
    assert_eq!(failed(&narrowed), count);
    assert!(count > failed(&all), "{count} of {}", failed(&all));
}

#[tokio::test]
async fn marks_of_the_tape_lead_to_how_it_was_when_they_ended() {
    let site = Site::new(Sample::default()).await;
    for (path, to) in [
        ("/apps", "/apps?at=2026"),
        ("/rollouts", "/rollouts?at=2026"),
        ("/apps/serving/history", "/apps/serving/history?at=2026"),
    ] {
        let (_, page) = site.page(path).await;
        let tape = page.split("id=\"tape\"").nth(1).unwrap();
        let tape = tape.split("</nav>").next().unwrap();
        assert!(tape.contains(&format!("href=\"{to}")), "{path}: {tape}");
        // What runs has not ended.
        assert!(
            tape.contains("href=\"/rollouts/serving-12\""),
            "{path}: {tape}"
        );
        let mark = tape.split("href=\"").find(|it| it.starts_with(to)).unwrap();
        let (status, past) = site.page(mark.split('"').next().unwrap()).await;
        assert_eq!(status, StatusCode::OK, "{past}");
    }
}

#[tokio::test]
async fn programs_get_the_applications_that_they_ask_for() {
    let site = Site::new(Sample::default()).await;
    let names = async |query: &str| -> Vec<String> {
        let (_, body) = site.json(&format!("/apps{query}")).await;
        let items = body["items"].as_array().unwrap().iter();
        items
            .map(|it| it["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = ["features", "ingestion", "serving", "training", "ui"];
    assert_eq!(names("").await, all);
    assert_eq!(names("?health=degraded").await, ["serving"]);
    assert_eq!(names("?sync=synced&q=ing").await, ["ingestion"]);
    assert_eq!(names("?sort=health").await[..2], ["serving", "ui"]);
    assert_eq!(names("?page=2").await, Vec::<String>::new());
    let site = Site::new(Sample {
        many: 450,
        ..Sample::default()
    })
    .await;
    let (_, third) = site.json("/apps?page=3").await;
    assert_eq!(third["items"].as_array().unwrap().len(), 50);
    let (_, whole) = site.json("/apps").await;
    assert_eq!(whole["items"].as_array().unwrap().len(), 450);
}

#[tokio::test]
async fn lists_of_objects_go_on_after_the_first_thousand() {
    let site = Site::new(Sample {
        many: 2_400,
        ..Sample::default()
    })
    .await;
    let (_, first) = site.page("/apps/serving?view=list").await;
    let next = "href=\"/apps/serving?view=list&amp;page=2#tree\"";
    let escaped = next.replace("&amp;", "&#38;");
    assert!(first.contains("1 to 1000 of 2400"), "the first part");
    assert!(
        first.contains(next) || first.contains(&escaped),
        "the next page"
    );
    let (_, last) = site.page("/apps/serving?view=list&page=3").await;
    assert!(last.contains("2001 to 2400 of 2400"), "the last part");
    assert!(!last.contains("page=4"), "nothing after it");
    let all = crate::web::pages::fragments(&site.app, "app:serving/list~2").await;
    let tree = all.unwrap().into_iter().find(|it| it.id == "tree").unwrap();
    assert!(
        tree.html.contains("1001 to 2000 of 2400"),
        "the topic has the page"
    );
}
