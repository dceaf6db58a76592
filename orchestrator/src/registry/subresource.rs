//! Subresources with a life of their own: `binding`, `eviction`, `scale`.

use serde_json::{Value, json};

use api::{Cause, Collection, Object, ObjectKey, Status};
use client::DeleteOptions;

use super::context::{Context, Written};
use super::intent::Intent;
use super::kinds::Kind;
use super::prepared::{Effect, Prepared};
use super::view::Current;
use super::{Registry, manage};

impl Registry {
    /// `POST pods/NAME/binding`: gives the pod its node, once.
    ///
    /// # Errors
    /// `Conflict` where the pod is bound already or being deleted.
    pub async fn bind(
        &self,
        context: &Context,
        kind: &Kind,
        key: &ObjectKey,
        binding: &Object,
    ) -> Result<(), Status> {
        let node = binding.text("/target/name");
        if node.is_empty() {
            let cause = Cause::required("target.name", "");
            return Err(Status::invalid("", "Binding", &key.name, vec![cause]));
        }
        self.commit(context, |view, attempt| {
            let current = view.existing(key)?;
            let namespace = key.namespace.as_str();
            let intent = Intent::new(view, context, kind, namespace, attempt);
            let mut next = bound(
                key,
                &current,
                node,
                &binding.uid().0,
                &api::time(self.env.now()),
            )?;
            manage::track(&intent, Some(&current.object), &mut next, self.env.now());
            let effect = Effect::Replace {
                expected: current.revision,
            };
            Ok(Prepared {
                effect,
                ..Prepared::unchanged(key.clone(), next)
            })
        })
        .await
        .map(|_| ())
    }

    /// `POST pods/NAME/eviction`: a deletion that respects disruption budgets. There are none in
    /// this release, so that it deletes with the options given.
    pub async fn evict(
        &self,
        context: &Context,
        kind: &Kind,
        key: &ObjectKey,
        options: &DeleteOptions,
    ) -> Result<Written, Status> {
        self.delete(context, kind, key, options).await
    }

    /// `PUT …/scale`: sets the replica count through the object's ordinary update.
    pub async fn set_scale(
        &self,
        context: &Context,
        kind: &Kind,
        key: &ObjectKey,
        change: impl Fn(Object) -> Result<Object, Status>,
    ) -> Result<Object, Status> {
        let written = self
            .commit(context, |view, attempt| {
                let current = view.existing_as(kind, key)?;
                let wanted = change(kind.scale(&current.object)?)?;
                check_version(key, &wanted, &current)?;
                let mut next = current.object.clone();
                kind.set_scale(&mut next, &wanted)?;
                let namespace = key.namespace.as_str();
                let intent = Intent::new(view, context, kind, namespace, attempt);
                self.prepare_update(&intent, &current, next)
            })
            .await?;
        kind.scale(&written.object)
    }
}

fn check_version(key: &ObjectKey, scale: &Object, current: &Current) -> Result<(), Status> {
    let version = scale.resource_version();
    if !version.0.is_empty() && version != current.object.resource_version() {
        return Err(Status::conflict(
            key,
            "the object has been modified; please apply your changes to the latest version and try again",
        ));
    }
    Ok(())
}

/// The pod with its node and the condition that says so.
fn bound(
    key: &ObjectKey,
    current: &Current,
    node: &str,
    uid: &str,
    now: &str,
) -> Result<Object, Status> {
    let pod = &current.object;
    if !uid.is_empty() && uid != pod.uid().0 {
        return Err(Status::conflict(key, "the pod is another one by now"));
    }
    if pod.is_deleting() {
        return Err(Status::conflict(
            key,
            &format!(
                "pod {} is being deleted, cannot be assigned to a host",
                key.name
            ),
        ));
    }
    let assigned = pod.text("/spec/nodeName");
    if !assigned.is_empty() {
        return Err(Status::conflict(
            key,
            &format!("pod {} is already assigned to node {assigned:?}", key.name),
        ));
    }
    let mut next = pod.clone();
    next.body["spec"]["nodeName"] = json!(node);
    let scheduled = json!({"type": "PodScheduled", "status": "True", "lastProbeTime": null, "lastTransitionTime": now});
    let mut conditions: Vec<Value> = pod
        .pointer("/status/conditions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|condition| condition["type"] != "PodScheduled")
        .cloned()
        .collect();
    conditions.push(scheduled);
    next.body["status"]["conditions"] = Value::Array(conditions);
    Ok(next)
}

/// Where bindings are posted without naming the pod in the path (`POST …/bindings`).
pub(crate) fn binding_target(namespace: &str, binding: &Object) -> ObjectKey {
    Collection::new("", "pods").key(namespace, binding.name())
}
