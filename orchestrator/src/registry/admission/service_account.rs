//! Every pod runs as a service account and can find its token (KEP-1205, bound tokens).

use serde_json::{Value, json};

use api::{Collection, Object, ObjectKey, Reason, Status};
use client::Env;

use super::super::view::View;

const MOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// An hour and seven seconds: the odd seconds mark tokens that the node refreshes.
const TOKEN_SECONDS: i64 = 3607;

pub(crate) fn complete(view: &View<'_>, env: &Env, pod: &mut Object) -> Result<(), Status> {
    // Mirror pods come from the node itself and carry no credentials.
    if pod.annotation("kubernetes.io/config.mirror").is_some() {
        return Ok(());
    }
    if pod.text("/spec/serviceAccountName").is_empty() {
        pod.body["spec"]["serviceAccountName"] = json!("default");
    }
    let name = pod.text("/spec/serviceAccountName").to_owned();
    pod.body["spec"]["serviceAccount"] = json!(name);
    let key = Collection::new("", "serviceaccounts").key(pod.namespace(), &name);
    let account = view.get(&key).ok_or_else(|| missing(pod, &key))?.object;
    let automount = pod
        .pointer("/spec/automountServiceAccountToken")
        .and_then(Value::as_bool)
        .or_else(|| {
            account
                .pointer("/automountServiceAccountToken")
                .and_then(Value::as_bool)
        })
        .unwrap_or(true);
    if pod
        .pointer("/spec/imagePullSecrets")
        .and_then(Value::as_array)
        .is_none_or(Vec::is_empty)
        && let Some(secrets) = account.pointer("/imagePullSecrets")
    {
        pod.body["spec"]["imagePullSecrets"] = secrets.clone();
    }
    if automount {
        mount(env, pod);
    }
    Ok(())
}

fn missing(pod: &Object, key: &ObjectKey) -> Status {
    let message = format!(
        "pods \"{}\" is forbidden: error looking up service account {}/{}: serviceaccount \"{}\" not found",
        pod.name(),
        key.namespace,
        key.name,
        key.name
    );
    Status::new(Reason::Forbidden, message)
}

/// Mounts the token volume into every container that does not mount something there itself.
fn mount(env: &Env, pod: &mut Object) {
    let volume = format!("kube-api-access-{}", env.ids.suffix(5));
    let mut used = false;
    for list in ["containers", "initContainers"] {
        for container in array_mut(&mut pod.body["spec"], list) {
            let mounts = &mut container["volumeMounts"];
            if !mounts.is_array() {
                *mounts = Value::Array(Vec::new());
            }
            let Some(mounts) = mounts.as_array_mut() else {
                continue;
            };
            if mounts.iter().all(|mount| mount["mountPath"] != MOUNT_PATH) {
                mounts.push(json!({"name": volume, "readOnly": true, "mountPath": MOUNT_PATH}));
                used = true;
            }
        }
    }
    if !used {
        return;
    }
    let volumes = &mut pod.body["spec"]["volumes"];
    if !volumes.is_array() {
        *volumes = Value::Array(Vec::new());
    }
    if let Some(volumes) = volumes.as_array_mut() {
        volumes.push(json!({"name": volume, "projected": {"defaultMode": 420, "sources": [
            {"serviceAccountToken": {"expirationSeconds": TOKEN_SECONDS, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
        ]}}));
    }
}

/// The list, without making it where it is absent.
fn array_mut<'a>(spec: &'a mut Value, list: &str) -> &'a mut [Value] {
    spec.get_mut(list)
        .and_then(Value::as_array_mut)
        .map(Vec::as_mut_slice)
        .unwrap_or_default()
}
