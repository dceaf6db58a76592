//! What stood at a moment, and what is gone.

use std::collections::BTreeMap;

use super::*;

fn application(name: &str) -> ApplicationRecord {
    ApplicationRecord {
        name: name.into(),
        in_git: true,
        deletion: DeletionPolicy::default(),
        seen_at: at(0),
        removed_at: None,
    }
}

fn hold(rollout: &Rollout, since: Timestamp) -> Hold {
    Hold {
        application: rollout.application.clone(),
        revision: rollout.revision.clone(),
        rollout: rollout.id.clone(),
        reason: "bad image".into(),
        since,
        atomic: true,
    }
}

fn deleted(name: &str) -> ObjectResult {
    super::exits::planned(name, Action::Delete)
}

#[tokio::test]
async fn the_past_and_what_is_gone_are_found() {
    let history = history().await;
    let (first, second) = (rollout("web", 1), rollout("web", 2));
    let writes = [
        Write::Applications(vec![application("web"), application("none")]),
        Write::Rollout(Box::new(first.clone())),
        over(&first, RolloutPhase::Succeeded),
        Write::Rollout(Box::new(second.clone())),
        Write::Objects {
            rollout: second.id.clone(),
            objects: vec![deleted("old")],
        },
        Write::Hold(hold(&second, at(4))),
        Write::Release {
            application: "web".into(),
            at: at(6),
        },
        Write::Step(NewStep::new(at(1), StepKind::Started, "one").application("web")),
        Write::Step(NewStep::new(at(2), StepKind::Began, "two").application("web")),
    ];
    history.commit(&writes).await.unwrap();
    let reader = history.reader();
    for (second, expected) in [(0, None), (1, Some("web-1")), (9, Some("web-2"))] {
        let newest = reader.newest_until(at(second), None).await.unwrap();
        let newest = newest.first().map(|it| it.id.as_str());
        assert_eq!(newest, expected, "at {second}");
    }
    let of = async |commit: &str| {
        let found = reader.rollouts_of(commit).await.unwrap();
        found.into_iter().map(|it| it.id).collect::<Vec<_>>()
    };
    let held = async |second| {
        let holds = reader.holds_until(at(second)).await.unwrap();
        holds.into_iter().map(|it| it.rollout).collect::<Vec<_>>()
    };
    assert_eq!(held(3).await, Vec::<String>::new());
    assert_eq!(held(4).await, ["web-2"]);
    assert_eq!(held(6).await, Vec::<String>::new());
    assert_eq!(of(&first.revision.0).await, ["web-1"]);
    assert_eq!(of("000000").await, ["web-2", "web-1"]);
    assert_eq!(of("0%").await, Vec::<String>::new());
    let removed = reader.removed_object(&key("old")).await.unwrap().unwrap();
    assert_eq!((removed.rollout.as_str(), removed.at), ("web-2", at(2)));
    assert_eq!(reader.removed_object(&key("other")).await.unwrap(), None);
    assert_eq!(
        reader.owners_of(&[key("old")]).await.unwrap(),
        BTreeMap::new()
    );
    let steps = reader.newest_steps("web", 1).await.unwrap();
    assert_eq!(steps[0].text, "two");
    let found = reader.rollouts_like("because").await.unwrap();
    assert_eq!(found.len(), 2, "by message");
    assert_eq!(reader.told_at("hosted").await.unwrap(), None);
    assert!(reader.objects_like("o").await.unwrap().is_empty());
}
