//! Which objects a pod needs on its node.

use std::collections::BTreeSet;

use serde_json::Value;

use api::Object;

/// A kind of object that a pod can refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Referent {
    Secret,
    ConfigMap,
    Claim,
    ServiceAccount,
}

/// Everything the pod refers to, by kind and name, in its own namespace.
pub fn references(pod: &Object) -> BTreeSet<(Referent, String)> {
    let mut found = Found::default();
    let spec = &pod.body["spec"];
    found.add(Referent::ServiceAccount, &spec["serviceAccountName"]);
    for secret in list(&spec["imagePullSecrets"]) {
        found.add(Referent::Secret, &secret["name"]);
    }
    for kind in ["initContainers", "containers", "ephemeralContainers"] {
        for container in list(&spec[kind]) {
            found.container(container);
        }
    }
    for volume in list(&spec["volumes"]) {
        found.volume(pod.name(), volume);
    }
    found.0
}

#[derive(Default)]
struct Found(BTreeSet<(Referent, String)>);

impl Found {
    fn add(&mut self, referent: Referent, name: &Value) {
        if let Some(name) = name.as_str().filter(|name| !name.is_empty()) {
            self.0.insert((referent, name.to_owned()));
        }
    }

    fn container(&mut self, container: &Value) {
        for source in list(&container["envFrom"]) {
            self.add(Referent::Secret, &source["secretRef"]["name"]);
            self.add(Referent::ConfigMap, &source["configMapRef"]["name"]);
        }
        for variable in list(&container["env"]) {
            let from = &variable["valueFrom"];
            self.add(Referent::Secret, &from["secretKeyRef"]["name"]);
            self.add(Referent::ConfigMap, &from["configMapKeyRef"]["name"]);
        }
    }

    fn volume(&mut self, pod: &str, volume: &Value) {
        self.add(Referent::Secret, &volume["secret"]["secretName"]);
        self.add(Referent::ConfigMap, &volume["configMap"]["name"]);
        self.add(
            Referent::Claim,
            &volume["persistentVolumeClaim"]["claimName"],
        );
        if volume["ephemeral"].is_object() {
            let name = volume["name"].as_str().unwrap_or_default();
            self.0.insert((Referent::Claim, format!("{pod}-{name}")));
        }
        for source in list(&volume["projected"]["sources"]) {
            self.add(Referent::Secret, &source["secret"]["name"]);
            self.add(Referent::ConfigMap, &source["configMap"]["name"]);
        }
        self.add(
            Referent::Secret,
            &volume["csi"]["nodePublishSecretRef"]["name"],
        );
        self.add(Referent::Secret, &volume["azureFile"]["secretName"]);
        for plugin in [
            "cephfs",
            "flexVolume",
            "iscsi",
            "rbd",
            "scaleIO",
            "storageos",
        ] {
            self.add(Referent::Secret, &volume[plugin]["secretRef"]["name"]);
        }
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
