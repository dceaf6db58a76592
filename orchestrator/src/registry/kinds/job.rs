//! Jobs: pods that run to completion.

use api::{Cause, Object};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::field::{Causes, Field};
use super::{Kind, Propagation, cells, edit, generic, workload};

/// Pods of an Indexed job.
const MOST_AT_ONCE: i64 = 100_000;
const CONTROLLER_UID: &str = "batch.kubernetes.io/controller-uid";
const JOB_NAME: &str = "batch.kubernetes.io/job-name";
/// The same without their prefix, as older tools select them.
const LEGACY: [&str; 2] = ["controller-uid", "job-name"];

pub(super) fn kind(base: Kind) -> Kind {
    Kind {
        default,
        prepare_create,
        prepare_update: generic::next_generation,
        validate_create,
        validate_update,
        validate_status,
        row,
        field: |object, field| match field {
            "status.successful" => Some(cells::number(object, "/status/succeeded").to_string()),
            _ => generic::metadata_field(object, field),
        },
        // Historical: through REST without a policy a Job leaves its pods behind.
        propagation: Propagation::Orphan,
        ..base
    }
}

fn default(object: &mut Object) {
    let Some(spec) = edit::member(&mut object.body, "spec") else {
        return;
    };
    let is_unset = |field: &str| spec.get(field).is_none_or(Value::is_null);
    if is_unset("completions") && is_unset("parallelism") {
        edit::set(spec, "completions", 1);
    }
    edit::set(spec, "parallelism", 1);
    let is_per_index = spec
        .get("backoffLimitPerIndex")
        .is_some_and(Value::is_number);
    edit::set(
        spec,
        "backoffLimit",
        if is_per_index { i32::MAX } else { 6 },
    );
    edit::set(spec, "completionMode", "NonIndexed");
    edit::set(spec, "suspend", false);
    edit::set(spec, "manualSelector", false);
    let policy = if spec.get("podFailurePolicy").is_some_and(Value::is_object) {
        "Failed"
    } else {
        "TerminatingOrFailed"
    };
    edit::set(spec, "podReplacementPolicy", policy);
    workload::default_template(spec);
}

/// Generates the selector from the uid, unless the author takes care of it. A Job without labels
/// of its own takes its template's.
fn prepare_create(object: &mut Object) {
    generic::first_generation(object);
    let labels = object.pointer("/spec/template/metadata/labels").cloned();
    if let Some(labels) = labels.filter(Value::is_object)
        && object.labels().next().is_none()
    {
        object.metadata_mut().insert("labels".into(), labels);
    }
    let (uid, name) = (object.uid().0, object.name().to_owned());
    let Some(spec) = edit::member(&mut object.body, "spec") else {
        return;
    };
    if spec["manualSelector"] == true {
        return;
    }
    if let Some(template) = edit::member(spec, "template")
        && let Some(metadata) = edit::ensure(template, "metadata")
        && let Some(labels) = edit::ensure(metadata, "labels")
    {
        for (key, value) in [
            (JOB_NAME, &name),
            (CONTROLLER_UID, &uid),
            (LEGACY[1], &name),
            (LEGACY[0], &uid),
        ] {
            edit::put(labels, key, value.as_str());
        }
    }
    if let Some(selector) = edit::ensure(spec, "selector")
        && let Some(labels) = edit::ensure(selector, "matchLabels")
    {
        edit::put(labels, CONTROLLER_UID, uid);
    }
}

fn validate_create(object: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let spec = Field::root(object).get("spec");
    if !spec.get("selector").is_set() {
        causes.required(&spec.get("selector"), "");
    } else if spec.get("manualSelector").flag() {
        workload::selector(&mut causes, &spec, "job");
    }
    let label = format!("spec.template.metadata.labels[{CONTROLLER_UID}]");
    let labels = spec.get("template").get("metadata").get("labels");
    let carried = labels.entry(CONTROLLER_UID);
    if !spec.get("manualSelector").flag() && carried.text() != object.uid().0 {
        let rule = format!("must be '{}'", object.uid());
        causes.push(Cause::invalid(label, carried.value(), &rule));
    }
    validate_spec(&mut causes, &spec);
    if is_indexed(&spec) {
        host_names(&mut causes, object);
    }
    causes.finish()
}

fn is_indexed(spec: &Field) -> bool {
    spec.get("completionMode").text() == "Indexed"
}

/// The last index makes the longest host name.
fn host_names(causes: &mut Causes, object: &Object) {
    let completions = cells::number(object, "/spec/completions");
    if completions <= 0 {
        return;
    }
    let longest = format!("{}-{}", object.name(), completions - 1);
    for rule in api::name::dns1123_label(&longest) {
        causes.invalid(&Field::root(object).get("metadata").get("name"), &rule);
    }
}

/// Also of `CronJob`s, whose Jobs have no selector yet.
pub(super) fn validate_spec(causes: &mut Causes, spec: &Field) {
    for field in [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
    ] {
        causes.at_least(&spec.get(field), 0);
    }
    let policy = spec.get("podReplacementPolicy");
    causes.one_of(&policy, &["Failed", "TerminatingOrFailed"]);
    causes.one_of(&spec.get("completionMode"), &["Indexed", "NonIndexed"]);
    if is_indexed(spec) {
        let (completions, parallelism) = (spec.get("completions"), spec.get("parallelism"));
        causes.require(&completions, "when completion mode is Indexed");
        if parallelism.number() > Some(MOST_AT_ONCE) {
            let rule = format!(
                "must be less than or equal to {MOST_AT_ONCE} when completion mode is Indexed"
            );
            causes.invalid(&parallelism, &rule);
        }
    }
    for field in [
        "backoffLimitPerIndex",
        "maxFailedIndexes",
        "podFailurePolicy",
        "successPolicy",
    ] {
        causes.absent(&spec.get(field));
    }
    let manager = spec.get("managedBy");
    if !["", "kubernetes.io/job-controller"].contains(&manager.text()) {
        causes.unsupported(&manager);
    }
    workload::template(causes, &spec.get("template"), &["OnFailure", "Never"]);
}

fn validate_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let (now, before) = (Field::root(new).get("spec"), Field::root(old).get("spec"));
    for field in [
        "selector",
        "completionMode",
        "manualSelector",
        "managedBy",
        "podFailurePolicy",
    ] {
        causes.immutable(&now.get(field), &before.get(field));
    }
    let completions = now.get("completions");
    if !is_indexed(&now) {
        causes.immutable(&completions, &before.get("completions"));
    } else if completions.value() != before.get("completions").value()
        && completions.number() != now.get("parallelism").number()
    {
        // An elastic job: as many indexes as pods.
        causes.invalid(
            &completions,
            "can only be modified in tandem with spec.parallelism",
        );
    }
    let template = now.get("template");
    let (mut new_template, mut old_template) = (
        template.value().clone(),
        before.get("template").value().clone(),
    );
    let has_started = Field::root(old).get("status").get("startTime").is_set();
    if before.get("suspend").flag() && !has_started {
        // Queueing systems place a suspended Job by rewriting where its pods may go.
        for template in [&mut new_template, &mut old_template] {
            without_placement(template);
        }
    }
    if new_template != old_template {
        causes.invalid(&template, "field is immutable");
    }
    let mut all = causes.finish();
    all.extend(validate_create(new));
    all
}

fn without_placement(template: &mut Value) {
    if let Some(metadata) = edit::ensure(template, "metadata") {
        edit::remove(metadata, "labels");
        edit::remove(metadata, "annotations");
    }
    if let Some(spec) = edit::ensure(template, "spec") {
        for field in ["nodeSelector", "affinity", "tolerations"] {
            edit::remove(spec, field);
        }
        for list in ["containers", "initContainers"] {
            for container in edit::items(spec, list) {
                edit::remove(container, "resources");
            }
        }
    }
}

fn validate_status(new: &Object, old: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let status = Field::root(new).get("status");
    for field in ["active", "succeeded", "failed", "ready", "terminating"] {
        causes.at_least(&status.get(field), 0);
    }
    for kind in ["Complete", "Failed"] {
        let holds = |object: &Object| object.condition(kind).is_some_and(|c| c.status == "True");
        if holds(old) && !holds(new) {
            let conditions = status.get("conditions");
            causes.invalid(
                &conditions,
                &format!("cannot disable {kind}=True condition"),
            );
        }
    }
    causes.finish()
}

fn row(object: &Object, now: Timestamp) -> Vec<Value> {
    let [containers, images] = cells::containers(object, "/spec/template/spec");
    vec![
        json!(object.name()),
        json!(status(object)),
        json!(completions(object)),
        json!(duration(object, now)),
        cells::age(object, now),
        containers,
        images,
        cells::selector(object.pointer("/spec/selector")),
    ]
}

fn status(object: &Object) -> &'static str {
    let holds = |kind| object.condition(kind).is_some_and(|c| c.status == "True");
    let rules: [(bool, &str); 6] = [
        (holds("Complete"), "Complete"),
        (holds("Failed"), "Failed"),
        (object.is_deleting(), "Terminating"),
        (holds("Suspended"), "Suspended"),
        (holds("FailureTarget"), "FailureTarget"),
        (holds("SuccessCriteriaMet"), "SuccessCriteriaMet"),
    ];
    rules
        .iter()
        .find(|(applies, _)| *applies)
        .map_or("Running", |(_, name)| name)
}

fn completions(object: &Object) -> String {
    let succeeded = cells::number(object, "/status/succeeded");
    let wanted = object.pointer("/spec/completions").and_then(Value::as_i64);
    let parallel = cells::number(object, "/spec/parallelism");
    match wanted {
        Some(wanted) => format!("{succeeded}/{wanted}"),
        None if parallel > 1 => format!("{succeeded}/1 of {parallel}"),
        None => format!("{succeeded}/1"),
    }
}

fn duration(object: &Object, now: Timestamp) -> String {
    let Some(start) = api::parse_time(object.text("/status/startTime")) else {
        return String::new();
    };
    let finished = |kind| {
        let condition = object.condition(kind).filter(|c| c.status == "True")?;
        api::parse_time(&condition.last_transition_time?)
    };
    let end = api::parse_time(object.text("/status/completionTime"))
        .or_else(|| finished("Failed"))
        .unwrap_or(now);
    cells::duration(end.as_second() - start.as_second())
}
