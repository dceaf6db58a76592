//! Bars that say that a page is about what is not so any more.

use super::*;
use crate::web::pages::fragments;

#[tokio::test]
async fn a_rollback_page_says_what_it_does_and_that_main_moved() {
    let site = Site::new(Sample::default()).await;
    let (_, page) = site.page("/rollouts/serving-12/rollback").await;
    for says in [
        "2 files: 3 lines more, 11 less",
        "href=\"/apps/serving/diff?to=c0ffee0000000000000000000000000000000000\"",
        "Restarts 4 pods of Deployment movies/serving, at most 1 missing at a time.",
        "<div id=\"moved\" role=\"status\"></div>",
    ] {
        assert!(page.contains(says), "{says}: {page}");
    }
    let head = &site.sample.head.0;
    let topic = format!("plan:hosted&{head}");
    let escaped = topic.replace('&', "&amp;");
    assert!(
        page.contains(&escaped) || page.contains(&topic) || page.contains("plan%3A"),
        "{page}"
    );
    let bar = async |topic: &str| {
        let all = fragments(&site.app, topic).await.unwrap();
        let found = all.into_iter().find(|it| it.id == "moved");
        found.unwrap().html
    };
    assert!(!bar(&topic).await.contains("banner"));
    let old = bar("plan:hosted&e2a9c14").await;
    assert!(
        old.contains("main moved to 7f3c2ab since this was planned"),
        "{old}"
    );
}

#[tokio::test]
async fn a_rollback_page_says_whose_files_stay_or_stand_in_the_way() {
    let site = Site::new(Sample::default()).await;
    let whose = "<span class=\"mono\">movies/ui/ui.yaml</span><small>of ui</small>";
    let (_, page) = site.page("/rollouts/ui-9/rollback").await;
    assert!(page.contains("Not possible without you"), "{page}");
    assert!(
        page.contains(whose) && !page.contains("What stays"),
        "{page}"
    );
    let (_, page) = site.page("/rollouts/api-7/rollback").await;
    for says in [
        whose,
        "What stays",
        "Push revert commit",
        "^ -- &#39;movies/api&#39; | git apply --index",
        "&#39;This reverts commit 7f3c2ab for api alone.&#39;",
    ] {
        assert!(page.contains(says), "{says}: {page}");
    }
    let (_, json) = site.json("/rollouts/api-7/rollback").await;
    assert_eq!(json["stays"][0], "movies/ui/ui.yaml");
    assert_eq!(json["owners"]["movies/ui/ui.yaml"][0], "ui");
}

#[tokio::test]
async fn a_diff_says_that_live_moved_and_keeps_its_lines() {
    let site = Site::new(Sample::default()).await;
    let (_, page) = site.page("/apps/serving/diff").await;
    let empty = "<div id=\"moved\" role=\"status\"></div>";
    assert!(page.contains(empty), "{page}");
    let all = fragments(&site.app, "diff:serving&0000").await.unwrap();
    let ids: Vec<&str> = all.iter().map(|it| it.id).collect();
    assert_eq!(
        ids,
        [
            "head",
            "moved",
            "git",
            "trouble",
            "count-apps",
            "count-rollouts",
            "count-changes"
        ]
    );
    let bar = &all[1].html;
    assert!(
        bar.contains("Live or Git moved since this was compared."),
        "{bar}"
    );
}
