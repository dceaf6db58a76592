//! Tells the API server how a pod is, when that is news.

use std::sync::Arc;

use api::{Collection, Object, ResourceVersion, Uid};
use client::{Patch, PatchOptions, Target};
use serde_json::Value;

use super::shared::Shared;
use super::status::{is_said, patch};

/// The newest state of a pod object that is known: the cache's, or the answer to the last
/// write, which is often ahead of it.
#[derive(Default)]
pub(super) struct Newest {
    answer: Option<Arc<Object>>,
    /// What was sent last, and the version of the object that came of it.
    sent: Option<(Value, ResourceVersion)>,
}

impl Newest {
    /// `None`: the API server knows this pod no more.
    pub(super) fn of(&self, shared: &Shared, uid: &Uid) -> Option<Arc<Object>> {
        let cached = shared.pods.by_uid(uid)?;
        let revision = |object: &Object| object.resource_version().revision();
        match &self.answer {
            Some(answer) if revision(answer) > revision(&cached) => Some(answer.clone()),
            _ => Some(cached),
        }
    }

    /// `news` was sent, and this is what the object is since.
    pub(super) fn answered(&mut self, news: Value, object: Object) {
        self.sent = Some((news, object.resource_version()));
        self.answer = Some(Arc::new(object));
    }

    /// The patch that is needed to make the API server say `wanted`; `None` when it does. What
    /// it was told already and wrote in its own way is not repeated.
    pub(super) fn news(&self, object: &Object, wanted: &Value) -> Option<Value> {
        let current = object.pointer("/status");
        if is_said(wanted, current) {
            return None;
        }
        let news = patch(wanted, current, &object.uid().0);
        let is_repeated = self.sent.as_ref().is_some_and(|(sent, version)| {
            *version == object.resource_version() && sent["status"] == news["status"]
        });
        (!is_repeated).then_some(news)
    }
}

/// Sends it. `Ok(None)`: the pod is gone, so there is nobody to tell.
pub(super) async fn publish(
    shared: Arc<Shared>,
    object: Arc<Object>,
    news: Value,
) -> Result<Option<(Value, Object)>, client::Error> {
    let key = object.key(&Collection::new("", "pods"));
    let options = PatchOptions {
        field_manager: "kedge-agent".into(),
        ..PatchOptions::default()
    };
    let target = Target::status(key);
    let patch = Patch::Strategic(news.clone());
    match shared.client.patch(&target, &patch, &options).await {
        Ok(object) => Ok(Some((news, object))),
        // Another pod of this name, or none: the cache is about to say so.
        Err(error) if error.is_not_found() || error.is_conflict() => Ok(None),
        Err(error) => Err(error),
    }
}
