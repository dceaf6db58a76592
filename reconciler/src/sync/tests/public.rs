//! Everything once more on a server that has what every Kubernetes has, and no more: no
//! transactions, no log of changes.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;

use api::{Collection, Object, ObjectKey, Reason, ResourceVersion, Status};
use client::{
    Author, Client, DeleteOptions, Error, List, ListOptions, Patch, PatchOptions, Step, Target,
    WatchOptions, WatchStream, WriteOptions,
};
use engine::rollout::RolloutPhase;

use super::*;
use crate::service::{RollbackRequest, Service, Span};
use crate::source::Person;

/// The server, seen by somebody who knows Kubernetes only.
pub(super) struct Public(pub(super) Arc<dyn Client>);

#[async_trait]
impl Client for Public {
    async fn get(&self, key: &ObjectKey) -> Result<Object, Error> {
        self.0.get(key).await
    }

    async fn list(&self, collection: &Collection, options: &ListOptions) -> Result<List, Error> {
        self.0.list(collection, options).await
    }

    async fn watch(
        &self,
        collection: &Collection,
        from: &ResourceVersion,
        options: &WatchOptions,
    ) -> Result<WatchStream, Error> {
        self.0.watch(collection, from, options).await
    }

    async fn create(
        &self,
        collection: &Collection,
        object: &Object,
        options: &WriteOptions,
    ) -> Result<Object, Error> {
        self.0.create(collection, object, options).await
    }

    async fn replace(
        &self,
        target: &Target,
        object: &Object,
        options: &WriteOptions,
    ) -> Result<Object, Error> {
        self.0.replace(target, object, options).await
    }

    async fn patch(
        &self,
        target: &Target,
        patch: &Patch,
        options: &PatchOptions,
    ) -> Result<Object, Error> {
        self.0.patch(target, patch, options).await
    }

    async fn delete(&self, key: &ObjectKey, options: &DeleteOptions) -> Result<Object, Error> {
        self.0.delete(key, options).await
    }

    async fn create_subresource(&self, target: &Target, body: &Object) -> Result<Object, Error> {
        self.0.create_subresource(target, body).await
    }

    async fn transaction(&self, _: &[Step], _: bool, _: Author<'_>) -> Result<Vec<Object>, Error> {
        let message = "the server could not find the requested resource";
        Err(Status::new(Reason::NotFound, message).into())
    }
}

async fn value(world: &World, name: &str) -> Option<String> {
    let live = world.get(&key("", "configmaps", name)).await?;
    Some(live.text("/data/value").to_owned())
}

fn secret(password: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: login}}\n\
         stringData: {{password: {password}}}\n"
    )
}

/// What differs is nothing, in its own plan.
async fn is_settled(world: &World) {
    let plan = world.reconciler.plan("web", "").await.unwrap();
    assert!(plan.plan.is_empty(), "{:?}", plan.lines);
}

#[tokio::test(flavor = "multi_thread")]
async fn waves_prune_and_drift_go_object_by_object() {
    let mut world = World::public().await;
    let late = config_map("late", "one").replace(
        "{name: late}",
        "{name: late, annotations: {kedge.dev/sync-wave: '1'}}",
    );
    let first = [
        namespace(),
        deployment("web", "web:1"),
        config_map("settings", "one"),
        secret("hush"),
        late,
    ];
    world.application("web", "", &first);
    world.converge("One").await;
    assert_eq!(value(&world, "late").await.as_deref(), Some("one"));
    is_settled(&world).await;

    // Somebody's hand is put back, and is on record.
    let settings = key("", "configmaps", "settings");
    world
        .patch(&settings, json!({"data": {"value": "hand"}}))
        .await;
    let drift = world
        .until("put back", || async {
            let drift = world.drifts("web").await.pop()?;
            let back = value(&world, "settings").await? == "one";
            back.then_some(drift)
        })
        .await;
    assert_eq!(
        (drift.what.as_str(), drift.actor.as_str()),
        ("changed", "kubectl-edit")
    );

    // What the commit no longer has goes; the secret's value is in no plan.
    let second = [namespace(), deployment("web", "web:2"), secret("new")];
    world.application("web", "", &second);
    world.converge("Two").await;
    world
        .until("pruned", || async {
            let gone = value(&world, "settings").await.is_none();
            (gone && value(&world, "late").await.is_none()).then_some(())
        })
        .await;
    let said = world.story().await;
    assert!(!said.contains("hush"), "{said}");
    is_settled(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_fails_is_taken_back_and_one_that_went_well_by_a_commit() {
    let mut world = World::public().await;
    let spec = "deadlineSeconds: 1";
    let with = |image: &str, value: &str| {
        [
            namespace(),
            deployment("web", image),
            config_map("settings", value),
        ]
    };
    world.application("web", spec, &with("web:1", "one"));
    world.converge("One").await;
    let mut bad = with("bad:2", "two").to_vec();
    bad.push(config_map("extra", "two"));
    world.application("web", spec, &bad);
    let failed = world.commit("Two");
    world.phase("web", &failed, RolloutPhase::Failed).await;
    world
        .until("as before", || async {
            let undone = world.rollouts("web").await.remove(0).undone_at?;
            let settings = value(&world, "settings").await? == "one";
            let gone = value(&world, "extra").await.is_none();
            (settings && gone).then_some(undone)
        })
        .await;

    for name in ["three", "four"] {
        world.application("web", "deadlineSeconds: 60", &with("web:3", name));
        world.converge(name).await;
    }
    let request = RollbackRequest {
        span: Span::Rollout("web-4".into()),
        reason: "It was wrong".into(),
        author: Person::new("Bob", "bob@example.org"),
        parent: None,
        plan: String::new(),
    };
    let done = world.reconciler.rollback(&request).await.unwrap();
    assert!(
        done.report.concat().contains("shop/settings"),
        "{:?}",
        done.report
    );
    world
        .phase("web", &done.commit, RolloutPhase::Succeeded)
        .await;
    assert_eq!(value(&world, "settings").await.as_deref(), Some("three"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_is_adopted_where_that_is_said_and_replaced_where_that_is() {
    let mut world = World::public().await;
    world.application("web", "", &[namespace()]);
    world.converge("One").await;
    let text = config_map("mine", "hand").replace("{name:", "{namespace: shop, name:");
    let object: serde_json::Value = api::codec::yaml::single(&text).unwrap();
    let object = Object::from(object);
    let options = WriteOptions {
        field_manager: "kubectl-create".into(),
        ..WriteOptions::default()
    };
    let maps = Collection::new("", "configmaps");
    let created = world.client.create(&maps, &object, &options);
    created.await.unwrap();
    let whole = config_map("whole", "one").replace(
        "{name: whole}",
        "{name: whole, annotations: {kedge.dev/apply: replace}}",
    );
    let with = |whole: &str| [namespace(), config_map("mine", "git"), whole.to_owned()];
    world.application("web", "", &with(&whole));
    world.commit("Two");
    world
        .until("refused", || async {
            let live = world.live_application("web").await?;
            let source = live.condition("SourceReady")?;
            source
                .message
                .contains("made by kubectl-create")
                .then_some(())
        })
        .await;
    world.application("web", "syncPolicy: {adopt: true}", &with(&whole));
    world.converge("Three").await;
    assert_eq!(value(&world, "mine").await.as_deref(), Some("git"));
    let whole = whole.replace("value: one", "value: two");
    world.application("web", "syncPolicy: {adopt: true}", &with(&whole));
    world.converge("Four").await;
    assert_eq!(value(&world, "whole").await.as_deref(), Some("two"));
    is_settled(&world).await;

    // A kind that nobody has is refused with its place, and looked for.
    let widget = "apiVersion: example.org/v1\nkind: Widget\nmetadata: {name: a}\n";
    world.application("web", "", &[namespace(), widget.into()]);
    world.commit("Five");
    world
        .until("refused", || async {
            let live = world.live_application("web").await?;
            let source = live.condition("SourceReady")?;
            let said = "web/1.yaml:1: the server knows no kind Widget of example.org/v1";
            source.message.contains(said).then_some(())
        })
        .await;
    world.end().await;
}
