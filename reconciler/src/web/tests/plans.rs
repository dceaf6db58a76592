//! Changes of all repositories, and plans that are made again because what they stand on moved.

use super::sample::id;
use super::*;
use crate::web::pages::fragments;

#[tokio::test]
async fn changes_of_every_repository_are_listed_and_move() {
    let site = Site::new(Sample::default()).await;
    let (_, all) = site.json("/changes").await;
    let of = |list: &serde_json::Value| -> Vec<String> {
        let items = list["items"].as_array().unwrap().iter();
        items
            .map(|it| it["repository"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(of(&all), ["cluster", "cluster", "shop"]);
    let (_, shop) = site.json("/changes?repository=shop").await;
    assert_eq!(of(&shop), ["shop"]);
    let (_, page) = site.page("/changes").await;
    let href = "href=\"/changes/colour?repository=shop\"";
    assert!(page.contains(href) && page.contains("shop: "), "{page}");
    for (path, topic) in [
        ("/changes", "changes:"),
        ("/changes/try", "change:cluster&try"),
        ("/repos", "repos:"),
        ("/repos/shop", "repo:shop"),
    ] {
        let (_, page) = site.page(path).await;
        assert!(page.contains("data-events=\"/live?"), "{path}: {page}");
        assert!(
            !fragments(&site.app, topic).await.unwrap().is_empty(),
            "{topic}"
        );
    }
}

#[tokio::test]
async fn a_plan_is_made_again_when_main_moved() {
    let sample = Sample {
        head: id("ffff"),
        ..Sample::default()
    };
    // The plans on record are for the commit before.
    let site = Site::new(Sample {
        planned_at: id("7f3c2ab41d0c"),
        ..sample
    })
    .await;
    let (_, list) = site.json("/changes").await;
    let planned = site.sample.planned.lock().unwrap().clone();
    assert_eq!(planned, ["cluster/try", "cluster/pull/7"]);
    assert_eq!(list["items"].as_array().unwrap().len(), 3);
    // Whoever looks at what did not move has nothing planned.
    let still = Site::new(Sample::default()).await;
    still.json("/changes").await;
    assert!(still.sample.planned.lock().unwrap().is_empty());
}
