//! A verdict comes with a proof, which can be made again.

use super::*;
use crate::service::{Error, ProofView, Service};

async fn proof(world: &World, commit: &str) -> ProofView {
    world.reconciler.proof("web", commit).await.unwrap()
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
    let none = world.reconciler.proof("web", "beef").await;
    assert!(matches!(none, Err(Error::NotFound(_))), "{none:?}");
    world.end().await;
}
