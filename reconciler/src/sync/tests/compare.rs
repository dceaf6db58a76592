//! Any two states of an application beside each other.

use serde_json::json;

use super::*;
use crate::service::{Error, PlanView, Service};
use crate::testing::commit;

#[tokio::test(flavor = "multi_thread")]
async fn any_two_states_are_compared() {
    let mut world = World::new().await;
    let manual = "deadlineSeconds: 20, syncPolicy: {selfHeal: false}";
    let first = [
        namespace(),
        deployment("web", "web:1"),
        config_map("old", "one"),
        secret("hunter2"),
    ];
    world.application("web", manual, &first);
    let one = world.converge("One").await;
    let second = [
        namespace(),
        deployment("web", "web:2"),
        config_map("new", "two"),
        secret("swordfish"),
    ];
    world.application("web", manual, &second);
    let two = world.converge("Two").await;

    let compare = async |from: &str, to: &str| {
        let compared = world.reconciler.compare("web", from, to).await;
        compared.unwrap_or_else(|error| panic!("{from} and {to}: {error}"))
    };
    let changed = |view: &PlanView| -> Vec<String> {
        let lines = view.lines.iter();
        lines.map(|line| line.trim().to_owned()).collect()
    };
    let there = [
        "- delete  ConfigMap shop/old",
        "~ change  Deployment shop/web",
        "@@ spec.template.spec.containers[main] @@",
        "-image: web:1",
        "+image: web:2",
    ];
    let between = compare(&one.0, "main").await;
    for line in there {
        assert!(changed(&between).contains(&line.to_owned()), "{between:?}");
    }
    assert_eq!(between.from.commit.as_ref().unwrap().id, one);
    assert_eq!(between.to.commit.as_ref().unwrap().id, two);
    // Rollouts are their commits.
    let rollouts = compare("1", "web-2").await;
    assert_eq!(rollouts.lines, between.lines);
    assert_eq!(rollouts.to.rollout.unwrap().number, 2);

    // With what is live there is more than what Git asks for, and who set it.
    assert!(compare("live", "").await.plan.is_empty());
    let web = key("apps", "deployments", "web");
    world.patch(&web, json!({"spec": {"replicas": 5}})).await;
    let drift = world
        .until("the patch to be seen", || async {
            let view = compare("", "2").await;
            (!view.plan.is_empty()).then_some(view)
        })
        .await;
    assert!(changed(&drift).contains(&"-replicas: 5".to_owned()));
    let stored = &drift.sides.new[&web];
    assert_eq!(stored.body["spec"]["replicas"], 2);
    assert!(stored.pointer("/metadata/managedFields").is_some());
    assert!(drift.from.commit.is_none() && !drift.to.unmerged);
    let back = compare("2", "live").await;
    assert!(changed(&back).contains(&"+replicas: 5".to_owned()));
    assert!(back.to.commit.is_none());

    // A commit that nobody merged, and one that says nothing.
    let mut files = world.files.clone();
    files.insert("web/1.yaml".into(), deployment("web", "web:3"));
    let aside = commit(&world.repository(), "try", "Three", &files);
    let pending = compare("live", "try").await;
    assert_eq!(pending.commit.id, aside);
    assert!(pending.to.unmerged);
    files.insert("web/1.yaml".into(), "kind: [\n".into());
    let broken = commit(&world.repository(), "broken", "Four", &files);
    let failed = async |from: &str, to: &str| {
        let compared = world.reconciler.compare("web", from, to).await;
        compared.unwrap_err()
    };
    for (from, to) in [("live", "broken"), ("main", "broken"), ("broken", "live")] {
        let error = failed(from, to).await.to_string();
        assert!(error.contains("web/1.yaml:"), "{from} and {to}: {error}");
    }
    let error = failed("main", &broken.0).await.to_string();
    assert!(error.contains(broken.short()), "{error}");
    let error = failed("nowhere", "main").await;
    assert!(
        matches!(&error, Error::NotFound(what) if what.contains("nowhere")),
        "{error}"
    );
    let error = failed("live", "live").await;
    assert!(matches!(&error, Error::Impossible(_)), "{error}");
    world.end().await;
}

fn secret(password: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: login}}\n\
         stringData: {{password: {password}}}\n"
    )
}
