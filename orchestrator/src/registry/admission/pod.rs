//! Pods outlive a short failure of their node (`DefaultTolerationSeconds`).

use serde_json::{Value, json};

use api::Object;

/// How long a pod stays bound to a node that stopped answering, unless it says otherwise.
const TOLERATION_SECONDS: i64 = 300;

pub(crate) fn default_tolerations(pod: &mut Object) {
    let tolerations = &mut pod.body["spec"]["tolerations"];
    if !tolerations.is_array() {
        *tolerations = Value::Array(Vec::new());
    }
    let Some(list) = tolerations.as_array_mut() else {
        return;
    };
    for key in [
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    ] {
        let tolerated = list.iter().any(|toleration| {
            let covers_key = toleration["key"] == key
                || toleration["key"].as_str().unwrap_or_default().is_empty();
            let effect = toleration["effect"].as_str().unwrap_or_default();
            covers_key && (effect.is_empty() || effect == "NoExecute")
        });
        if !tolerated {
            list.push(json!({
                "key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": TOLERATION_SECONDS,
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_both_unless_tolerated() {
        let mut pod = Object::from(json!({"spec": {}}));
        default_tolerations(&mut pod);
        default_tolerations(&mut pod);
        assert_eq!(pod.body["spec"]["tolerations"].as_array().unwrap().len(), 2);

        let mut pod = Object::from(json!({"spec": {"tolerations": [{"operator": "Exists"}]}}));
        default_tolerations(&mut pod);
        assert_eq!(pod.body["spec"]["tolerations"].as_array().unwrap().len(), 1);
    }
}
