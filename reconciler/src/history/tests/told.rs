use super::*;
use crate::web::webhook::{Deliveries, Delivery, Refused};

#[tokio::test]
async fn what_forges_said_and_when_a_repository_was_read_outlives_a_restart() {
    let history = history().await;
    let delivery = |second: i64, outcome: &str| Delivery {
        at: at(second),
        forge: "gitlab".into(),
        outcome: outcome.into(),
    };
    let deliveries = Deliveries::load(&history).await.unwrap();
    let names = [
        "https://example.org/a/b".to_owned(),
        "git@example.org:a/b".to_owned(),
    ];
    deliveries.took(&names, &delivery(1, "first")).await;
    deliveries.took(&names[..1], &delivery(2, "second")).await;
    let refused = Refused {
        at: at(3),
        why: "the signature or token is wrong".into(),
        count: 4,
    };
    history.put_refusal(&refused).await.unwrap();
    history
        .put_refusal(&Refused {
            count: 5,
            ..refused.clone()
        })
        .await
        .unwrap();

    let again = Deliveries::load(&history).await.unwrap();
    let webhook = again.of(|address| address.contains("a/b"));
    assert_eq!(webhook.last, Some(delivery(2, "second")));
    assert_eq!(
        webhook.refused,
        Some(Refused {
            count: 5,
            ..refused
        })
    );
    assert_eq!(
        again.of(|address| address.starts_with("git@")).last,
        Some(delivery(1, "first"))
    );

    // The oldest go.
    for second in 4..9 {
        let address = [format!("https://example.org/{second}")];
        history
            .put_message(&address, &delivery(second, ""), 3)
            .await
            .unwrap();
    }
    let left = history.reader().messages().await.unwrap();
    assert!(
        left.len() <= 4 && left.contains_key("https://example.org/8"),
        "{left:?}"
    );

    let reader = history.reader();
    assert_eq!(reader.fetched_at("a").await.unwrap(), None);
    history.put_fetch("a", at(1)).await.unwrap();
    history.put_fetch("a", at(2)).await.unwrap();
    assert_eq!(reader.fetched_at("a").await.unwrap(), Some(at(2)));
}
