//! What others changed of what Git asks for: on the page of the application, and in its history.

use askama::Template;
use jiff::{SignedDuration, Timestamp};

use engine::diff::FieldChange;

use super::component::State;
use super::component::Tone;
use super::diff::is_secret;
use super::object;
use super::time::{When, coarse, took};
use crate::history::{Drift, Ending};

/// Fields that are told of one object.
const FIELDS: usize = 2;

/// What others changed in the cluster. Nothing where nobody did.
#[derive(Debug, Template)]
#[template(path = "app/drift.html")]
pub(crate) struct Drifts {
    pub rows: Vec<Row>,
}

/// One change from outside of Git.
#[derive(Debug)]
pub(crate) struct Row {
    /// What it is about and who did it.
    pub title: String,
    pub href: String,
    pub state: State,
    /// What is different, and what became of it.
    pub text: String,
    pub since: When,
}

pub(crate) fn drifts(all: &[Drift], now: Timestamp) -> Drifts {
    Drifts {
        rows: all.iter().map(|drift| row(drift, now)).collect(),
    }
}

fn row(drift: &Drift, now: Timestamp) -> Row {
    Row {
        title: title(drift),
        href: href(drift),
        state: state(drift),
        text: format!("{}; {}", fields(drift), ended(drift)),
        since: When::age(drift.at, now),
    }
}

/// `Deployment worker changed by ann with kubectl-edit`
pub(crate) fn title(drift: &Drift) -> String {
    let Drift {
        kind, key, what, ..
    } = drift;
    format!("{kind} {} {what}{}", key.name, drift.by())
}

pub(crate) fn href(drift: &Drift) -> String {
    object::href(&drift.application, &drift.kind, &drift.key)
}

pub(crate) fn state(drift: &Drift) -> State {
    let (tone, icon, word) = match drift.ending {
        None => (Tone::Warn, "warn", "Drift"),
        Some(Ending::Corrected) => (Tone::Ok, "back", "Put back"),
        Some(Ending::Rollout) => (Tone::Ok, "eq", "Drift ended"),
        Some(Ending::Gone) => (Tone::Ok, "eq", "Drift gone"),
    };
    State::new(tone, icon, word)
}

/// What others did, from what Git says to what they made of it, without values of Secrets. On record
/// is the way back.
pub(crate) fn fields(drift: &Drift) -> String {
    let secret = is_secret(&drift.kind, &drift.key);
    let shown = drift.changes.iter().take(FIELDS);
    let mut told: Vec<String> = shown
        .map(|change| {
            let done = FieldChange {
                path: change.path.clone(),
                old: change.new.clone(),
                new: change.old.clone(),
            };
            engine::diff::show(&done, secret)
        })
        .collect();
    if drift.changes.len() > FIELDS {
        told.push(format!("and {} more fields", drift.changes.len() - FIELDS));
    }
    if told.is_empty() {
        drift.what.clone()
    } else {
        told.join("; ")
    }
}

/// What became of it, in a few words.
pub(crate) fn ended(drift: &Drift) -> String {
    let times = drift.times;
    let after = match (times, drift.ended_at) {
        (..=1, Some(at)) => format!(" after {}", coarse(drift.at.duration_until(at))),
        _ => String::new(),
    };
    let told = match drift.ending {
        None => "not put back".to_owned(),
        Some(Ending::Corrected) => format!("put back{after}"),
        Some(Ending::Rollout) => format!("a rollout wrote it{after}"),
        Some(Ending::Gone) => format!("gone{after}, not by Kedge"),
    };
    match (times, drift.lasted_ms) {
        (..=1, _) => told,
        (_, None) => format!("{told}; it came {times} times"),
        (_, Some(all)) => {
            let all = took(SignedDuration::from_millis(all));
            format!("{told}; it came {times} times and was there for {all} in all")
        }
    }
}

/// For how long it was there; `None` where it came several times and nobody knows.
pub(crate) fn lasted(drift: &Drift, now: Timestamp) -> Option<SignedDuration> {
    if drift.times > 1 {
        return drift.lasted_ms.map(SignedDuration::from_millis);
    }
    Some(drift.at.duration_until(drift.ended_at.unwrap_or(now)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use api::Collection;

    #[test]
    fn a_drift_says_who_what_and_what_became_of_it() {
        let at: Timestamp = "2026-03-01T14:00:00Z".parse().unwrap();
        let change = |path: &str| FieldChange {
            path: path.into(),
            old: Some(json!(2)),
            new: Some(json!(5)),
        };
        let open = Drift {
            at,
            last_at: at,
            times: 1,
            lasted_ms: None,
            application: "shop".into(),
            key: Collection::new("apps", "deployments").key("shop", "web"),
            kind: "Deployment".into(),
            what: "changed".into(),
            actor: "kubectl-edit".into(),
            writer: "ann".into(),
            written_at: None,
            changes: vec![change("spec.replicas"), change("spec.a"), change("spec.b")],
            ended_at: None,
            ending: None,
        };
        assert_eq!(
            title(&open),
            "Deployment web changed by ann with kubectl-edit"
        );
        let way = "spec.replicas: 5 -> 2";
        assert!(fields(&open).starts_with(way), "{}", fields(&open));
        assert!(
            fields(&open).ends_with("and 1 more fields"),
            "{}",
            fields(&open)
        );
        let check = |ending, times, word: &str, expected: &str| {
            let drift = Drift {
                ended_at: Some(at + SignedDuration::from_secs(90)),
                ending,
                times,
                lasted_ms: (times > 1).then_some(7_300),
                ..open.clone()
            };
            assert_eq!(
                (state(&drift).word.as_str(), ended(&drift).as_str()),
                (word, expected)
            );
        };
        check(None, 1, "Drift", "not put back");
        check(
            Some(Ending::Corrected),
            1,
            "Put back",
            "put back after 1 min",
        );
        check(
            Some(Ending::Rollout),
            1,
            "Drift ended",
            "a rollout wrote it after 1 min",
        );
        check(
            Some(Ending::Gone),
            3,
            "Drift gone",
            "gone, not by Kedge; it came 3 times and was there for 7.3 s in all",
        );
        let secret = Drift {
            kind: "Secret".into(),
            key: Collection::new("", "secrets").key("shop", "db"),
            changes: vec![FieldChange {
                path: "data.password".into(),
                old: Some(json!("aHVudGVyMg==")),
                new: None,
            }],
            ..open
        };
        assert!(
            !fields(&secret).contains("aHVudGVyMg"),
            "{}",
            fields(&secret)
        );
    }
}
