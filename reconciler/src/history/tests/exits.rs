//! The ends of containers.

use super::*;

/// A ConfigMap of a plan.
pub(super) fn planned(name: &str, action: Action) -> ObjectResult {
    ObjectResult::new(key(name), "ConfigMap", action)
}

#[tokio::test]
async fn ends_of_containers_are_kept_once_and_the_newest_fifty() {
    let history = history().await;
    let first = rollout("web", 1);
    let exit = |second: i64| Exit {
        at: at(second),
        pod: "web-1".into(),
        container: "api".into(),
        code: 1,
    };
    let ends = |name: &str, seconds: Vec<i64>| Write::Exits {
        rollout: first.id.clone(),
        exits: vec![(key(name), seconds.into_iter().map(exit).collect())],
    };
    let writes = [
        Write::Rollout(Box::new(first.clone())),
        Write::Objects {
            rollout: first.id.clone(),
            objects: vec![planned("a", Action::Create), planned("b", Action::Create)],
        },
        ends("a", vec![20, 10]),
        // After a restart, what is there still is told again.
        ends("a", vec![20, 30]),
        ends("b", (0..60).collect()),
        ends("b", Vec::new()),
    ];
    history.commit(&writes).await.unwrap();
    let detail = history.reader().rollout_detail("web-1").await.unwrap();
    let objects = detail.unwrap().objects;
    let of = |name: &str| {
        let found = objects.iter().find(|it| it.key == key(name)).unwrap();
        found.exits.clone()
    };
    assert_eq!(of("a"), [exit(10), exit(20), exit(30)]);
    assert_eq!((of("b").len(), of("b")[0].at), (50, at(10)));
    history.close().await;
}
