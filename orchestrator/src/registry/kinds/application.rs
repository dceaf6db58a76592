//! kedge.dev Applications: a path of a repository and how it is kept in the cluster.

use api::expression::Expression;
use api::json_path::JsonPath;
use api::{Cause, Object};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::field::{Causes, Field};
use super::{Kind, cells, cron_job, edit, generic};

pub(super) fn kind(base: Kind) -> Kind {
    Kind {
        default,
        prepare_create: generic::first_generation,
        prepare_update: generic::next_generation,
        validate_create,
        validate_update: |new, _| validate_create(new),
        validate_status,
        row,
        field: |object, field| match field {
            "status.sync.status" => Some(object.text("/status/sync/status").to_owned()),
            "status.health.status" => Some(object.text("/status/health/status").to_owned()),
            _ => generic::metadata_field(object, field),
        },
        unconditional_update: false,
        ..base
    }
}

fn default(object: &mut Object) {
    let Some(spec) = edit::member(&mut object.body, "spec") else {
        return;
    };
    edit::set(spec, "deadlineSeconds", 600);
    let windows = spec.get_mut("syncWindows").and_then(Value::as_array_mut);
    for window in windows.into_iter().flatten() {
        edit::set(window, "manualSync", true);
    }
    if let Some(policy) = edit::ensure(spec, "syncPolicy") {
        for field in ["automated", "prune", "selfHeal"] {
            edit::set(policy, field, true);
        }
        edit::set(policy, "pruneBudget", 20);
        edit::set(policy, "adopt", false);
        edit::set(policy, "onFailure", "restore");
    }
}

fn validate_create(object: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let spec = Field::root(object).get("spec");
    sources(&mut causes, &spec);
    causes.at_least(&spec.get("deadlineSeconds"), 1);
    sync_policy(&mut causes, &spec);
    for dependency in spec.get("dependsOn").items() {
        causes.rules(&dependency, api::name::dns1123_subdomain(dependency.text()));
        if dependency.text() == object.name() && !object.name().is_empty() {
            causes.invalid(&dependency, "an Application cannot depend on itself");
        }
    }
    causes.name(&spec.get("targetNamespace"), api::name::dns1123_label);
    for window in spec.get("syncWindows").items() {
        sync_window(&mut causes, &window);
    }
    for check in spec.get("healthCheckExprs").items() {
        health_check(&mut causes, &check);
    }
    for rule in spec.get("ignoreDifferences").items() {
        ignored(&mut causes, &rule);
    }
    causes.finish()
}

/// Places of one Application.
const SOURCES: usize = 20;

fn sources(causes: &mut Causes, spec: &Field) {
    let (one, several) = (spec.get("source"), spec.get("sources"));
    let items: Vec<Field> = several.items().collect();
    if items.is_empty() || one.is_set() {
        source(causes, &one);
    }
    if one.is_set() && !items.is_empty() {
        causes.invalid(&several, "must be empty where there is a source");
    }
    if items.len() > SOURCES {
        causes.invalid(&several, &format!("must have at most {SOURCES} items"));
    }
    for item in &items {
        source(causes, item);
    }
}

fn source(causes: &mut Causes, source: &Field) {
    let path = source.get("path");
    if causes.require(
        &path,
        "the directory of the repository that holds the manifests",
    ) {
        if path.text().starts_with('/') {
            causes.invalid(&path, "must be a relative path");
        }
        if path.text().split('/').any(|part| part == "..") {
            causes.invalid(&path, "must not contain '..'");
        }
    }
    for field in ["repo", "revision"] {
        let text = source.get(field);
        // Both end up as arguments to Git.
        if text.text().starts_with('-') || text.text().chars().any(char::is_control) {
            causes.invalid(
                &text,
                "must not start with '-' or contain control characters",
            );
        }
    }
    verify(causes, &source.get("verify"));
    let variables = source.get("postBuild").get("substitute");
    for (name, _) in variables.entries() {
        let starts = |c: char| c.is_ascii_alphabetic() || c == '_';
        let rest = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !name.starts_with(starts) || !name.chars().all(rest) {
            causes.invalid(
                &variables,
                "a name must consist of letters, digits and '_', and not begin with a digit",
            );
        }
    }
}

fn verify(causes: &mut Causes, verify: &Field) {
    if !verify.is_set() {
        return;
    }
    let mode = verify.get("mode");
    if mode.is_set() {
        causes.one_of(&mode, &["head", "commits", "tag", "tagAndHead"]);
    }
    let (config_map, secret) = (verify.get("configMap"), verify.get("secret"));
    if config_map.is_set() == secret.is_set() {
        causes.invalid(
            verify,
            "must name either a configMap or a secret with the trusted keys",
        );
    }
    causes.name(&config_map, api::name::dns1123_subdomain);
    causes.name(&secret, api::name::dns1123_subdomain);
}

fn sync_policy(causes: &mut Causes, spec: &Field) {
    let known = ["restore", "restoreAlone", "revert", "bestEffort"];
    causes.one_of(&spec.get("syncPolicy").get("onFailure"), &known);
    let budget = spec.get("syncPolicy").get("pruneBudget");
    if budget.value().is_string() {
        causes.rules(&budget, api::name::percent(budget.text()));
    } else {
        causes.at_least(&budget, 0);
    }
    let deletion = spec.get("deletionPolicy");
    if deletion.is_set() {
        causes.one_of(&deletion, &["keepData", "delete", "orphan"]);
    }
}

fn sync_window(causes: &mut Causes, window: &Field) {
    causes.one_of(&window.get("kind"), &["allow", "deny"]);
    let schedule = window.get("schedule");
    if let Err(why) = cron_job::schedule(schedule.text()) {
        causes.invalid(&schedule, &why);
    }
    let duration = window.get("duration");
    let length = duration.text().parse::<SignedDuration>();
    let minute = SignedDuration::from_mins(1);
    if !length.is_ok_and(|length| length >= minute) {
        causes.invalid(
            &duration,
            "must be a time of a minute or more, such as 90m or 1h30m",
        );
    }
    let zone = window.get("timeZone");
    if !zone.is_empty() && TimeZone::get(zone.text()).is_err() {
        causes.invalid(
            &zone,
            "must be the name of a time zone, such as Europe/Berlin",
        );
    }
}

fn health_check(causes: &mut Causes, check: &Field) {
    causes.require(&check.get("apiVersion"), "such as example.org/v1");
    causes.require(&check.get("kind"), "a kind of objects");
    causes.require(&check.get("current"), "a CEL expression");
    for field in ["inProgress", "failed", "current"] {
        let expression = check.get(field);
        if expression.is_empty() {
            continue;
        }
        if let Err(error) = Expression::parse(expression.text()) {
            causes.invalid(&expression, &error.to_string());
        }
    }
}

fn ignored(causes: &mut Causes, rule: &Field) {
    let lists = ["jsonPointers", "jsonPaths", "managedFieldsManagers"];
    if lists.iter().all(|list| rule.get(list).is_empty()) {
        let hint = "one of jsonPointers, jsonPaths and managedFieldsManagers";
        causes.required(rule, hint);
    }
    for pointer in rule.get("jsonPointers").items() {
        let text = pointer.text();
        let identity = ["/apiVersion", "/kind", "/metadata", "/metadata/name"];
        if !text.starts_with('/') || identity.contains(&text) || text == "/metadata/namespace" {
            let rule = "must be a JSON pointer (RFC 6901) to a field, such as /spec/replicas";
            causes.invalid(&pointer, rule);
        }
    }
    for expression in rule.get("jsonPaths").items() {
        if let Err(error) = JsonPath::parse(expression.text()) {
            causes.invalid(&expression, &error.to_string());
        }
    }
    for manager in rule.get("managedFieldsManagers").items() {
        if manager.is_empty() {
            causes.required(&manager, "the name of a field manager");
        }
    }
}

fn validate_status(new: &Object, _old: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let status = Field::root(new).get("status");
    causes.one_of(
        &status.get("health").get("status"),
        &[
            "Healthy",
            "Suspended",
            "Progressing",
            "Missing",
            "Degraded",
            "Unknown",
        ],
    );
    causes.one_of(
        &status.get("sync").get("status"),
        &["Synced", "OutOfSync", "Unknown"],
    );
    causes.finish()
}

fn row(object: &Object, now: Timestamp) -> Vec<Value> {
    let revision = match object.text("/status/sync/revision") {
        "" => object.text("/status/revision"),
        revision => revision,
    };
    let message = object.text("/status/health/message");
    let message = if message.is_empty() {
        let condition = object
            .conditions()
            .into_iter()
            .find(|c| !c.message.is_empty());
        condition.map(|c| c.message).unwrap_or_default()
    } else {
        message.to_owned()
    };
    vec![
        json!(object.name()),
        cells::or_unknown(object.text("/status/sync/status")),
        cells::or_unknown(object.text("/status/health/status")),
        cells::or_none(short_commit(revision)),
        json!(object.text("/spec/source/path")),
        json!(message),
        cells::age(object, now),
    ]
}

/// The first seven digits of a commit; another revision as it is.
pub(super) fn short_commit(revision: &str) -> &str {
    let is_commit = revision.len() >= 40 && revision.bytes().all(|b| b.is_ascii_hexdigit());
    if is_commit { &revision[..7] } else { revision }
}
