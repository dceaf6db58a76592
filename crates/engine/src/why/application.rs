//! Why an Application is not what Git says, or not well.

use jiff::Timestamp;

use super::chain::{Chain, Step, Tone};
use super::symptom::sentence;
use crate::rollout::SyncStatus;
use crate::{Health, HealthStatus};

/// The words of the rules about Applications.
pub const RULES: &[&str] = &[
    "source",
    "render",
    "suspended",
    "window",
    "approval",
    "manual",
    "held",
    "dependency",
    "rolling-out",
    "out-of-sync",
];

/// What is recorded about an Application.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub name: String,
    pub sync: SyncStatus,
    /// Why it is not Synced.
    pub sync_message: String,
    pub health: Health,
    /// The commit that failed and is not tried again; empty where it is not held.
    pub held: String,
    /// The rollout of it, and why it failed.
    pub held_by: (String, String),
    /// What it waits for: one word and one sentence.
    pub paused: Option<(String, String)>,
    /// What is wrong between Git and it: one word and how to mend it.
    pub trouble: Option<(String, String)>,
    /// The rollout that runs, and what it says.
    pub running: Option<(String, String)>,
    pub depends_on: Vec<String>,
    pub now: Timestamp,
}

/// The first steps: what the objects of the Application say comes after them.
pub fn explain(facts: &Facts) -> Chain {
    let subject = format!("Application {}", facts.name);
    let healthy = facts.health.status.is_settled_well();
    let is_free = facts.trouble.is_none() && facts.paused.is_none();
    if facts.sync == SyncStatus::Synced && healthy && is_free {
        return Chain::well(
            subject,
            format!("{} matches Git and is healthy", facts.name),
        );
    }
    let mut steps = vec![symptom(facts)];
    let (rule, more, advice) = find(facts);
    steps.extend(more);
    Chain {
        rule: rule.to_owned(),
        subject,
        steps,
        advice,
        ..Chain::default()
    }
}

fn symptom(facts: &Facts) -> Step {
    let sync = match facts.sync {
        SyncStatus::Synced => "matches Git",
        SyncStatus::OutOfSync => "does not match Git",
        SyncStatus::Unknown => "cannot be compared with Git",
    };
    let health = facts.health.status;
    let heading = format!(
        "{} {sync} and is {}",
        facts.name,
        health.as_str().to_lowercase()
    );
    let tone = match health {
        HealthStatus::Degraded | HealthStatus::Missing | HealthStatus::Unknown => Tone::Bad,
        _ => Tone::Warn,
    };
    Step::new(tone, "application status", heading).text(sentence(&facts.sync_message))
}

type Found = (&'static str, Option<Step>, String);

fn find(facts: &Facts) -> Found {
    if let Some((reason, message)) = &facts.trouble {
        return trouble(reason, message);
    }
    if let Some((reason, message)) = &facts.paused {
        return paused(&facts.name, reason, message);
    }
    if !facts.held.is_empty() {
        return held(facts);
    }
    if let Some((rollout, message)) = &facts.running {
        return running(facts, rollout, message);
    }
    if facts.sync == SyncStatus::Synced {
        return ("", None, String::new());
    }
    let advice = format!("kedge diff {} shows what differs", facts.name);
    ("out-of-sync", None, advice)
}

fn paused(name: &str, reason: &str, message: &str) -> Found {
    let (rule, heading, advice) = match reason {
        "Suspended" => (
            "suspended",
            "It is suspended",
            format!("kedge resume {name}"),
        ),
        "SyncWindow" => (
            "window",
            "No rollout may begin now",
            format!("kedge sync {name} begins one anyway"),
        ),
        "Approval" => (
            "approval",
            "It waits for somebody's word",
            format!("kedge sync {name} --prune"),
        ),
        _ => (
            "manual",
            "It waits for a sync by hand",
            format!("kedge sync {name}"),
        ),
    };
    let step = Step::new(Tone::Warn, "rollout", heading).text(sentence(message));
    (rule, Some(step), advice)
}

fn held(facts: &Facts) -> Found {
    let short: String = facts.held.chars().take(12).collect();
    let (rollout, why) = &facts.held_by;
    let heading = format!("Commit {short} failed and is not tried again");
    let source = if rollout.is_empty() {
        "history"
    } else {
        rollout
    };
    let mut step = Step::new(Tone::Bad, source, heading).text(sentence(why));
    step.commit.clone_from(&facts.held);
    let advice = format!(
        "Push a newer commit, or try this one again: kedge sync {}",
        facts.name
    );
    ("held", Some(step), advice)
}

fn running(facts: &Facts, rollout: &str, message: &str) -> Found {
    let is_named = |other: &&String| message.contains(&format!("application {other}"));
    let waits = facts.depends_on.iter().find(is_named);
    let (rule, heading) = match waits {
        Some(other) => ("dependency", format!("It waits for application {other}")),
        None => ("rolling-out", "It is being rolled out".to_owned()),
    };
    let advice = waits.map_or_else(String::new, |other| format!("kedge why {other}"));
    let step = Step::new(Tone::Run, rollout, heading).text(sentence(message));
    (rule, Some(step), advice)
}

/// The sources could not be read, or what they have cannot be rendered.
fn trouble(reason: &str, message: &str) -> Found {
    let is_render = matches!(reason, "CommitRefused" | "BuildFailed");
    let (rule, heading) = if is_render {
        ("render", "The newest commit cannot be rolled out")
    } else {
        ("source", "The newest commit cannot be read")
    };
    let step = Step::new(Tone::Bad, format!("Git: {reason}"), heading).text(message);
    (rule, Some(step), String::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Facts {
        Facts {
            name: "web".into(),
            sync: SyncStatus::OutOfSync,
            sync_message: "1 to change".into(),
            depends_on: vec!["data".into()],
            ..Facts::default()
        }
    }

    fn check(change: impl FnOnce(&mut Facts), rule: &str, heading: &str, advice: &str) {
        let mut facts = base();
        change(&mut facts);
        let chain = explain(&facts);
        let last = chain.steps.last().unwrap();
        let told = (chain.rule, last.heading.clone(), chain.advice);
        assert_eq!(told, (rule.into(), heading.into(), advice.into()));
    }

    fn pair(a: &str, b: &str) -> (String, String) {
        (a.to_owned(), b.to_owned())
    }

    #[test]
    fn what_stands_in_the_way_is_told_with_what_ends_it() {
        let unread = "The newest commit cannot be read";
        let away = Some(pair("AccessDenied", "the server wants a password"));
        check(|it| it.trouble = away, "source", unread, "");
        let unrendered = "The newest commit cannot be rolled out";
        let refused = Some(pair("CommitRefused", "web.yaml:3: unknown field"));
        check(|it| it.trouble = refused, "render", unrendered, "");
        let again = "Push a newer commit, or try this one again: kedge sync web";
        let heading = "Commit 7f3c2ab41d0c failed and is not tried again";
        check(
            |it| it.held = "7f3c2ab41d0c99".into(),
            "held",
            heading,
            again,
        );
        let heading = "web does not match Git and is healthy";
        let diff = "kedge diff web shows what differs";
        check(|_| {}, "out-of-sync", heading, diff);
        let well = Facts {
            sync: SyncStatus::Synced,
            ..base()
        };
        assert!(explain(&well).well);
        // It does not follow Git, however well it is.
        let suspended = explain(&Facts {
            paused: Some(pair("Suspended", "so")),
            ..well
        });
        assert!(!suspended.well && suspended.rule == "suspended");
        assert_eq!(suspended.advice, "kedge resume web");
    }

    #[test]
    fn what_it_waits_for_is_told_with_the_word_that_ends_it() {
        for (reason, rule, heading, advice) in [
            (
                "Suspended",
                "suspended",
                "It is suspended",
                "kedge resume web",
            ),
            (
                "Approval",
                "approval",
                "It waits for somebody's word",
                "kedge sync web --prune",
            ),
            (
                "Manual",
                "manual",
                "It waits for a sync by hand",
                "kedge sync web",
            ),
        ] {
            check(
                |it| it.paused = Some(pair(reason, "so")),
                rule,
                heading,
                advice,
            );
        }
        let (heading, advice) = (
            "No rollout may begin now",
            "kedge sync web begins one anyway",
        );
        check(
            |it| it.paused = Some(pair("SyncWindow", "so")),
            "window",
            heading,
            advice,
        );
        let on = Some(pair(
            "web-3",
            "waits for application data, which is Progressing",
        ));
        let heading = "It waits for application data";
        check(
            |it| it.running = on,
            "dependency",
            heading,
            "kedge why data",
        );
        let wave = Some(pair("web-3", "waits for wave 2"));
        check(
            |it| it.running = wave,
            "rolling-out",
            "It is being rolled out",
            "",
        );
    }
}
