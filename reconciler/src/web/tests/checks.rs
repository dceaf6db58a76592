//! The conditions of an application, as its page and programs have them.

use super::*;

#[tokio::test]
async fn six_conditions_each_with_its_sentence_the_worst_first() {
    let site = Site::new(Sample::default()).await;
    let (_, page) = site.page("/apps/serving").await;
    let card = &page[page.find("id=\"conds\"").unwrap()..];
    let card = &card[..card.find("</section>").unwrap()];
    for name in [
        "Serving",
        "Converging",
        "Matches Git",
        "Source fetched",
        "Rendered",
        "Drift",
    ] {
        assert!(card.contains(&format!(">{name}</span>")), "{name}: {card}");
    }
    assert!(card.contains("Deployment worker changed by ann"), "{card}");

    let (_, data) = site.json("/apps/serving").await;
    let checks = data["checks"].as_array().unwrap();
    assert_eq!(checks.len(), 6, "{checks:?}");
    let of = |name: &str| checks.iter().find(|it| it["name"] == name).unwrap();
    assert_eq!(of("Matches Git")["since"], "2026-03-01T14:07:20Z");
    assert_eq!(of("Drift")["state"], "warn");
    assert_eq!(of("Converging")["state"], "run");
    // Nobody wrote down since when.
    assert!(of("Rendered")["since"].is_null());
    let rank = |it: &serde_json::Value| {
        let order = ["bad", "warn", "run", "hold", "unk", "ok"];
        order.iter().position(|word| it["state"] == *word).unwrap()
    };
    let ranks: Vec<usize> = checks.iter().map(rank).collect();
    assert!(ranks.is_sorted(), "{checks:?}");
}
