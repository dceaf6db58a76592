//! Hooks, with somebody in the place of the Job controller.

use api::{Object, ObjectKey};
use client::{Patch, PatchOptions, Target};
use engine::rollout::RolloutPhase;
use serde_json::json;

use super::*;

fn job(name: &str, hook: &str, more: &str) -> String {
    format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {name}\n  \
         annotations: {{kedge.dev/hook: {hook}{more}}}\nspec:\n  template:\n    spec:\n      \
         restartPolicy: Never\n      containers: [{{name: main, image: 'job:1'}}]\n"
    )
}

fn job_key(name: &str) -> ObjectKey {
    key("batch", "jobs", name)
}

/// Waits for the Job of this rollout and ends it.
async fn end(world: &World, name: &str, rollout: &str, condition: &str) -> Object {
    let key = job_key(name);
    let job = world
        .until(&format!("{name} runs for {rollout}"), || async {
            let job = world.get(&key).await?;
            let of = job.annotation("kedge.dev/hook-of") == Some(rollout);
            (of && !job.is_deleting()).then_some(job)
        })
        .await;
    let status =
        json!({"conditions": [{"type": condition, "status": "True", "message": "said so"}]});
    let patch = Patch::Merge(json!({"status": status}));
    let target = Target::status(key);
    let options = PatchOptions::default();
    let patched = world.client.patch(&target, &patch, &options);
    patched.await.unwrap();
    job
}

fn image(object: &Object) -> String {
    object
        .text("/spec/template/spec/containers/0/image")
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_run_once_in_each_rollout_and_a_crash_runs_none_twice() {
    let mut world = World::new().await;
    let with = |image: &str| {
        [
            namespace(),
            deployment("web", image),
            job("migrate", "before", ""),
            job(
                "check",
                "after",
                ", kedge.dev/hook-delete-policy: succeeded",
            ),
        ]
    };
    let web = key("apps", "deployments", "web");
    world.application("web", "", &with("web:1"));
    let one = world.commit("One");
    let first = world
        .until("the first one runs", || async {
            world.get(&job_key("migrate")).await
        })
        .await;
    // The namespace is there for it, and nothing else is.
    assert!(world.get(&web).await.is_none());
    world.crash().await;
    let migrated = end(&world, "migrate", "web-1", "Complete").await;
    assert_eq!(migrated.uid(), first.uid());
    end(&world, "check", "web-1", "Complete").await;
    world.phase("web", &one, RolloutPhase::Succeeded).await;
    world.converged(&one).await;
    world
        .until("the one that wants it is deleted", || async {
            world.get(&job_key("check")).await.is_none().then_some(())
        })
        .await;
    assert!(world.get(&job_key("migrate")).await.is_some());

    // It runs again, as a new object, and its failure leaves everything as it was.
    world.application("web", "", &with("web:2"));
    let two = world.commit("Two");
    let again = end(&world, "migrate", "web-2", "Failed").await;
    assert_ne!(again.uid(), first.uid());
    let failed = world.phase("web", &two, RolloutPhase::Failed).await;
    assert!(
        failed.message.contains("the hook Job shop/migrate"),
        "{failed:?}"
    );
    assert_eq!(image(&world.get(&web).await.unwrap()), "web:1");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_runs_its_own_hook_once() {
    let mut world = World::new().await;
    let with = |image: &str| {
        let alarm = job("alarm", "onFailure", "");
        [namespace(), deployment("web", image), alarm]
    };
    world.application("web", "deadlineSeconds: 1", &with("web:1"));
    world.converge("One").await;
    assert!(world.get(&job_key("alarm")).await.is_none());
    world.application("web", "deadlineSeconds: 1", &with("bad:2"));
    let bad = world.commit("Two");
    world.phase("web", &bad, RolloutPhase::Failed).await;
    let alarm = end(&world, "alarm", "web-2", "Complete").await;
    let last = world.rollouts("web").await.remove(0);
    assert!(last.undone_at.is_some(), "{last:?}");
    world.application("other", "", &[config_map("other", "x")]);
    world.commit("Three");
    world
        .until("the other one", || async {
            let rollouts = world.rollouts("other").await;
            rollouts.first().filter(|it| it.phase.is_final()).map(drop)
        })
        .await;
    let still = world.get(&job_key("alarm")).await.unwrap();
    assert_eq!(still.uid(), alarm.uid());
    world.end().await;
}
