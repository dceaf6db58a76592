//! The progress of a rollout as lines of text, each said once.

use std::collections::BTreeMap;

use serde_json::Value;

use api::{Object, ObjectKey};

use crate::manifest::title;
use crate::{Health, HealthStatus};

/// How far one object is: `Deployment shop/web: 2 of 3 ready`.
pub fn line(object: &Object, health: &Health) -> String {
    let title = title(object);
    let number = |pointer: &str| object.pointer(pointer).and_then(Value::as_i64);
    let waits = health.status == HealthStatus::Progressing;
    let pods = matches!(object.kind(), "Deployment" | "ReplicaSet" | "StatefulSet");
    let seen = object.observed_generation().unwrap_or(0) >= object.generation();
    let (ready, wanted) = (
        number("/status/readyReplicas").unwrap_or(0),
        number("/spec/replicas").unwrap_or(1),
    );
    let plain = health.message.is_empty()
        || health.message.ends_with(" are ready")
        || health.message.ends_with(" are available")
        || health.message.ends_with(" are of the new version");
    if waits && pods && seen && plain {
        let updated = number("/status/updatedReplicas").unwrap_or(ready);
        return format!("{title}: {} of {wanted} ready", ready.min(updated));
    }
    match (health.status, health.message.as_str()) {
        (HealthStatus::Healthy, _) => format!("{title}: healthy"),
        (status, "") => format!("{title}: {}", status.as_str().to_lowercase()),
        (_, message) => format!("{title}: {message}"),
    }
}

/// What has been said about each object.
#[derive(Debug, Clone, Default)]
pub struct Told {
    lines: BTreeMap<ObjectKey, String>,
    /// By title, what was on record when this began: the last line on each object.
    recorded: BTreeMap<String, String>,
}

impl Told {
    /// Goes on after these lines, the oldest first.
    pub fn after(lines: impl IntoIterator<Item = String>) -> Self {
        let titled = |line: String| Some((line.split_once(": ")?.0.to_owned(), line));
        Self {
            recorded: lines.into_iter().filter_map(titled).collect(),
            ..Self::default()
        }
    }

    /// The lines that are new since the last call, in the order of the keys. Objects that are
    /// healthy from the start are not mentioned.
    pub fn news<'a>(
        &mut self,
        now: impl IntoIterator<Item = (&'a ObjectKey, &'a Object, &'a Health)>,
    ) -> Vec<String> {
        let mut news = Vec::new();
        for (key, object, health) in now {
            let line = line(object, health);
            let recorded = || self.recorded.get(&title(object));
            let before = self.lines.get(key).or_else(recorded);
            let first_and_fine = before.is_none() && health.status.is_settled_well();
            if before != Some(&line) && !first_and_fine {
                news.push(line.clone());
            }
            self.lines.insert(key.clone(), line);
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use api::Collection;

    use super::*;

    #[test]
    fn says_each_thing_once() {
        let key = Collection::new("apps", "deployments").key("shop", "web");
        let deployment = |ready: i64| -> Object {
            json!({"apiVersion": "apps/v1", "kind": "Deployment",
                   "metadata": {"name": "web", "namespace": "shop"},
                   "spec": {"replicas": 3}, "status": {"readyReplicas": ready}})
            .into()
        };
        let mut told = Told::default();
        let mut say = |ready, health: Health| told.news([(&key, &deployment(ready), &health)]);
        let waits = || Health::progressing("1 of 3 pods are ready");
        assert_eq!(say(1, waits()), ["Deployment shop/web: 1 of 3 ready"]);
        assert_eq!(say(1, waits()), Vec::<String>::new());
        assert_eq!(say(2, waits()), ["Deployment shop/web: 2 of 3 ready"]);
        let stuck =
            Health::progressing("container web in pod web-1 cannot pull image x: not found");
        assert_eq!(
            say(2, stuck),
            ["Deployment shop/web: container web in pod web-1 cannot pull image x: not found"]
        );
        assert_eq!(say(3, Health::healthy()), ["Deployment shop/web: healthy"]);
    }

    #[test]
    fn goes_on_after_what_is_on_record() {
        let key = Collection::new("", "pods").key("shop", "web");
        let pod: Object = json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "web", "namespace": "shop"}})
        .into();
        let lines = ["Pod shop/web: starts", "Pod shop/web: a: b"];
        let check = |health: Health, expected: &[&str]| {
            let mut told = Told::after(lines.map(str::to_owned));
            assert_eq!(told.news([(&key, &pod, &health)]), expected);
        };
        check(Health::progressing("a: b"), &[]);
        check(Health::progressing("starts"), &["Pod shop/web: starts"]);
        check(Health::healthy(), &["Pod shop/web: healthy"]);
    }
}
