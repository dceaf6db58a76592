//! A Service that leads nowhere.

use api::Object;
use api::selector::LabelSelector;

use super::chain::{Chain, Step, Tone};
use super::facts::Facts;
use super::rules::{self, SERVICE};
use super::unread;

/// Pods of one Service that are looked at for its ports: they come from few templates.
const LOOKED_AT: usize = 50;

/// Why a Service leads to no pod, in one clause. `None` of what is none, where it leads to one, whether or not
/// that is ready, and where others write its addresses. Pods of other namespaces do not count.
pub fn leads_nowhere<'a>(
    service: &Object,
    pods: impl IntoIterator<Item = &'a Object>,
) -> Option<String> {
    if service.kind() != "Service" || service.is_deleting() {
        return None;
    }
    let selector = LabelSelector::from_map(service.pointer("/spec/selector"));
    if selector.is_empty() || service.text("/spec/type") == "ExternalName" {
        return None;
    }
    let namespace = service.namespace();
    let selected = pods
        .into_iter()
        .filter(|pod| pod.namespace() == namespace && selector.matches(pod));
    let facts = Facts {
        object: service.clone(),
        around: selected.take(LOOKED_AT).cloned().collect(),
        ..Facts::default()
    };
    let (_, cause) = rules::first(SERVICE, &facts)?;
    let heading = cause.steps.into_iter().next()?.heading;
    Some(heading)
}

pub(super) fn explain(facts: &Facts) -> Chain {
    if !facts.unread.is_empty() {
        return unread::unknown(facts);
    }
    let subject = facts.subject();
    if let Some(found) = rules::first(SERVICE, facts) {
        let heading = format!("{subject} leads to no pod");
        let symptom = Step::new(Tone::Bad, "service", heading);
        return Chain::found(subject, vec![symptom], Some(found));
    }
    let selector = LabelSelector::from_map(facts.object.pointer("/spec/selector"));
    if selector.is_empty() {
        let heading = format!("{subject} selects nothing: its addresses are written by others");
        return Chain::well(subject, heading);
    }
    let pods: Vec<&Object> = facts
        .all("Pod")
        .filter(|pod| selector.matches(pod))
        .collect();
    let is_ready = |pod: &&&Object| pod.condition("Ready").is_some_and(|it| it.status == "True");
    let ready = pods.iter().filter(is_ready).count();
    let heading = format!("{subject} leads to {ready} ready of {} pods", pods.len());
    if ready > 0 {
        return Chain::well(subject, heading);
    }
    let mut chain = Chain::found(
        subject,
        vec![Step::new(Tone::Bad, "endpoints", heading)],
        None,
    );
    chain.missing = match pods.first() {
        Some(pod) => format!("why its pods are not ready: kedge why pod/{}", pod.name()),
        None => String::new(),
    };
    chain
}

#[test]
fn a_service_that_leads_nowhere_says_why() {
    use serde_json::json;
    let pod = Object::from(
        json!({"kind": "Pod", "metadata": {"name": "web-1", "namespace": "shop", "labels": {"app": "web"}},
        "spec": {"containers": [{"name": "web", "ports": [{"name": "http", "containerPort": 8080}]}]}}),
    );
    let check = |spec: serde_json::Value, expected: Option<&str>| {
        let service = json!({"kind": "Service", "metadata": {"name": "web", "namespace": "shop"}, "spec": spec});
        let told = leads_nowhere(&service.into(), [&pod]);
        assert_eq!(told.as_deref(), expected);
    };
    let port = |target: serde_json::Value| json!([{"port": 80, "targetPort": target}]);
    check(
        json!({"selector": {"app": "wbe"}, "ports": port(json!(8080))}),
        Some("No pod in namespace shop has the labels app=wbe"),
    );
    check(
        json!({"selector": {"app": "web"}, "ports": port(json!(9090))}),
        Some("Port 80 leads to 9090, which no container declares"),
    );
    check(
        json!({"selector": {"app": "web"}, "ports": port(json!("http"))}),
        None,
    );
    check(json!({"ports": port(json!(8080))}), None);
    check(
        json!({"type": "ExternalName", "selector": {"app": "x"}}),
        None,
    );
}
