//! What a commit asks of an Application, and what keeps it from being rolled out by itself.

use std::collections::BTreeMap;

use engine::window::{Asked, closed};
use engine::{Application, Plan};
use jiff::Timestamp;

use super::asked::suspended;
use super::check::does_something;
use super::core::Core;

/// Why not, by name, of those that a plan changes.
pub(super) async fn waiting<'a>(
    core: &Core,
    applications: impl Iterator<Item = &'a Application>,
    plans: &BTreeMap<String, Plan>,
) -> Result<BTreeMap<String, String>, client::Error> {
    let mut waiting = BTreeMap::new();
    for application in applications {
        let plan = plans.get(&application.name);
        if plan.is_some_and(does_something) {
            let suspended = suspended(core, application).await?;
            let why = waits(application, suspended, core.env.now());
            waiting.extend(why.map(|why| (application.name.clone(), why)));
        }
    }
    Ok(waiting)
}

fn waits(application: &Application, suspended: Option<String>, now: Timestamp) -> Option<String> {
    let name = &application.name;
    if let Some(why) = suspended {
        let resume = if application.suspend {
            "Git says spec.suspend: false".to_owned()
        } else {
            format!("somebody resumes it: kedge resume {name}")
        };
        return Some(format!("{why}; nothing is rolled out before {resume}"));
    }
    if !application.policy.automated {
        return Some(format!("waits for a sync by hand: kedge sync {name}"));
    }
    closed(&application.windows, now, Asked::Automatically).map(|closed| closed.sentence())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_does_not_begin_by_itself_says_what_it_waits_for() {
        let check = |spec: Value, suspended: Option<&str>, expected: Option<&str>| {
            let body = json!({"metadata": {"name": "web"}, "spec": spec});
            let application = Application::from_object(&body.into());
            let now = "2026-03-01T12:00:00Z".parse().unwrap();
            let told = waits(&application, suspended.map(str::to_owned), now);
            assert_eq!(told.as_deref(), expected, "{spec}");
        };
        let automated = json!({"syncPolicy": {"automated": true}});
        check(automated.clone(), None, None);
        let by_hand = "suspended by Ann: holiday; nothing is rolled out before somebody resumes it: \
                       kedge resume web";
        check(
            automated.clone(),
            Some("suspended by Ann: holiday"),
            Some(by_hand),
        );
        let in_git = "suspended by its manifest: spec.suspend is true; nothing is rolled out before \
                      Git says spec.suspend: false";
        check(
            json!({"suspend": true}),
            Some("suspended by its manifest: spec.suspend is true"),
            Some(in_git),
        );
        let manual = json!({"syncPolicy": {"automated": false}});
        check(
            manual,
            None,
            Some("waits for a sync by hand: kedge sync web"),
        );
        let window = json!({"syncWindows": [
            {"kind": "deny", "schedule": "0 11 * * *", "duration": "2h"},
        ]});
        let body = json!({"metadata": {"name": "web"}, "spec": window});
        let application = Application::from_object(&body.into());
        let now = "2026-03-01T12:00:00Z".parse().unwrap();
        let told = waits(&application, None, now).unwrap();
        assert!(
            told.starts_with("waits until 2026-03-01T13:00:00Z"),
            "{told}"
        );
    }
}
