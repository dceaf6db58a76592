//! What people see first: the object's own word on how it is.

use api::Object;
use jiff::{SignedDuration, Timestamp};

use super::chain::{Step, Tone};
use super::facts::{Facts, message, title};
use super::rules::Container;
use crate::{Health, HealthStatus, health};

/// The first step.
pub(super) fn symptom(facts: &Facts, health: &Health, source: &str) -> Step {
    told(&facts.object, health, source)
}

/// How an object says that it is, without the reason: for what has the one that is explained, and is as
/// bad as what it `made` has it.
pub fn symptom_of(object: &Object, made: &[Object], now: Timestamp) -> Step {
    let own = health::assess(object, now).unwrap_or_default();
    let explained = health::explain(object, made, now);
    let health = Health {
        status: explained.map_or(own.status, |it| it.status),
        ..own
    };
    told(
        object,
        &health,
        &format!("{} status", object.kind().to_lowercase()),
    )
}

fn told(object: &Object, health: &Health, source: &str) -> Step {
    let word = match health.status {
        HealthStatus::Progressing => "progressing",
        HealthStatus::Missing => "missing",
        HealthStatus::Degraded => "degraded",
        HealthStatus::Healthy | HealthStatus::Suspended | HealthStatus::Unknown => "not well",
    };
    let tone = match health.status {
        HealthStatus::Progressing => Tone::Run,
        _ => Tone::Bad,
    };
    let step = Step::new(tone, source, format!("{} is {word}", title(object)));
    step.text(sentence(&health.message))
}

/// A clause as a sentence.
pub(super) fn sentence(clause: &str) -> String {
    match clause {
        "" => String::new(),
        clause => format!("{}.", super::text::capital(clause.trim_end_matches('.'))),
    }
}

/// How the container's last run ended.
pub(super) fn exit(container: &Container) -> Option<Step> {
    let ended = container.failure()?;
    let code = ended["exitCode"].as_i64().unwrap_or(0);
    let ran = container
        .ran()
        .map_or_else(String::new, |ran| format!(" after {}", took(ran)));
    let heading = format!("Container {} exited with code {code}{ran}", container.name);
    Some(Step::new(Tone::Bad, "container status", heading))
}

/// The newest thing that was reported, where nothing tells more.
pub(super) fn warning(facts: &Facts) -> Option<Step> {
    let event = facts.newest_warning()?;
    let step = Step::new(Tone::Warn, "newest warning", event.text("/reason"));
    Some(step.text(message(event)))
}

fn took(ran: SignedDuration) -> String {
    match ran.as_secs().max(0) {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ ..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}
