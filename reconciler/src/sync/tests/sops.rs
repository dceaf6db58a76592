//! Files that are encrypted with SOPS, up to the cluster and nowhere else.

use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::history::StepQuery;
use crate::source::Keyring;

/// Made by sops; `key` of it is `value`.
const SECRET: &str = include_str!("../../../../crates/engine/src/sops/tests/vectors/secret.yaml");
const KEY: &str = "AGE-SECRET-KEY-1RH87A5Z54ZGUR9S0AS3R6WHFSEFNPLYMAKF5Z2CEU7R06VRJ0A3Q7242AM\n";
/// `value`, as a Secret has it.
const ENCODED: &str = "dmFsdWU=";

async fn refused(world: &World) -> String {
    let condition = world.until("web refused", || async {
        let live = world.live_application("web").await?;
        let condition = live.condition("SourceReady")?;
        (condition.reason == "CommitRefused").then_some(condition)
    });
    condition.await.message
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_encrypted_is_decrypted_into_the_cluster_and_kept_nowhere_else() {
    let mut world = World::new().await;
    world.application("web", "", &[namespace()]);
    world.converge("First").await;
    world.application("web", "", &[namespace(), SECRET.to_owned()]);
    world.commit("Secret");
    let said = refused(&world).await;
    assert!(
        said.contains("web/1.yaml: is encrypted with SOPS, and no key"),
        "{said}"
    );
    assert!(
        said.contains("age1l44xcng8dqj32nlv6d930qvvrny05hglzcv9qpc7kxjc6902ma4qufys29"),
        "{said}"
    );

    let keys = world.directory.path().join("keys.txt");
    std::fs::write(&keys, KEY).unwrap();
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o600)).unwrap();
    let keyring = Keyring::new(Some(keys));
    world.configure(|config| config.keys = keyring).await;
    world.converge("With a key").await;
    let secret = world.get(&key("", "secrets", "age")).await.unwrap();
    assert_eq!(secret.body["data"]["key"], ENCODED);

    // Drift is put back, from what is encrypted.
    let patch = serde_json::json!({"data": {"key": "b3RoZXI="}});
    world.patch(&key("", "secrets", "age"), patch).await;
    let healed = world.until("healed", || async {
        let secret = world.get(&key("", "secrets", "age")).await?;
        (secret.body["data"]["key"] == ENCODED).then_some(())
    });
    healed.await;

    let steps = world.history().steps(&StepQuery::default()).await.unwrap();
    let rollouts = world.rollouts("web").await;
    let mut told = vec![format!("{steps:?}{rollouts:?}")];
    for rollout in rollouts {
        let objects = world.history().objects(&rollout.id).await.unwrap();
        told.push(format!("{objects:?}"));
    }
    let told = told.concat();
    assert!(told.contains("Secret shop/age"), "{told}");
    assert!(
        !told.contains(ENCODED) && !told.contains("KEDGESEALED"),
        "{told}"
    );

    let damaged = SECRET.replace("name: age", "name: other");
    world.application("web", "", &[namespace(), damaged]);
    world.commit("Damaged");
    let said = refused(&world).await;
    assert!(
        said.contains("web/1.yaml: was changed after it was encrypted"),
        "{said}"
    );
    world.end().await;
}
