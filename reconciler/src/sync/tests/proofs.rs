//! A verdict comes with a proof, which can be made again.

use serde_json::json;

use super::*;
use crate::service::{Error, ProofView, Service};

async fn proof(world: &World, commit: &str) -> ProofView {
    let now = world.reconciler.core.env.now();
    world.reconciler.proof("web", commit, now).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_comes_with_a_proof_that_can_be_made_again() {
    let mut world = World::new().await;
    let parts = |value: &str| {
        [
            namespace(),
            config_map("a", value),
            deployment("web", "web:1"),
        ]
    };
    world.application("web", "syncPolicy: {selfHeal: false}", &parts("one"));
    let one = world.converge("One").await;
    let first = proof(&world, one.short()).await;
    assert_eq!((first.objects.len(), first.holding), (3, 3), "{first:?}");
    assert!(
        first.root_recomputes && first.commit_recomputes == Some(true),
        "{first:?}"
    );
    assert_eq!(first.until, None);

    // The two hashes of an object are of one text.
    let is_one = |proof: &ProofView| {
        let mut objects = proof.objects.iter();
        objects.all(|it| it.matches && it.leaf.wanted == it.leaf.live && it.leaf.fields.is_none())
    };
    assert!(first.matching == 3 && is_one(&first), "{first:?}");

    world.application("web", "syncPolicy: {selfHeal: false}", &parts("two"));
    let two = world.converge("Two").await;
    let second = proof(&world, "").await;
    assert_eq!((&second.commit, second.holding), (&two, 3));
    assert_ne!(second.root, first.root);
    // Of the first one all is true but one object, and not any more.
    let past = proof(&world, &one.0).await;
    assert_eq!((past.holding, &past.root), (2, &first.root));
    assert!(past.root_recomputes && past.commit_recomputes == Some(true));
    assert!(past.until.is_some());

    // Nobody can change the record and have it add up.
    world.history().spoil_proofs().await.unwrap();
    assert!(!proof(&world, "").await.root_recomputes);
    let now = world.reconciler.core.env.now();
    let none = world.reconciler.proof("web", "beef", now).await;
    assert!(matches!(none, Err(Error::NotFound(_))), "{none:?}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_writes_in_other_words_matches_and_what_somebody_changed_does_not() {
    let mut world = World::new().await;
    let limited = deployment("web", "web:1").replace(
        "image: 'web:1'",
        "image: 'web:1', resources: {limits: {cpu: 1000m, memory: 1024Mi}}",
    );
    assert!(limited.contains("1000m"), "{limited}");
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop}\n\
                  stringData: {password: one}\n"
        .to_owned();
    let parts = [namespace(), limited, secret];
    world.application("web", "syncPolicy: {selfHeal: false}", &parts);
    world.converge("One").await;
    let first = proof(&world, "").await;
    assert_eq!((first.matching, first.holding), (3, 3), "{first:?}");

    world
        .patch(
            &key("", "secrets", "s"),
            json!({"data": {"password": "dHdv"}}),
        )
        .await;
    let then = world
        .until("the proof to end", async || {
            let proof = proof(&world, "").await;
            (proof.holding == 2).then_some(proof)
        })
        .await;
    let changed: Vec<&str> = then
        .objects
        .iter()
        .filter(|it| !it.holds)
        .map(|it| it.leaf.kind.as_str())
        .collect();
    assert_eq!((then.matching, changed), (3, vec!["Secret"]));
    assert!(then.root_recomputes && then.commit_recomputes == Some(true));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_drifted_and_is_back_is_proven_again() {
    let mut world = World::new().await;
    let parts = [namespace(), config_map("a", "one")];
    world.application("web", "", &parts);
    let one = world.converge("One").await;
    let first = proof(&world, "").await;
    assert!(!first.again && first.until.is_none(), "{first:?}");
    let stands = || {
        let stand = world.reconciler.core.standings.get("web");
        stand.is_some_and(|it| it.standing.proof_stands)
    };
    assert!(stands());

    // Kedge puts it back, and proves the same commit once more.
    let map = key("", "configmaps", "a");
    world.patch(&map, json!({"data": {"value": "hand"}})).await;
    let again = world
        .until("a proof after the correction", async || {
            let newest = proof(&world, "").await;
            (newest.again && stands()).then_some(newest)
        })
        .await;
    assert_eq!((&again.commit, again.until), (&one, None));
    assert!(again.at > first.at && again.holding == 2, "{again:?}");
    assert!(again.root_recomputes && again.commit_recomputes == Some(true));
    let then = world.reconciler.proof("web", "", first.at).await.unwrap();
    assert_eq!((then.root, then.again), (first.root, false));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_puts_back_by_hand_is_proven_again_and_not_before() {
    let mut world = World::new().await;
    let parts = [namespace(), config_map("a", "one")];
    world.application("web", "syncPolicy: {selfHeal: false}", &parts);
    world.converge("One").await;
    let map = key("", "configmaps", "a");
    world.patch(&map, json!({"data": {"value": "hand"}})).await;
    let ended = world
        .until("the proof to end", async || {
            let newest = proof(&world, "").await;
            let stand = world.reconciler.core.standings.get("web")?;
            (newest.until.is_some() && !stand.standing.proof_stands).then_some(newest)
        })
        .await;
    assert!(!ended.again, "{ended:?}");
    let proven = world.history().proven_at(world.reconciler.core.env.now());
    assert!(proven.await.unwrap().is_empty());

    world.patch(&map, json!({"data": {"value": "one"}})).await;
    world
        .until("a proof after it is back", async || {
            let newest = proof(&world, "").await;
            (newest.again && newest.until.is_none()).then_some(())
        })
        .await;
    let proven = world.history().proven_at(world.reconciler.core.env.now());
    assert!(proven.await.unwrap().contains("web"));
    world.end().await;
}
