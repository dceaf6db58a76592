//! What is worth an Event on an Application, and in which words: from the history's steps and from
//! its conditions. The reasons are those that Argo CD's users know, where it has one.

use std::collections::BTreeMap;

use api::Condition;
use jiff::{SignedDuration, Timestamp};

use crate::history::{Action, ObjectResult, Step, StepKind};

/// Objects that one message names.
const NAMED: usize = 5;
/// Events of one Application that may come at once; Kubernetes' own limit.
const BURST: f64 = 25.0;
/// One more for each of these, then.
const REFILL: SignedDuration = SignedDuration::from_mins(5);

/// Whether it is good news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Normal,
    Warning,
}

/// One Event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) tone: Tone,
    pub(crate) reason: &'static str,
    pub(crate) message: String,
}

impl Told {
    fn normal(reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            tone: Tone::Normal,
            reason,
            message: message.into(),
        }
    }

    fn warning(reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            tone: Tone::Warning,
            ..Self::normal(reason, message)
        }
    }
}

/// What a step says by itself.
pub(crate) fn of_step(step: &Step) -> Option<Told> {
    let text = &step.text;
    let rollout = || step.rollout.clone().unwrap_or_default();
    let over = |verdict: &str| format!("rollout {} {verdict}: {text}", rollout());
    Some(match step.kind {
        StepKind::Started => {
            Told::normal("OperationStarted", format!("rollout {}: {text}", rollout()))
        }
        StepKind::Succeeded => Told::normal("OperationCompleted", over("succeeded")),
        StepKind::Failed if step.is_recall() => return None,
        StepKind::Failed => Told::warning("OperationCompleted", over("failed")),
        StepKind::Superseded if step.rollout.is_some() => {
            Told::normal("OperationCompleted", over("was superseded"))
        }
        StepKind::Held => Told::normal("OperationCompleted", over("was held")),
        StepKind::Undone => Told::warning("OperationUndone", over("was undone")),
        StepKind::Drifted => Told::warning("DriftDetected", text.clone()),
        StepKind::Corrected => Told::normal("DriftCorrected", text.clone()),
        StepKind::DriftGone => Told::normal("DriftGone", text.clone()),
        StepKind::Pruned => {
            let titles = step.data["objects"].as_array().into_iter().flatten();
            let titles: Vec<&str> = titles.filter_map(serde_json::Value::as_str).collect();
            Told::normal("ResourceDeleted", counted(&titles, "deleted"))
        }
        _ => return None,
    })
}

/// What a wave made and changed, once it is applied.
pub(crate) fn of_wave(wave: i64, objects: &[ObjectResult]) -> Vec<Told> {
    let titles = |action: Action| -> Vec<String> {
        let own = objects.iter().filter(|it| i64::from(it.wave) == wave);
        let own = own.filter(|it| it.action == action && it.applied_at.is_some());
        own.map(ObjectResult::title).collect()
    };
    let told = |action, reason, verb| {
        let titles = titles(action);
        let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
        (!titles.is_empty()).then(|| Told::normal(reason, counted(&titles, verb)))
    };
    let created = told(Action::Create, "ResourceCreated", "created");
    let updated = told(Action::Change, "ResourceUpdated", "changed");
    created.into_iter().chain(updated).collect()
}

/// `3 objects were created: Deployment shop/web, …`
fn counted(titles: &[&str], verb: &str) -> String {
    let named = titles[..titles.len().min(NAMED)].join(", ");
    match titles.len() {
        1 => format!("{named} was {verb}"),
        all if all > NAMED => {
            format!(
                "{all} objects were {verb}: {named} and {} more",
                all - NAMED
            )
        }
        all => format!("{all} objects were {verb}: {named}"),
    }
}

/// What is new in the conditions of an Application.
pub(crate) fn of_conditions(before: &[Condition], after: &[Condition]) -> Vec<Told> {
    let find = |all: &[Condition], kind: &str| {
        let found = all.iter().find(|it| it.kind == kind).cloned();
        found.unwrap_or_default()
    };
    let mut told = Vec::new();
    for kind in ["Paused", "Synced", "SourceReady"] {
        let (old, new) = (find(before, kind), find(after, kind));
        if (&old.status, &old.reason) == (&new.status, &new.reason) {
            continue;
        }
        let message = new.message.clone();
        match (kind, new.status.as_str(), new.reason.as_str()) {
            ("Paused", "True", "Manual" | "Approval") => {
                told.push(Told::normal("ApprovalAwaited", message));
            }
            ("Paused", "True", _) => told.push(Told::normal("Paused", message)),
            ("Paused", "False", _) if old.status == "True" => {
                told.push(Told::normal("Resumed", "nothing holds it back any more"));
            }
            ("Synced", "False", "Held") => told.push(Told::warning("Held", message)),
            ("SourceReady", "False", reason) => {
                told.push(Told::warning(of_trouble(reason), message));
            }
            ("SourceReady", "True", _) if old.status == "False" => {
                told.push(Told::normal(
                    "SourceReady",
                    "the repository is followed again",
                ));
            }
            _ => {}
        }
    }
    told
}

fn of_trouble(reason: &str) -> &'static str {
    match reason {
        "CommitRefused" => "CommitRefused",
        "SignatureUnverified" => "SignatureUnverified",
        "BuildFailed" => "BuildFailed",
        _ => "SourceUnreachable",
    }
}

/// So many Events that one Application may have, and more with time.
#[derive(Debug, Default)]
pub(crate) struct Budgets(BTreeMap<String, (f64, Timestamp)>);

impl Budgets {
    /// Takes one, if there is one.
    pub(crate) fn take(&mut self, application: &str, now: Timestamp) -> bool {
        let known = self.0.entry(application.to_owned());
        let (left, at) = known.or_insert((BURST, now));
        let gained = now.duration_since(*at).as_secs_f64() / REFILL.as_secs_f64();
        *left = (*left + gained.max(0.0)).min(BURST);
        *at = now;
        if *left < 1.0 {
            return false;
        }
        *left -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn step(kind: StepKind, rollout: &str, data: serde_json::Value) -> Step {
        Step {
            seq: 1,
            at: Timestamp::UNIX_EPOCH,
            application: "shop".into(),
            rollout: (!rollout.is_empty()).then(|| rollout.to_owned()),
            push: None,
            kind,
            text: "said so".into(),
            data,
        }
    }

    #[test]
    fn steps_that_matter_are_told_in_known_words() {
        let check = |kind: StepKind, rollout: &str, expected: Option<(Tone, &str, &str)>| {
            let data = json!({"objects": ["A a", "B b"]});
            let told = of_step(&step(kind, rollout, data));
            let told = told
                .as_ref()
                .map(|it| (it.tone, it.reason, it.message.as_str()));
            assert_eq!(told, expected);
        };
        check(
            StepKind::Started,
            "shop-3",
            Some((Tone::Normal, "OperationStarted", "rollout shop-3: said so")),
        );
        check(
            StepKind::Failed,
            "shop-3",
            Some((
                Tone::Warning,
                "OperationCompleted",
                "rollout shop-3 failed: said so",
            )),
        );
        check(
            StepKind::Pruned,
            "shop-3",
            Some((
                Tone::Normal,
                "ResourceDeleted",
                "2 objects were deleted: A a, B b",
            )),
        );
        check(
            StepKind::Corrected,
            "",
            Some((Tone::Normal, "DriftCorrected", "said so")),
        );
        check(StepKind::Progress, "shop-3", None);
        let many: Vec<String> = (0..7).map(|it| format!("A {it}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(
            counted(&many, "created"),
            "7 objects were created: A 0, A 1, A 2, A 3, A 4 and 2 more"
        );
        assert_eq!(counted(&many[..1], "created"), "A 0 was created");
    }

    #[test]
    fn a_condition_is_told_when_it_turns() {
        let condition = |kind: &str, status: &str, reason: &str| Condition {
            kind: kind.into(),
            status: status.into(),
            reason: reason.into(),
            message: "because".into(),
            last_transition_time: None,
        };
        let check = |before: &[&Condition], after: &[&Condition], expected: &[&str]| {
            let own = |all: &[&Condition]| -> Vec<Condition> {
                all.iter().map(|it| (*it).clone()).collect()
            };
            let told = of_conditions(&own(before), &own(after));
            let reasons: Vec<&str> = told.iter().map(|it| it.reason).collect();
            assert_eq!(reasons, expected);
        };
        let held = condition("Synced", "False", "Held");
        let away = condition("SourceReady", "False", "FetchFailed");
        let fine = condition("SourceReady", "True", "Followed");
        let manual = condition("Paused", "True", "Manual");
        let free = condition("Paused", "False", "NotPaused");
        check(&[], &[&fine, &free], &[]);
        check(&[], &[&held], &["Held"]);
        check(&[&held], &[&held], &[]);
        check(&[&fine], &[&away], &["SourceUnreachable"]);
        check(&[&away], &[&fine], &["SourceReady"]);
        check(&[&free], &[&manual], &["ApprovalAwaited"]);
        check(&[&manual], &[&free], &["Resumed"]);
    }

    #[test]
    fn nobody_is_told_of_a_fight_without_end() {
        let mut budgets = Budgets::default();
        let start = Timestamp::UNIX_EPOCH;
        let taken = (0..100).filter(|_| budgets.take("shop", start)).count();
        assert_eq!(taken, 25);
        assert!(budgets.take("other", start));
        assert!(!budgets.take("shop", start + SignedDuration::from_mins(4)));
        assert!(budgets.take("shop", start + SignedDuration::from_mins(6)));
    }
}
