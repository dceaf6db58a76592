//! From what a node's agent says that is used to `metrics.k8s.io`. Pure: what is not known is
//! left out, and a pod of which a container is not known is left out as a whole.

use std::collections::BTreeMap;

use api::quantity::Quantity;
use api::{GroupVersionKind, Object, Uid};
use serde_json::{Value, json};

use crate::watch::Item;

pub(crate) const GROUP: &str = "metrics.k8s.io";
const VERSION: &str = "v1beta1";

/// `NodeMetrics` of a node.
pub(crate) fn node(item: &Item, summary: &Value) -> Option<Object> {
    let told = &summary["node"];
    let mut measured = measured("NodeMetrics", item, told)?;
    measured.body["usage"] = usage(told)?;
    Some(measured)
}

/// The pods that a node has told of.
pub(crate) fn pods(summary: &Value) -> BTreeMap<Uid, &Value> {
    let all = summary["pods"].as_array().into_iter().flatten();
    all.filter_map(|pod| Some((Uid(pod["podRef"]["uid"].as_str()?.to_owned()), pod)))
        .collect()
}

/// `PodMetrics` of a pod.
pub(crate) fn pod(item: &Item, told: &Value) -> Option<Object> {
    let containers = told["containers"].as_array()?;
    let mut measured = measured("PodMetrics", item, containers.first()?)?;
    let containers: Option<Vec<Value>> = containers
        .iter()
        .map(|it| Some(json!({"name": it["name"], "usage": usage(it)?})))
        .collect();
    measured.body["containers"] = containers?.into();
    Some(measured)
}

fn measured(kind: &str, item: &Item, told: &Value) -> Option<Object> {
    let gvk = GroupVersionKind::new(GROUP, VERSION, kind);
    let mut object = Object::new(&gvk, &item.key.namespace, &item.key.name);
    for (key, value) in item.labels() {
        object.set_label(key, value);
    }
    let at = whole_seconds(told["cpu"]["time"].as_str()?);
    object.body["metadata"]["creationTimestamp"] = json!(at);
    object.body["timestamp"] = json!(at);
    object.body["window"] = json!(told["cpu"]["window"].as_str()?);
    Some(object)
}

/// `2026-01-01T00:00:00.5Z` as every time of Kubernetes is written.
fn whole_seconds(time: &str) -> String {
    match time.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => time.to_owned(),
    }
}

fn usage(told: &Value) -> Option<Value> {
    let number = |pointer| told.pointer(pointer)?.as_i64();
    let cpu = Quantity::billionths(number("/cpu/usageNanoCores")?);
    let memory = Quantity::bytes(number("/memory/workingSetBytes")?);
    Some(json!({"cpu": cpu, "memory": memory}))
}

#[cfg(test)]
mod tests {
    use api::{Collection, Revision};

    use super::*;
    use crate::store::Body;

    fn item(name: &str) -> Item {
        let key = Collection::new("", "pods").key("default", name);
        let body = json!({"metadata": {"name": name, "labels": {"app": "web"}}});
        let body = Body::encode(&Object::from(body));
        Item::new(key, Uid("u1".into()), Revision(1), &body)
    }

    fn told(cpu: Option<i64>) -> Value {
        let mut told = json!({"name": "c", "memory": {"workingSetBytes": 2 << 20},
            "cpu": {"time": "2026-01-01T00:00:09.25Z", "window": "10.000s"}});
        if let Some(cpu) = cpu {
            told["cpu"]["usageNanoCores"] = json!(cpu);
        }
        told
    }

    #[test]
    fn a_pod_is_told_of_as_a_whole_or_not_at_all() {
        let both = json!({"containers": [told(Some(250_000_000)), told(Some(7))]});
        let measured = pod(&item("web"), &both).unwrap();
        assert_eq!(measured.kind(), "PodMetrics");
        assert_eq!(measured.label("app"), Some("web"));
        assert_eq!(measured.text("/timestamp"), "2026-01-01T00:00:09Z");
        assert_eq!(measured.text("/window"), "10.000s");
        let usage = |container: usize| measured.body["containers"][container]["usage"].clone();
        assert_eq!(usage(0), json!({"cpu": "250m", "memory": "2Mi"}));
        assert_eq!(usage(1), json!({"cpu": "7n", "memory": "2Mi"}));

        let one = json!({"containers": [told(Some(7)), told(None)]});
        assert_eq!(pod(&item("web"), &one), None);
        assert_eq!(pod(&item("web"), &json!({"containers": []})), None);
        assert_eq!(
            node(&item("n1"), &json!({"node": {"nodeName": "n1"}})),
            None
        );
        let summary = json!({"node": told(Some(1_500_000_000)), "pods": [
            {"podRef": {"uid": "u1"}, "containers": []}, {"podRef": {}}]});
        let measured = node(&item("n1"), &summary).unwrap();
        assert_eq!(measured.body["usage"]["cpu"], "1500m");
        let known: Vec<String> = pods(&summary).into_keys().map(|uid| uid.0).collect();
        assert_eq!(known, ["u1"]);
    }
}
