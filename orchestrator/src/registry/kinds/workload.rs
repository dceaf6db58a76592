//! What Deployments, ReplicaSets and Jobs share: a selector, a pod template, replicas.

use api::selector::LabelSelector;
use api::{Cause, Object};
use serde_json::{Value, json};

use super::field::{Causes, Field};
use super::{edit, pod};

/// Defaults of the pods a template makes.
pub(super) fn default_template(spec: &mut Value) {
    if let Some(template) = edit::member(spec, "template")
        && let Some(pod_spec) = edit::ensure(template, "spec")
    {
        pod::default_spec(pod_spec);
    }
}

/// `template`: labels, annotations, and everything a pod's spec must satisfy.
pub(super) fn template(causes: &mut Causes, template: &Field, restart: &[&str]) {
    let metadata = template.get("metadata");
    causes.labels(&metadata.get("labels"));
    for (key, value) in metadata.get("annotations").entries() {
        for rule in api::name::qualified_name(&key.to_lowercase()) {
            causes.push(Cause::invalid(
                metadata.get("annotations").path(),
                &json!(key),
                &rule,
            ));
        }
        if !value.value().is_string() {
            causes.invalid(&value, "must be a string");
        }
    }
    let spec = template.get("spec");
    pod::validate_spec(causes, &spec);
    let policy = spec.get("restartPolicy");
    if policy.is_set() && !restart.contains(&policy.text()) {
        causes.push(Cause::not_supported(policy.path(), policy.value(), restart));
    }
}

/// `spec.selector` is there, selects something, and selects the template's pods. `of` is a
/// phrase for messages: `deployment`.
pub(super) fn selector(causes: &mut Causes, spec: &Field, of: &str) {
    let selector = spec.get("selector");
    if !selector.is_set() {
        causes.required(&selector, "");
        return;
    }
    causes.selector(&selector);
    let parsed = LabelSelector::from_object(Some(selector.value()));
    if parsed.is_empty() {
        let rule = format!("empty selector is invalid for {of}");
        causes.invalid(&selector, &rule);
        return;
    }
    let labels = spec.get("template").get("metadata").get("labels");
    if !parsed.matches_with(|key| labels.value().get(key).and_then(Value::as_str)) {
        causes.invalid(&labels, "`selector` does not match template `labels`");
    }
}

/// The selector may not change: pods made before would be lost.
pub(super) fn fixed_selector(new: &Object, old: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let selector = |object| Field::root(object).get("spec").get("selector");
    causes.immutable(&selector(new), &selector(old));
    causes.finish()
}

/// Counts of a status: none negative, none above another it is part of.
pub(super) fn counts(new: &Object, fields: &[&str]) -> Vec<Cause> {
    let mut causes = Causes::default();
    let status = Field::root(new).get("status");
    for field in fields {
        causes.at_least(&status.get(field), 0);
    }
    let count = |field| status.get(field).number().unwrap_or_default();
    for (part, whole) in [
        ("updatedReplicas", "replicas"),
        ("fullyLabeledReplicas", "replicas"),
        ("readyReplicas", "replicas"),
        ("availableReplicas", "readyReplicas"),
    ] {
        if count(part) > count(whole) {
            let rule = format!("cannot be greater than {whole}");
            causes.invalid(&status.get(part), &rule);
        }
    }
    causes.finish()
}
