//! What the picture has room for.

use jiff::SignedDuration;

use super::super::tests::{now, rollout};
use super::*;

fn object(name: &str, message: &str, healthy: bool) -> ObjectResult {
    let ago = |seconds| now() - SignedDuration::from_secs(seconds);
    ObjectResult {
        key: api::Collection::new("apps", "deployments").key("shop", name),
        kind: "Deployment".into(),
        wave: 0,
        position: 0,
        action: Action::Change,
        file: String::new(),
        line: 0,
        changes: Vec::new(),
        after: None,
        applied_at: Some(ago(90)),
        healthy_at: healthy.then(|| ago(1)),
        health: if healthy { "Healthy" } else { "Progressing" }.into(),
        message: message.into(),
        exits: Vec::new(),
    }
}

#[test]
fn what_has_no_room_in_the_picture_stands_below_it() {
    let long = "container api in pod api-7f47b6d9f9-gstc9 cannot be configured: couldn't find key \
                payments-url in ConfigMap shop/shop-env";
    let detail = RolloutDetail {
        rollout: Rollout {
            deadline_at: None,
            ..rollout(RolloutPhase::Failed, 100)
        },
        objects: vec![object("api", long, false), object("web", "", true)],
        applies: Vec::new(),
        steps: Vec::new(),
    };
    let waves = waves(&detail, now());
    let rows = &waves.bands[0].rows;
    // An end that comes late leaves room for its words.
    assert_eq!(
        (rows[1].text.as_str(), rows[1].told.as_str()),
        ("healthy after 1 m 29 s", "healthy after 1 m 29 s")
    );
    assert!(rows[0].text.ends_with('…'), "{}", rows[0].text);
    let told = waves
        .cut
        .iter()
        .find(|one| one.name == "Deployment api")
        .unwrap();
    assert_eq!((told.told.as_str(), told.everywhere), (long, true));
    // On a phone the words are beside the name, and below where they are long.
    let page = waves.render().unwrap();
    assert!(
        page.contains("Deployment<span class=\"only-s\">, healthy after"),
        "{page}"
    );
    assert!(
        page.contains(&format!(
            "<b>Deployment api</b> {}",
            long.replace('\'', "&#39;")
        )),
        "{page}"
    );
}
