//! What a namespace lacks.

use std::sync::Arc;

use api::Object;
use serde_json::json;

use crate::controllers::action::Action;
use crate::controllers::collections::{config_maps, service_accounts};

pub(super) const ACCOUNT: &str = "default";
pub(super) const AUTHORITY: &str = "kube-root-ca.crt";
const DESCRIPTION: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

/// What the caches hold for one namespace.
pub(super) struct Observed<'a> {
    pub(super) namespace: Arc<Object>,
    pub(super) account: Option<Arc<Object>>,
    pub(super) authority_map: Option<Arc<Object>>,
    /// Certificates, PEM.
    pub(super) authority: &'a str,
}

pub(super) fn decide(observed: &Observed) -> Vec<Action> {
    let namespace = &observed.namespace;
    if namespace.is_deleting() || namespace.text("/status/phase") == "Terminating" {
        return Vec::new();
    }
    let mut actions = Vec::new();
    if observed.account.is_none() {
        let object = json!({
            "apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"name": ACCOUNT, "namespace": namespace.name()},
        });
        actions.push(Action::Create {
            collection: service_accounts(),
            object: object.into(),
        });
    }
    let data = json!({"ca.crt": observed.authority});
    match &observed.authority_map {
        None => {
            let object = json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {
                    "name": AUTHORITY, "namespace": namespace.name(),
                    "annotations": {"kubernetes.io/description": DESCRIPTION},
                },
                "data": data,
            });
            actions.push(Action::Create {
                collection: config_maps(),
                object: object.into(),
            });
        }
        Some(found) if found.body["data"] != data => {
            let mut object = (**found).clone();
            object.body["data"] = data;
            actions.push(Action::Replace {
                collection: config_maps(),
                object,
            });
        }
        Some(_) => {}
    }
    actions
}
