//! `CronJobs`: Jobs by the clock.

use api::{Cause, Object};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::field::{Causes, Field};
use super::{Kind, cells, edit, generic, job, workload};

/// Jobs are named after their `CronJob` plus `-` and ten digits.
const MAX_NAME: usize = 52;
/// The words a schedule may use; croner knows more letters than Kubernetes does.
const WORDS: &[&str] = &[
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "sun",
    "mon", "tue", "wed", "thu", "fri", "sat",
];

pub(super) fn kind(base: Kind) -> Kind {
    Kind {
        default,
        prepare_create: generic::first_generation,
        prepare_update: generic::next_generation,
        validate_create,
        validate_update: |new, _| validate(new),
        row,
        ..base
    }
}

fn default(object: &mut Object) {
    let Some(spec) = edit::member(&mut object.body, "spec") else {
        return;
    };
    edit::set(spec, "concurrencyPolicy", "Allow");
    edit::set(spec, "suspend", false);
    edit::set(spec, "successfulJobsHistoryLimit", 3);
    edit::set(spec, "failedJobsHistoryLimit", 1);
    if let Some(template) = edit::member(spec, "jobTemplate")
        && let Some(job_spec) = edit::member(template, "spec")
    {
        workload::default_template(job_spec);
    }
}

/// Reads a schedule: five fields as cron has them, or `@hourly` and its like.
///
/// # Errors
/// What is wrong with it, as a phrase.
pub fn schedule(text: &str) -> Result<Cron, String> {
    let text = text.trim();
    let is_known = |c: char| c.is_ascii_alphanumeric() || "*/,-? \t".contains(c);
    if let Some(name) = text.strip_prefix('@') {
        if name.chars().any(|c| !c.is_ascii_alphabetic()) {
            return Err(format!("unrecognized descriptor: {text:?}"));
        }
    } else if let Some(odd) = text.chars().find(|c| !is_known(*c)) {
        return Err(format!("unexpected character {odd:?}"));
    } else {
        let fields = text.split_whitespace().count();
        if fields != 5 {
            return Err(format!(
                "expected exactly 5 fields, found {fields}: {text:?}"
            ));
        }
        let mut words = text
            .split(|c: char| !c.is_ascii_alphabetic())
            .filter(|w| !w.is_empty());
        if let Some(odd) = words.find(|word| !WORDS.contains(&word.to_lowercase().as_str())) {
            return Err(format!(
                "failed to parse {odd:?}: not a month or a day of the week"
            ));
        }
    }
    // A name that croner does not know.
    let text = if text == "@midnight" { "@daily" } else { text };
    CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .build()
        .parse(text)
        .map_err(|source| source.to_string())
}

fn validate_create(object: &Object) -> Vec<Cause> {
    let mut causes = validate(object);
    let name = object.name();
    if name.len() > MAX_NAME {
        causes.push(Cause::invalid(
            "metadata.name",
            &json!(name),
            &format!("must be no more than {MAX_NAME} characters"),
        ));
    }
    causes
}

fn validate(object: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let spec = Field::root(object).get("spec");
    let when = spec.get("schedule");
    if causes.require(&when, "") {
        if when.text().contains("TZ") {
            causes.invalid(
                &when,
                "cannot use TZ or CRON_TZ in schedule, use timeZone field instead",
            );
        } else if let Err(why) = schedule(when.text()) {
            causes.invalid(&when, &why);
        }
    }
    let zone = spec.get("timeZone");
    if zone.is_set() {
        if zone.is_empty() {
            causes.invalid(&zone, "timeZone must be nil or non-empty string");
        } else if zone.text().eq_ignore_ascii_case("local") {
            causes.invalid(&zone, "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones");
        } else if TimeZone::get(zone.text()).is_err() {
            causes.invalid(&zone, &format!("unknown time zone {}", zone.text()));
        }
    }
    causes.one_of(
        &spec.get("concurrencyPolicy"),
        &["Allow", "Forbid", "Replace"],
    );
    for field in [
        "startingDeadlineSeconds",
        "successfulJobsHistoryLimit",
        "failedJobsHistoryLimit",
    ] {
        causes.at_least(&spec.get(field), 0);
    }
    let job_spec = spec.get("jobTemplate").get("spec");
    causes.labels(&spec.get("jobTemplate").get("metadata").get("labels"));
    if job_spec.get("manualSelector").flag() {
        let rule = "`manualSelector` is not supported in a CronJob: the selector is generated";
        causes.forbidden(&job_spec.get("manualSelector"), rule);
    }
    if job_spec.get("selector").is_set() {
        causes.invalid(
            &job_spec.get("selector"),
            "`selector` will be auto-generated",
        );
    }
    job::validate_spec(&mut causes, &job_spec);
    causes.finish()
}

fn row(object: &Object, now: Timestamp) -> Vec<Value> {
    let [containers, images] = cells::containers(object, "/spec/jobTemplate/spec/template/spec");
    let last = object.text("/status/lastScheduleTime");
    let zone = object.text("/spec/timeZone");
    let is_suspended = object.pointer("/spec/suspend") == Some(&Value::Bool(true));
    vec![
        json!(object.name()),
        json!(object.text("/spec/schedule")),
        cells::or_none(zone),
        json!(if is_suspended { "True" } else { "False" }),
        json!(cells::list(object, "/status/active").len()),
        if last.is_empty() {
            cells::or_none("")
        } else {
            cells::since(last, now)
        },
        cells::age(object, now),
        containers,
        images,
        cells::selector(object.pointer("/spec/jobTemplate/spec/selector")),
    ]
}
