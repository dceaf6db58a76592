//! A rollout on its way: the ends of containers, and its decisions for programs.

use super::sample::ago;
use super::*;
use crate::history::Exit;

impl Sample {
    /// Containers of the Deployment that never gets ready.
    pub(super) fn exits(&self) -> Vec<Exit> {
        let exit = |seconds: i64| Exit {
            at: ago(seconds),
            pod: self.text("serving-7d9f6c8b54-x2x7k"),
            container: "api".into(),
            code: 1,
        };
        [280, 250, 200, 100].map(exit).to_vec()
    }
}

#[tokio::test]
async fn container_exits_are_crosses_in_the_waves() {
    let site = Site::new(Sample::default()).await;
    let (_, page) = site.page("/rollouts/serving-12").await;
    assert_eq!(
        page.matches("x2x7k: api exited 1</title>").count(),
        4,
        "{page}"
    );
    for says in ["container exit</span>", "4 times a container ended badly"] {
        assert!(page.contains(says), "{says}: {page}");
    }
    let (_, rollout) = site.json("/rollouts/serving-12").await;
    let objects = rollout["objects"].as_array().unwrap();
    let exits = objects.iter().filter_map(|it| it["exits"].get(0));
    let codes: Vec<i64> = exits.filter_map(|it| it["code"].as_i64()).collect();
    assert_eq!(codes, [1]);
    // What came later is not there yet.
    let (_, then) = site
        .page("/rollouts/serving-12?at=2026-03-01T14:09:00Z")
        .await;
    let crosses = then.matches("api exited 1</title>").count();
    assert!(crosses < 4, "{crosses}: {then}");
}

#[tokio::test]
async fn decisions_are_lines_for_programs() {
    let site = Site::new(Sample::default()).await;
    let lines = "/rollouts/serving-12/decisions.jsonl";
    let (_, page) = site.page("/rollouts/serving-12").await;
    assert!(page.contains(&format!("href=\"{lines}\"")), "{page}");
    let request = Request::get(lines).header(header::COOKIE, site.cookie());
    let answer = site.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(
        answer.headers()[header::CONTENT_TYPE],
        "application/x-ndjson"
    );
    let (status, text) = read(answer).await;
    assert_eq!(status, StatusCode::OK);
    let steps: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (_, rollout) = site.json("/rollouts/serving-12").await;
    assert_eq!(serde_json::json!(steps), rollout["steps"]);
    let (status, _) = site.page("/rollouts/none-1/decisions.jsonl").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
