//! Containers that end badly while a rollout waits for what they are part of.

use std::collections::BTreeSet;

use api::{Object, ObjectKey, parse_time};
use jiff::Timestamp;
use serde_json::Value;

use super::core::Core;
use super::observe::Observation;
use crate::history::Exit;

/// Those that are not on record, which `known` is brought to.
pub(super) fn news(
    core: &Core,
    observation: &Observation,
    began: Timestamp,
    known: &mut BTreeSet<(ObjectKey, Exit)>,
) -> Vec<(ObjectKey, Vec<Exit>)> {
    let mut news = Vec::new();
    for (key, health) in &observation.health {
        // What is well has nothing to tell, and is most of what there is.
        if health.status.is_settled_well() {
            continue;
        }
        let Some(object) = observation.live.get(key) else {
            continue;
        };
        let made = core.cluster.descendants(object);
        let pods = made.iter().map(|(_, object)| object).chain([object]);
        let ends = exits(pods, began).into_iter();
        let new: Vec<Exit> = ends
            .filter(|exit| known.insert((key.clone(), exit.clone())))
            .collect();
        if !new.is_empty() {
            news.push((key.clone(), new));
        }
    }
    news
}

/// Ends with another code than 0 since `began`, of pods that nobody deletes: those are stopped on
/// purpose.
fn exits<'a>(objects: impl Iterator<Item = &'a Object>, began: Timestamp) -> Vec<Exit> {
    let mut exits = Vec::new();
    for pod in objects.filter(|it| it.kind() == "Pod" && !it.is_deleting()) {
        let lists = ["/status/initContainerStatuses", "/status/containerStatuses"];
        let statuses = lists
            .into_iter()
            .filter_map(|list| pod.pointer(list).and_then(Value::as_array));
        for status in statuses.flatten() {
            let ends = [&status["lastState"], &status["state"]];
            exits.extend(ends.into_iter().filter_map(|state| {
                let ended = &state["terminated"];
                let at = parse_time(ended["finishedAt"].as_str()?)?;
                let code = ended["exitCode"].as_i64()?;
                // Times of containers are whole seconds.
                (code != 0 && at.as_second() >= began.as_second()).then(|| Exit {
                    at,
                    pod: pod.name().to_owned(),
                    container: status["name"].as_str().unwrap_or_default().to_owned(),
                    code,
                })
            }));
        }
    }
    exits
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_ended_badly_since_then_is_told_once() {
        let ended = |at: &str, code: i64| json!({"terminated": {"finishedAt": format!("2026-03-01T14:{at}Z"), "exitCode": code}});
        let pod = |name: &str, more: Value| -> Object {
            let mut body = json!({"kind": "Pod", "metadata": {"name": name}, "status": {
            "initContainerStatuses": [{"name": "wait", "state": ended("10:00", 0)}],
            "containerStatuses": [
                {"name": "api", "lastState": ended("10:05", 1), "state": ended("10:20", 137)},
                {"name": "old", "lastState": ended("09:59", 1), "state": {"running": {}}},
            ]}});
            body["metadata"]["deletionTimestamp"] = more;
            body.into()
        };
        let stopped = pod("b", json!("2026-03-01T14:10:00Z"));
        let set = Object::from(json!({"kind": "ReplicaSet", "metadata": {"name": "s"}}));
        let began = "2026-03-01T14:10:00.7Z".parse().unwrap();
        let all = [pod("a", Value::Null), stopped, set];
        let told: Vec<String> = exits(all.iter(), began)
            .into_iter()
            .map(|it| format!("{} {} {} {}", it.at, it.pod, it.container, it.code))
            .collect();
        assert_eq!(
            told,
            [
                "2026-03-01T14:10:05Z a api 1",
                "2026-03-01T14:10:20Z a api 137"
            ]
        );
    }
}
