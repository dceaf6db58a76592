//! What the navigation counts.

use std::sync::atomic::Ordering;

use super::*;
use crate::web::pages::fragments;

fn shown(page: &str) -> [&str; 3] {
    ["count-apps", "count-rollouts", "count-changes"].map(|id| {
        let (_, after) = page.split_once(&format!("id=\"{id}\">")).unwrap();
        after.split("</a>").next().unwrap()
    })
}

#[tokio::test]
async fn the_navigation_counts_what_there_is_to_look_at() {
    let site = Site::new(Sample::default()).await;
    for path in ["/apps", "/nodes", "/settings/tokens"] {
        let (_, page) = site.page(path).await;
        let expected = [
            "3<span class=\"sr\"> need you</span></span>",
            "1<span class=\"sr\"> running</span></span>",
            "3<span class=\"sr\"> open</span></span>",
        ];
        assert_eq!(shown(&page), expected, "{path}");
    }
    let topic = fragments(&site.app, "repos:").await.unwrap();
    let live = topic.iter().filter(|it| it.id.starts_with("count-"));
    assert_eq!(live.count(), 3);
    let (_, past) = site.page("/apps?at=2026-03-01T12:00:00Z").await;
    assert_eq!(shown(&past), ["</span>"; 3], "what needs somebody is now");
}

#[tokio::test]
async fn what_is_none_is_not_counted() {
    let empty = Sample {
        empty: true,
        ..Sample::default()
    };
    let site = Site::new(empty).await;
    let (_, page) = site.page("/apps").await;
    assert_eq!(shown(&page), ["</span>"; 3]);
}

#[tokio::test]
async fn counts_are_read_once_for_each_change() {
    let site = Site::new(Sample::default()).await;
    let read = || site.sample.counted.load(Ordering::Relaxed);
    for path in ["/apps", "/nodes", "/repos"] {
        site.page(path).await;
    }
    assert_eq!(read(), 1);
    // Time stands still: what changes at once is counted later.
    site.changes.send_modify(|change| *change += 1);
    site.page("/apps").await;
    assert_eq!(read(), 1);
}
