//! Writes the scheduler's decisions through the client.

use std::sync::Arc;

use api::{Collection, Object};
use client::{
    Cache, Client, Env, Error, EventRecorder, EventType, Patch, PatchOptions, Remedy, Target,
};
use serde_json::json;

use super::filter::VolumeChoice;
use super::pod::{Name, Pod};
use super::state::{Ending, NAME, Work};
use super::volume::SELECTED_NODE;

pub(super) struct Writer {
    pub(super) client: Arc<dyn Client>,
    pub(super) events: EventRecorder,
    pub(super) env: Env,
    pub(super) pods: Cache,
    pub(super) volumes: Cache,
}

impl Writer {
    /// Never fails: an error is one way for work to end.
    pub(super) async fn perform(&self, work: &Work) -> Ending {
        let answer = match work {
            Work::Bind { pod, node } => self.bind(pod, node).await,
            Work::PrepareVolumes { pod, node, choices } => self.prepare(pod, node, choices).await,
            Work::Report { pod, message } => self.report(pod, message).await,
        };
        match answer {
            Ok(()) => Ending::Done,
            Err(error) if error.is_not_found() => Ending::Gone,
            Err(error) => {
                tracing::debug!(%error, ?work, "a write of the scheduler failed");
                match error.remedy() {
                    Remedy::Invalid => Ending::Refused(error.to_string()),
                    Remedy::Conflict | Remedy::Transient => Ending::Unclear,
                }
            }
        }
    }

    async fn bind(&self, pod: &Pod, node: &str) -> Result<(), Error> {
        let Name { namespace, name } = &pod.name;
        let binding = json!({
            "apiVersion": "v1", "kind": "Binding",
            "metadata": {"name": name, "namespace": namespace, "uid": pod.uid},
            "target": {"apiVersion": "v1", "kind": "Node", "name": node},
        });
        let target = Target::subresource(self.pods.collection().key(namespace, name), "binding");
        self.client
            .create_subresource(&target, &binding.into())
            .await?;
        let message = format!("Successfully assigned {} to {node}", pod.name);
        self.record(pod, EventType::Normal, "Scheduled", &message);
        Ok(())
    }

    async fn prepare(&self, pod: &Pod, node: &str, choices: &[VolumeChoice]) -> Result<(), Error> {
        for choice in choices {
            match choice {
                VolumeChoice::Provision { claim } => self.select_node(claim, node).await?,
                VolumeChoice::Existing { claim, volume } => self.hold(claim, volume).await?,
            }
        }
        tracing::debug!(object.key = %pod.name, node, "waits for its volumes");
        Ok(())
    }

    async fn select_node(&self, claim: &Name, node: &str) -> Result<(), Error> {
        let target = Target::object(claims().key(&claim.namespace, &claim.name));
        let patch = json!({"metadata": {"annotations": {SELECTED_NODE: node}}});
        self.client
            .patch(&target, &Patch::Merge(patch), &options())
            .await?;
        Ok(())
    }

    /// Names the claim in the volume; the volume binder does the rest.
    async fn hold(&self, claim: &Name, volume: &str) -> Result<(), Error> {
        let key = self.volumes.collection().key("", volume);
        let live = self.client.get(&key).await?;
        let claim = self
            .client
            .get(&claims().key(&claim.namespace, &claim.name))
            .await?;
        // The version makes this fail where somebody else has taken the volume meanwhile.
        let patch = json!({
            "metadata": {"resourceVersion": live.resource_version()},
            "spec": {"claimRef": {
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "uid": claim.uid(),
                "namespace": claim.namespace(), "name": claim.name(),
            }},
        });
        let holder = live.text("/spec/claimRef/uid");
        if holder.is_empty() {
            let target = Target::object(key);
            self.client
                .patch(&target, &Patch::Merge(patch), &options())
                .await?;
        } else if holder != claim.uid().0 {
            let message = "the volume was taken by another claim";
            return Err(api::Status::conflict(&key, message).into());
        }
        Ok(())
    }

    async fn report(&self, pod: &Pod, message: &str) -> Result<(), Error> {
        let Name { namespace, name } = &pod.name;
        let key = self.pods.collection().key(namespace, name);
        let known = self
            .pods
            .get(&key)
            .and_then(|object| object.condition("PodScheduled"));
        if known.as_ref().is_some_and(|known| known.message == message) {
            return Ok(());
        }
        let mut condition = json!({
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
            "message": message,
        });
        if known.is_none_or(|known| known.status != "False") {
            condition["lastTransitionTime"] = json!(api::time(self.env.now()));
        }
        let patch = Patch::Strategic(json!({
            "metadata": {"uid": pod.uid},
            "status": {"conditions": [condition]},
        }));
        self.client
            .patch(&Target::status(key), &patch, &options())
            .await?;
        self.record(pod, EventType::Warning, "FailedScheduling", message);
        Ok(())
    }

    fn record(&self, pod: &Pod, kind: EventType, reason: &str, message: &str) {
        let about: Object = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": pod.name.name, "namespace": pod.name.namespace, "uid": pod.uid,
            },
        })
        .into();
        self.events.record(&about, kind, reason, message);
    }
}

fn claims() -> Collection {
    Collection::new("", "persistentvolumeclaims")
}

fn options() -> PatchOptions {
    PatchOptions {
        field_manager: NAME.to_owned(),
        ..PatchOptions::default()
    }
}
