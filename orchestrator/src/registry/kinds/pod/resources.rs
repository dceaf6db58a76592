//! Requests and limits.

use api::{Cause, Quantity};
use serde_json::{Value, json};

use super::super::edit;
use super::super::field::{Causes, Field};

/// Writes each amount of a map the one canonical way: `0.5` becomes `500m`, a bare `1` becomes
/// `"1"`. What is no amount stays for validation to name.
pub(in super::super) fn canonical(holder: &mut Value, field: &str) {
    let Some(map) = edit::member(holder, field).and_then(Value::as_object_mut) else {
        return;
    };
    for value in map.values_mut() {
        if let Ok(amount) = Quantity::from_json(value) {
            *value = json!(amount.to_string());
        }
    }
}

/// A map from resource name to amount: names known or qualified, amounts not negative.
pub(in super::super) fn quantities(causes: &mut Causes, map: &Field) {
    for (name, amount) in map.entries() {
        for rule in api::name::qualified_name(name) {
            causes.push(Cause::invalid(amount.path(), &json!(name), &rule));
        }
        match Quantity::from_json(amount.value()) {
            Ok(quantity) if quantity.is_negative() => {
                causes.invalid(&amount, "must be greater than or equal to 0");
            }
            Ok(_) => {}
            Err(error) => causes.invalid(&amount, &error.to_string()),
        }
    }
}

/// `resources` of one container.
pub(super) fn validate(causes: &mut Causes, resources: &Field) {
    let (limits, requests) = (resources.get("limits"), resources.get("requests"));
    causes.absent(&resources.get("claims"));
    for map in [&limits, &requests] {
        quantities(causes, map);
        for (name, amount) in map.entries() {
            let is_standard = ["cpu", "memory", "ephemeral-storage"].contains(&name)
                || name.starts_with("hugepages-");
            if !is_standard && !name.contains('/') {
                causes.push(Cause::invalid(
                    amount.path(),
                    &json!(name),
                    "must be a standard resource for containers",
                ));
            }
        }
    }
    for (name, amount) in requests.entries() {
        let limit = limits.entry(name);
        let (Ok(wanted), Ok(most)) = (
            Quantity::from_json(amount.value()),
            Quantity::from_json(limit.value()),
        ) else {
            continue;
        };
        // What cannot be shared cannot be promised to more than one, either.
        if (name.contains('/') || name.starts_with("hugepages-")) && wanted != most {
            causes.invalid(&amount, &format!("must be equal to {name} limit of {most}"));
        } else if wanted > most {
            let rule = format!("must be less than or equal to {name} limit of {most}");
            causes.invalid(&amount, &rule);
        }
    }
}
