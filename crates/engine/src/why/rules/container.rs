//! One container of a pod: what was asked for, and how it is.

use api::{Object, parse_time};
use jiff::SignedDuration;
use serde_json::Value;

use crate::why::chain::Field;
use crate::why::facts::{Facts, items};

static NOTHING: Value = Value::Null;

#[derive(Debug, Clone, Copy)]
pub(in crate::why) struct Container<'a> {
    pub(in crate::why) name: &'a str,
    pub(in crate::why) spec: &'a Value,
    /// `null` before the node says anything.
    pub(in crate::why) status: &'a Value,
    /// The list it is in: `containers` or `initContainers`.
    list: &'static str,
}

/// All of a pod, init containers first.
pub(in crate::why) fn containers(pod: &Object) -> Vec<Container<'_>> {
    let of = |list: &'static str, statuses: &str| {
        let statuses = &pod.body["status"][statuses];
        items(&pod.body["spec"][list]).map(move |spec| Container {
            name: spec["name"].as_str().unwrap_or_default(),
            status: items(statuses)
                .find(|status| status["name"] == spec["name"])
                .unwrap_or(&NOTHING),
            spec,
            list,
        })
    };
    of("initContainers", "initContainerStatuses")
        .chain(of("containers", "containerStatuses"))
        .collect()
}

impl<'a> Container<'a> {
    /// Where one of its fields is, in the object that Git has.
    pub(in crate::why) fn field(&self, facts: &Facts, path: &str) -> Field {
        facts.pod_field(&format!("spec.{}[name={}].{path}", self.list, self.name))
    }

    /// Why it waits; empty where it does not.
    pub(in crate::why) fn waits_for(&self) -> &'a str {
        self.status["state"]["waiting"]["reason"]
            .as_str()
            .unwrap_or_default()
    }

    pub(in crate::why) fn waiting_message(&self) -> &'a str {
        self.status["state"]["waiting"]["message"]
            .as_str()
            .unwrap_or_default()
    }

    pub(in crate::why) fn is_running(&self) -> bool {
        self.status["state"]["running"].is_object()
    }

    /// The newest run that ended badly.
    pub(in crate::why) fn failure(&self) -> Option<&'a Value> {
        ["state", "lastState"]
            .into_iter()
            .map(|state| &self.status[state]["terminated"])
            .find(|ended| {
                ended["exitCode"].as_i64().is_some_and(|code| code != 0)
                    || ended["reason"] == "OOMKilled"
            })
    }

    /// Everything that the run that failed said at its end: the log, or what the status kept of it.
    pub(in crate::why) fn words(&self, facts: &'a Facts) -> Vec<&'a str> {
        let Some(failure) = self.failure() else {
            return Vec::new();
        };
        let log = facts.log(self.name).map_or(&[][..], |log| &log.lines);
        let kept = failure["message"].as_str().unwrap_or_default();
        let all = log.iter().map(String::as_str).chain(kept.lines());
        all.map(str::trim_end)
            .filter(|line| !line.trim().is_empty())
            .collect()
    }

    /// The last of these lines that says it.
    pub(in crate::why) fn said(
        &self,
        facts: &'a Facts,
        says: impl Fn(&str) -> bool,
    ) -> Option<&'a str> {
        self.words(facts).into_iter().rev().find(|line| says(line))
    }

    /// How long the run that failed ran.
    pub(in crate::why) fn ran(&self) -> Option<SignedDuration> {
        let ended = self.failure()?;
        let moment = |field: &str| ended[field].as_str().and_then(parse_time);
        Some(moment("startedAt")?.duration_until(moment("finishedAt")?))
    }
}
