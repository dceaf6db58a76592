//! Kinds that only Kedge itself writes. A role cannot say so: an administrator has every right.

use api::{ObjectKey, Reason, Status, kinds};

use super::super::context::{Context, Origin};
use crate::auth::pki::RECONCILER;

/// Refuses whoever is neither the reconciler, which writes the records, nor a part of the
/// orchestrator, which deletes them with their owner or namespace.
pub(crate) fn admit(context: &Context, key: &ObjectKey) -> Result<(), Status> {
    let collection = &key.collection;
    if collection.group != kinds::GROUP || collection.resource != "rollouts" {
        return Ok(());
    }
    if context.origin == Origin::Component || context.identity.name == RECONCILER {
        return Ok(());
    }
    let message = format!(
        "{collection} \"{}\" is forbidden: rollouts are records that Kedge writes; \
         push a commit to start one, kedge rollback to undo one",
        key.name
    );
    Err(Status::new(Reason::Forbidden, message))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use api::{Collection, Object};
    use client::{DeleteOptions, Patch, Step};
    use serde_json::json;

    use super::*;
    use crate::auth::Identity;
    use crate::registry::{FieldValidation, Force, Part, kinds as table};
    use crate::testing::Cluster;

    fn context(name: &str, groups: &[&str]) -> Context {
        Context {
            commit: String::new(),
            identity: Identity::authenticated(name, groups),
            manager: "kubectl".into(),
            dry_run: false,
            validation: FieldValidation::Warn,
            origin: Origin::Request,
        }
    }

    #[tokio::test]
    async fn only_the_reconciler_writes_rollouts() {
        let cluster = Cluster::new().await;
        let registry = Arc::clone(&cluster.registry);
        let admin = context("kubernetes-admin", &["system:masters"]);
        let reconciler = context(RECONCILER, &[]);
        let rollouts = Collection::new("kedge.dev", "rollouts");
        let kind = table::of(&rollouts).unwrap();
        let key = rollouts.key("default", "web-1");
        let body: Object = json!({
            "apiVersion": "kedge.dev/v1alpha1", "kind": "Rollout",
            "metadata": {"name": "web-1", "namespace": "default"},
            "spec": {"application": "web", "revision": "a".repeat(40)},
        })
        .into();
        let create = async |context: &Context| {
            let created = registry.create(context, kind, "default", body.clone());
            created.await.map(drop)
        };
        let patch = async |context: &Context, part, patch: Patch| {
            let patched = registry.patch(context, kind, &key, part, &patch, Force::Yes);
            patched.await.map(drop)
        };
        let status = || Patch::Merge(json!({"status": {"phase": "Failed"}}));
        let label = || Patch::Merge(json!({"metadata": {"labels": {"a": "b"}}}));
        let steps = [
            Step::Apply {
                object: body.clone(),
                force: true,
                uid: None,
            },
            Step::Delete {
                key: key.clone(),
                uid: None,
            },
            Step::Restore {
                object: body.clone(),
            },
        ];
        let options = DeleteOptions::default();
        let refused = |answer: Result<(), Status>| {
            let status = answer.unwrap_err();
            assert_eq!(status.reason, Reason::Forbidden, "{status:?}");
            let text = "rollouts.kedge.dev \"web-1\" is forbidden: rollouts are records";
            assert!(status.message.contains(text), "{status:?}");
        };

        refused(create(&admin).await);
        create(&reconciler).await.unwrap();
        patch(&reconciler, Part::Status, status()).await.unwrap();
        refused(patch(&admin, Part::Status, status()).await);
        refused(patch(&admin, Part::Main, label()).await);
        refused(patch(&admin, Part::Main, Patch::Apply(body.clone())).await);
        let live = cluster.client.get(&key).await.unwrap();
        let updated = registry.update(&admin, kind, &key, Part::Main, live);
        refused(updated.await.map(drop));
        for step in steps {
            let written = registry.transaction(&admin, &[step]).await;
            refused(written.map(drop));
        }
        let deleted = registry.delete(&admin, kind, &key, &options).await;
        refused(deleted.map(drop));
        // The garbage collector and the end of a namespace come through this client.
        cluster.client.delete(&key, &options).await.unwrap();
        create(&reconciler).await.unwrap();
        let deleted = registry.delete(&reconciler, kind, &key, &options).await;
        deleted.unwrap();
    }
}
