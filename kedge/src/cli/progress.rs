//! How far something is that takes time, in a line: how many of how many, what is waited for, and
//! until when. Decides what is said; reads no clock and draws nothing.

use jiff::Timestamp;

use super::age::between;
use super::shown::{Application, Rollout};
use super::table::plain_line;

/// What a terminal shows while it goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(super) done: usize,
    pub(super) all: usize,
    /// The one thing that is waited for.
    pub(super) text: String,
}

/// Of a rollout: its objects, the first that is not healthy, and the deadline.
pub(super) fn of_rollout(rollout: &Rollout, now: Timestamp) -> Progress {
    let objects = || rollout.objects.iter().filter(|it| it.action != "delete");
    let is_done = |health: &str| matches!(health, "Healthy" | "Suspended");
    let open = objects().find(|it| !is_done(&it.health));
    let done = objects().filter(|it| is_done(&it.health)).count();
    let all = objects().count();
    let waits = match (rollout.phase.as_str(), open) {
        // It has not begun: its last step says for whom it waits.
        ("Pending", _) => rollout.steps.last().map(|step| step.text.clone()),
        (_, Some(object)) => Some(format!(
            "{} {}{}",
            object.kind,
            object.key.title(),
            match object.message.as_str() {
                "" => String::new(),
                message => format!(": {message}"),
            }
        )),
        _ => None,
    };
    let left = rollout.deadline_at.filter(|at| *at > now);
    let left = left.map(|at| format!("{} left", between(now, at)));
    let healthy = format!("{done} of {all} objects healthy");
    let parts = [Some(healthy), left, waits].into_iter().flatten();
    Progress {
        done,
        all,
        text: plain_line(&parts.collect::<Vec<_>>().join(" · ")),
    }
}

/// Of things that are looked at a few at a time: how many were, and which was last.
pub(super) fn of_names(done: usize, all: usize, last: &str) -> Progress {
    let text = format!("{done} of {all} compared · {last}");
    let text = text.trim_end_matches([' ', '·']);
    Progress {
        done,
        all,
        text: plain_line(text),
    }
}

/// Of an instance that starts: its Applications, and the first that is on its way.
pub(crate) fn of_applications(applications: &[Application], expected: usize) -> Progress {
    let is_well = |it: &&Application| it.sync == "Synced" && it.health.status == "Healthy";
    let done = applications.iter().filter(is_well).count();
    let all = expected.max(applications.len());
    let open = applications.iter().find(|it| !is_well(it));
    let waits = open.map(|it| {
        let message = [&it.health.message, &it.sync_message];
        let message = message.into_iter().find(|message| !message.is_empty());
        message.map_or_else(
            || it.name.clone(),
            |message| format!("{}: {message}", it.name),
        )
    });
    let well = format!("{done} of {all} applications well");
    let parts = [Some(well), waits].into_iter().flatten();
    Progress {
        done,
        all,
        text: plain_line(&parts.collect::<Vec<_>>().join(" · ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::shown;
    use super::*;

    #[test]
    fn a_rollout_says_what_it_waits_for_and_how_long_it_may() {
        let now: Timestamp = "2026-03-01T14:00:00Z".parse().unwrap();
        let check = |rollout: Value, done: usize, all: usize, expected: &str| {
            let rollout: Rollout = shown::read(&rollout).unwrap();
            let text = expected.to_owned();
            assert_eq!(of_rollout(&rollout, now), Progress { done, all, text });
        };
        let objects = json!([
            {"kind": "Service", "key": {"namespace": "shop", "name": "web"}, "action": "create", "health": "Healthy"},
            {"kind": "Deployment", "key": {"namespace": "shop", "name": "web"}, "action": "change",
             "health": "Progressing", "message": "1 of 2 ready"},
            {"kind": "Pod", "key": {"namespace": "shop", "name": "old"}, "action": "delete"},
        ]);
        let mut rollout = json!({"phase": "Verifying", "startedAt": "2026-03-01T13:59:00Z",
            "deadlineAt": "2026-03-01T14:08:00Z", "objects": objects});
        let waits = "1 of 2 objects healthy · 8m left · Deployment shop/web: 1 of 2 ready";
        check(rollout.clone(), 1, 2, waits);
        rollout["phase"] = json!("Pending");
        rollout["deadlineAt"] = Value::Null;
        rollout["steps"] =
            json!([{"at": "2026-03-01T13:59:00Z", "text": "waits for application db"}]);
        let pending = "1 of 2 objects healthy · waits for application db";
        check(rollout, 1, 2, pending);
    }

    #[test]
    fn an_instance_says_which_application_is_on_its_way() {
        let check = |items: Value, expected: usize, text: &str| {
            let items: Vec<Application> = shown::read(&items).unwrap();
            assert_eq!(of_applications(&items, expected).text, text);
        };
        check(json!([]), 2, "0 of 2 applications well");
        let items = json!([
            {"name": "a", "sync": "Synced", "health": {"status": "Healthy", "message": ""}},
            {"name": "b", "sync": "OutOfSync", "health": {"status": "Progressing", "message": "1 of 2 ready"}},
        ]);
        check(items, 3, "1 of 3 applications well · b: 1 of 2 ready");
    }
}
