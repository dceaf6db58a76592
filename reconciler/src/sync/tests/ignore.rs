//! Fields that are not Git's.

use serde_json::json;

use super::*;
use crate::service::Service;

const RULES: &str = "deadlineSeconds: 20, ignoreDifferences: [{kind: Deployment, \
    jsonPointers: [/spec/replicas]}, {kind: ConfigMap, name: set*, jsonPaths: ['$.data.theirs']}]";

#[tokio::test(flavor = "multi_thread")]
async fn an_ignored_field_is_no_difference_and_survives_the_next_apply() {
    let mut world = World::new().await;
    let settings = |value: &str| {
        let map = config_map("settings", value);
        map.replace("\ndata: {", "\ndata: {theirs: ours, ")
    };
    let first = [namespace(), deployment("web", "web:1"), settings("one")];
    world.application("web", RULES, &first);
    world.converge("One").await;
    let web = key("apps", "deployments", "web");
    let config = key("", "configmaps", "settings");
    // Created as the commit has it.
    assert_eq!(world.get(&web).await.unwrap().body["spec"]["replicas"], 2);
    world.patch(&web, json!({"spec": {"replicas": 5}})).await;
    let hand = json!({"data": {"theirs": "hand", "value": "drifted"}});
    world.patch(&config, hand).await;
    world
        .until("put back, but for what is ignored", || async {
            let live = world.get(&config).await?;
            (live.text("/data/value") == "one").then_some(())
        })
        .await;
    assert_eq!(
        world.get(&config).await.unwrap().text("/data/theirs"),
        "hand"
    );
    let plan = world.reconciler.plan("web", "").await.unwrap();
    assert!(plan.plan.is_empty(), "{:?}", plan.lines);

    let second = [namespace(), deployment("web", "web:2"), settings("two")];
    world.application("web", RULES, &second);
    world.converge("Two").await;
    let live = world.get(&web).await.unwrap();
    assert_eq!(live.body["spec"]["replicas"], 5);
    assert_eq!(live.text("/spec/template/spec/containers/0/image"), "web:2");
    let live = world.get(&config).await.unwrap();
    assert_eq!(live.body["data"], json!({"value": "two", "theirs": "hand"}));

    // Without the rule the field is Git's again.
    world.application("web", "deadlineSeconds: 20", &second);
    world.converge("Three").await;
    world
        .until("as the commit has it", || async {
            let live = world.get(&web).await?;
            (live.body["spec"]["replicas"] == 2).then_some(())
        })
        .await;
    world.end().await;
}
