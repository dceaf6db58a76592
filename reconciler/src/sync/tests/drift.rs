//! What others change is on record from when it is seen, whether or not it is put back.

use serde_json::json;

use super::world::*;
use crate::history::{Ending, StepKind};

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_stand_beside_git_is_drift_and_in_nobodys_way() {
    let mut world = World::new().await;
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  \
                   ports: [{name: http, port: 80, targetPort: http}]\n";
    let web = [namespace(), service.to_owned()];
    world.application("web", "syncPolicy: {selfHeal: false}", &web);
    world.application("other", "", &[config_map("o", "x")]);
    world.converge("One").await;
    // The server would take neither of two ports called http.
    let key = key("", "services", "web");
    let foreign = json!({"name": "http", "port": 81, "targetPort": "http"});
    world
        .patch(&key, json!({"spec": {"ports": [foreign]}}))
        .await;
    let drift = world
        .until("the drift to be on record", || async {
            world.drifts("web").await.pop()
        })
        .await;
    assert_eq!(
        (&*drift.actor, drift.what.as_str()),
        ("kubectl-edit", "changed")
    );
    world
        .until("the application to say so", || async {
            let status = world.live_application("web").await?;
            (status.text("/status/sync/status") == "OutOfSync").then_some(())
        })
        .await;

    // Who changes something else is not kept from it.
    world.application("other", "", &[config_map("o", "y")]);
    let two = world.commit("Two");
    world
        .until("other at its commit", || async {
            let stand = world.reconciler.core.standings.get("other")?;
            (stand.standing.applied == two).then_some(())
        })
        .await;

    world.application("web", "", &web);
    world.converge("Put it back").await;
    let ports = world.get(&key).await.unwrap().body["spec"]["ports"].clone();
    assert_eq!((&ports[0]["port"], &ports[1]), (&json!(80), &json!(null)));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_put_back_is_recorded_when_it_is_seen() {
    let mut world = World::new().await;
    let hidden =
        "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: hunter2}";
    let web = [namespace(), config_map("a", "x"), hidden.to_owned()];
    world.application("web", "syncPolicy: {selfHeal: false}", &web);
    world.converge("One").await;
    let key = |resource: &str, name: &str| key("", resource, name);
    let map = key("configmaps", "a");
    world.patch(&map, json!({"data": {"value": "hand"}})).await;
    world
        .patch(
            &key("secrets", "db"),
            json!({"stringData": {"password": "hunter3"}}),
        )
        .await;
    let seen = world
        .until("the drift to be on record", || async {
            let drifts = world.drifts("web").await;
            (drifts.len() == 2).then_some(drifts)
        })
        .await;
    assert!(seen.iter().all(|it| it.ended_at.is_none()));
    assert!(
        seen.iter()
            .all(|it| it.actor == "kubectl-edit" && it.written_at.is_some())
    );
    let told = format!("{seen:?}");
    assert!(
        !told.contains("hunter") && !told.contains("aHVudGVyM"),
        "{told}"
    );

    // Somebody else puts it back, and changes it again: two drifts.
    world.patch(&map, json!({"data": {"value": "x"}})).await;
    let of = |all: Vec<crate::history::Drift>| all.into_iter().find(|it| it.key == map);
    world
        .until("it is gone", || async {
            let drift = of(world.drifts("web").await)?;
            (drift.ending == Some(Ending::Gone)).then_some(())
        })
        .await;
    world.patch(&map, json!({"data": {"value": "hand"}})).await;
    let again = world
        .until("it is there again", || async {
            let drift = of(world.drifts("web").await)?;
            (drift.ending.is_none()).then_some(drift)
        })
        .await;
    assert_eq!(again.times, 1);
    assert_eq!(world.drifts("web").await.len(), 3);
    let steps = world.history().newest_steps("web", 100).await.unwrap();
    let told = |kind: StepKind| steps.iter().filter(|step| step.kind == kind).count();
    // What comes and goes is told of once a minute.
    assert_eq!((told(StepKind::Drifted), told(StepKind::Corrected)), (2, 0));

    // The next commit writes it.
    world.application(
        "web",
        "syncPolicy: {selfHeal: false}",
        &[namespace(), config_map("a", "y"), hidden.to_owned()],
    );
    world.converge("Two").await;
    world
        .until("it ended with the rollout", || async {
            let drift = of(world.drifts("web").await)?;
            (drift.ending == Some(Ending::Rollout)).then_some(())
        })
        .await;
    world.end().await;
}
