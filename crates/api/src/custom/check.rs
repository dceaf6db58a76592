//! A definition itself: its defaults, and what Kubernetes refuses about it.

use serde_json::{Value, json};

use super::Definition;
use crate::{Cause, Object, name};

/// Groups that are Kubernetes' own need its approval.
const PROTECTED: [&str; 2] = ["k8s.io", "kubernetes.io"];
const APPROVAL: &str = "api-approved.kubernetes.io";

/// Fills in names and the conversion. Idempotent.
pub fn default(object: &mut Object) {
    let kind = object.text("/spec/names/kind").to_owned();
    let Some(spec) = object.body.get_mut("spec").and_then(Value::as_object_mut) else {
        return;
    };
    let conversion = spec.entry("conversion").or_insert(Value::Null);
    if conversion.is_null() {
        *conversion = json!({"strategy": "None"});
    }
    let Some(names) = spec.get_mut("names").and_then(Value::as_object_mut) else {
        return;
    };
    for (field, value) in [
        ("singular", kind.to_lowercase()),
        ("listKind", format!("{kind}List")),
    ] {
        let is_void = names
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .is_empty();
        if is_void && !kind.is_empty() {
            names.insert(field.into(), json!(value));
        }
    }
}

/// Everything about a definition that is wrong.
pub fn validate(object: &Object) -> Vec<Cause> {
    let (definition, wrong) = Definition::read(object);
    let mut causes = Vec::new();
    identity(object, &definition, &mut causes);
    names(&definition, &mut causes);
    versions(object, &definition, &mut causes);
    conversion(object, &mut causes);
    causes.extend(wrong);
    causes
}

/// `(new, old)`: group, plural and scope are for ever; so is the kind once it is established.
pub fn validate_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut causes = Vec::new();
    let established = old
        .condition("Established")
        .is_some_and(|it| it.status == "True");
    for (pointer, field, always) in [
        ("/spec/group", "spec.group", true),
        ("/spec/names/plural", "spec.names.plural", true),
        ("/spec/scope", "spec.scope", false),
        ("/spec/names/kind", "spec.names.kind", false),
    ] {
        if (always || established) && new.pointer(pointer) != old.pointer(pointer) {
            let value = new.pointer(pointer).unwrap_or(&Value::Null);
            causes.push(Cause::invalid(field, value, "field is immutable"));
        }
    }
    let stored = old.body["status"]["storedVersions"]
        .as_array()
        .into_iter()
        .flatten();
    for version in stored.filter_map(Value::as_str) {
        let versions = new.body["spec"]["versions"]
            .as_array()
            .into_iter()
            .flatten();
        if !versions.into_iter().any(|it| it["name"] == version) {
            let rule = format!(
                "must have version {version:?}: objects are stored in it (status.storedVersions)"
            );
            causes.push(Cause::invalid("spec.versions", &json!(version), &rule));
        }
    }
    causes.extend(validate(new));
    causes
}

fn identity(object: &Object, definition: &Definition, causes: &mut Vec<Cause>) {
    if definition.group.is_empty() {
        causes.push(Cause::required("spec.group", ""));
    } else {
        let group = &definition.group;
        let rules = name::dns1123_subdomain(group);
        causes.extend(
            rules
                .iter()
                .map(|rule| Cause::invalid("spec.group", &json!(group), rule)),
        );
        if !group.contains('.') {
            let rule = "should be a domain with at least one dot";
            causes.push(Cause::invalid("spec.group", &json!(group), rule));
        }
        let is_protected = PROTECTED
            .iter()
            .any(|it| group == it || group.ends_with(&format!(".{it}")));
        if is_protected && object.annotation(APPROVAL).is_none_or(str::is_empty) {
            let rule = format!("protected groups must have approval annotation {APPROVAL:?}");
            causes.push(Cause::required(
                format!("metadata.annotations[{APPROVAL}]"),
                &rule,
            ));
        }
    }
    if object.name() != definition.name() {
        let rule = "must be spec.names.plural+\".\"+spec.group";
        causes.push(Cause::invalid("metadata.name", &json!(object.name()), rule));
    }
    let scope = object.text("/spec/scope");
    if !["Namespaced", "Cluster"].contains(&scope) {
        let cause = Cause::not_supported("spec.scope", &json!(scope), &["Cluster", "Namespaced"]);
        causes.push(cause);
    }
    if object.pointer("/spec/preserveUnknownFields") == Some(&Value::Bool(true)) {
        let rule = "must be false in order to use defaults in the schema";
        causes.push(Cause::invalid(
            "spec.preserveUnknownFields",
            &json!(true),
            rule,
        ));
    }
}

fn names(definition: &Definition, causes: &mut Vec<Cause>) {
    let mut label = |field: &str, value: &str, required: bool| {
        if value.is_empty() {
            if required {
                causes.push(Cause::required(field, ""));
            }
            return;
        }
        let rules = name::dns1035_label(&value.to_lowercase());
        causes.extend(
            rules
                .iter()
                .map(|rule| Cause::invalid(field, &json!(value), rule)),
        );
    };
    label("spec.names.plural", &definition.plural, true);
    label("spec.names.singular", &definition.singular, false);
    label("spec.names.kind", &definition.kind, true);
    label("spec.names.listKind", &definition.list_kind, false);
    for (at, short) in definition.short_names.iter().enumerate() {
        label(&format!("spec.names.shortNames[{at}]"), short, true);
    }
    for (at, category) in definition.categories.iter().enumerate() {
        label(&format!("spec.names.categories[{at}]"), category, true);
    }
    if definition.plural != definition.plural.to_lowercase() {
        let rule = "must be in lower case";
        causes.push(Cause::invalid(
            "spec.names.plural",
            &json!(definition.plural),
            rule,
        ));
    }
    if !definition.kind.is_empty() && definition.kind == definition.list_kind {
        let rule = "kind and listKind may not be the same";
        causes.push(Cause::invalid(
            "spec.names.listKind",
            &json!(definition.list_kind),
            rule,
        ));
    }
}

fn versions(object: &Object, definition: &Definition, causes: &mut Vec<Cause>) {
    let said = object.body["spec"]["versions"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    if said.is_empty() {
        causes.push(Cause::required(
            "spec.versions",
            "must have at least one version",
        ));
        return;
    }
    let mut seen = std::collections::BTreeSet::new();
    for (at, version) in said.iter().enumerate() {
        let text = version["name"].as_str().unwrap_or_default();
        let field = format!("spec.versions[{at}].name");
        let rules = name::dns1035_label(text);
        causes.extend(
            rules
                .iter()
                .map(|rule| Cause::invalid(field.as_str(), &json!(text), rule)),
        );
        if !seen.insert(text) {
            causes.push(Cause::duplicate(field, &json!(text)));
        }
        if version["deprecationWarning"].is_string() && version["deprecated"] != true {
            let field = format!("spec.versions[{at}].deprecationWarning");
            let rule = "can only be set for deprecated versions";
            causes.push(Cause::invalid(field, &version["deprecationWarning"], rule));
        }
    }
    let storage = said
        .iter()
        .filter(|version| version["storage"] == true)
        .count();
    if storage != 1 {
        let rule = "must have exactly one version marked as storage version";
        causes.push(Cause::invalid("spec.versions", &json!(storage), rule));
    }
    if definition.served().next().is_none() {
        // As Kubernetes: a kind that nobody can reach is allowed, and told by discovery.
        return;
    }
    if said.len() > 100 {
        causes.push(Cause::invalid(
            "spec.versions",
            &json!(said.len()),
            "must have at most 100 items",
        ));
    }
}

fn conversion(object: &Object, causes: &mut Vec<Cause>) {
    let conversion = &object.body["spec"]["conversion"];
    match conversion["strategy"].as_str().unwrap_or("None") {
        "None" if conversion.get("webhook").is_some_and(|it| !it.is_null()) => {
            let rule = "should not be set when strategy is not set to Webhook";
            causes.push(Cause::forbidden("spec.conversion.webhook", rule));
        }
        "None" => {}
        "Webhook" => {
            let rule = "this server calls no webhooks: versions can only be converted by strategy None, which changes apiVersion and nothing else";
            causes.push(Cause::invalid(
                "spec.conversion.strategy",
                &json!("Webhook"),
                rule,
            ));
        }
        other => {
            let cause = Cause::not_supported("spec.conversion.strategy", &json!(other), &["None"]);
            causes.push(cause);
        }
    }
}
