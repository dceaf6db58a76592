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
    let waves = waves(&detail, &Live::default(), now());
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

#[test]
fn what_is_waited_for_has_now_and_the_deadline_in_the_picture() {
    let deadline = now() + SignedDuration::from_secs(270);
    let mut crashing = object(
        "api",
        "container api in pod api-1 exited with code 1",
        false,
    );
    crashing.health = "Degraded".into();
    let detail = RolloutDetail {
        rollout: Rollout {
            deadline_at: Some(deadline),
            ..rollout(RolloutPhase::Verifying, 30)
        },
        objects: vec![ObjectResult {
            applied_at: Some(now() - SignedDuration::from_secs(29)),
            ..crashing
        }],
        applies: Vec::new(),
        steps: Vec::new(),
    };
    let live = Live {
        ready: [(detail.objects[0].key.clone(), "0 of 2 ready".to_owned())].into(),
        starts: Vec::new(),
    };
    let waves = waves(&detail, &live, now());
    let (at_now, at_deadline) = (
        waves.now.as_ref().unwrap(),
        waves.deadline.as_ref().unwrap(),
    );
    assert_eq!((&*at_now.x, &*at_deadline.x), ("40.00%", "72.00%"));
    let row = &waves.bands[0].rows[0];
    let open = row.open.as_ref().unwrap();
    assert_eq!((&*open.x, &*open.width), ("40.00%", "32.00%"));
    assert_eq!(row.bar.as_ref().unwrap().class, "f-bad");
    assert_eq!(row.tone, Tone::Bad);
    assert_eq!(
        row.told,
        "0 of 2 ready, container api in pod api-1 exited with code 1"
    );
    let page = waves.render().unwrap();
    for says in ["now <tspan", "deadline <tspan", "time is drawn shorter"] {
        assert!(page.contains(says), "{says}: {page}");
    }
}

#[test]
fn words_of_marks_that_are_near_stand_on_either_side() {
    let check = |passed: i64, left: i64, expected: (&str, &str)| {
        let detail = RolloutDetail {
            rollout: Rollout {
                deadline_at: Some(now() + SignedDuration::from_secs(left)),
                ..rollout(RolloutPhase::Verifying, passed)
            },
            objects: Vec::new(),
            applies: Vec::new(),
            steps: Vec::new(),
        };
        let waves = waves(&detail, &Live::default(), now());
        let anchors = (waves.now.unwrap().anchor, waves.deadline.unwrap().anchor);
        assert_eq!(anchors, expected, "{passed} s of {left} s more");
    };
    check(100, 200, ("middle", "middle"));
    check(290, 10, ("end", "start"));
    check(300, -5, ("start", "end"));
}
