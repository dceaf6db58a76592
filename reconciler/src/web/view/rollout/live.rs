//! What the cluster says of a rollout that runs, beyond its record: how many pods are ready, and when
//! containers start again.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use api::{Object, ObjectKey, parse_time};

/// What is said of it now; nothing of a rollout that is over.
#[derive(Debug, Default)]
pub(crate) struct Live {
    /// `0 of 2 ready`, by object.
    pub ready: BTreeMap<ObjectKey, String>,
    /// Containers that wait for their next start, the soonest first.
    pub starts: Vec<Start>,
}

/// The next start of a container that ended and waits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Start {
    pub at: Timestamp,
    /// `shop/api-7d4`
    pub pod: String,
    pub container: String,
    /// How long it waits after its end: `2m40s`, as the kubelet says it.
    pub wait: String,
}

/// The next starts in these pods. A kubelet counts the wait from the container's end, and says how
/// long it is; where one of the two is not told, nothing is known.
pub(crate) fn starts<'a>(pods: impl Iterator<Item = &'a Object>, now: Timestamp) -> Vec<Start> {
    let mut all = Vec::new();
    for pod in pods.filter(|pod| !pod.is_deleting()) {
        let lists = ["/status/initContainerStatuses", "/status/containerStatuses"];
        let statuses = lists
            .into_iter()
            .filter_map(|list| pod.pointer(list).and_then(Value::as_array));
        let own = statuses.flatten().filter_map(|status| start(pod, status));
        all.extend(own.filter(|start| start.at > now));
    }
    all.sort();
    all
}

fn start(pod: &Object, status: &Value) -> Option<Start> {
    let waiting = &status["state"]["waiting"];
    if waiting["reason"] != "CrashLoopBackOff" {
        return None;
    }
    let message = waiting["message"].as_str()?;
    let wait = message.strip_prefix("back-off ")?.split(' ').next()?;
    let length: SignedDuration = wait.parse().ok()?;
    let ended = status["lastState"]["terminated"]["finishedAt"].as_str()?;
    Some(Start {
        at: parse_time(ended)? + length,
        pod: format!("{}/{}", pod.namespace(), pod.name()),
        container: status["name"].as_str().unwrap_or_default().to_owned(),
        wait: wait.to_owned(),
    })
}

/// `0 of 2 ready`, of what makes pods.
pub(crate) fn ready(object: &Object) -> Option<String> {
    let number = |pointer: &str| object.pointer(pointer).and_then(Value::as_i64);
    let (ready, wanted) = match object.kind() {
        "Deployment" | "ReplicaSet" | "StatefulSet" => (
            number("/status/readyReplicas"),
            number("/spec/replicas").unwrap_or(1),
        ),
        "DaemonSet" => (
            number("/status/numberReady"),
            number("/status/desiredNumberScheduled")?,
        ),
        _ => return None,
    };
    Some(format!("{} of {wanted} ready", ready.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_start_is_told_where_end_and_wait_are_known() {
        let at = |clock: &str| -> Timestamp { format!("2026-03-01T{clock}Z").parse().unwrap() };
        let check = |reason: &str, message: &str, ended: &str, expected: Option<(&str, &str)>| {
            let pod: Object =
                json!({"kind": "Pod", "metadata": {"namespace": "shop", "name": "api-1"},
                "status": {"containerStatuses": [{"name": "api",
                    "state": {"waiting": {"reason": reason, "message": message}},
                    "lastState": {"terminated": {"finishedAt": ended, "exitCode": 1}}}]}})
                .into();
            let found = starts(std::iter::once(&pod), at("14:14:00"));
            let expected: Vec<Start> = expected
                .map(|(clock, wait)| Start {
                    at: at(clock),
                    pod: "shop/api-1".into(),
                    container: "api".into(),
                    wait: wait.into(),
                })
                .into_iter()
                .collect();
            assert_eq!(found, expected, "{reason} {message} {ended}");
        };
        let (loops, ended) = ("CrashLoopBackOff", "2026-03-01T14:13:50Z");
        let told = "back-off 20s restarting failed container=api pod=api-1_shop(u)";
        check(loops, told, ended, Some(("14:14:10", "20s")));
        // As another kubelet says it.
        let told = "back-off 2m40s restarting failed container=api pod=api-1_shop(u)";
        check(loops, told, ended, Some(("14:16:30", "2m40s")));
        // What is over by now, or is not told, is not promised.
        check(loops, told, "2026-03-01T14:10:00Z", None);
        check(loops, "it crashed", ended, None);
        check(loops, told, "", None);
        check("ImagePullBackOff", "Back-off pulling image", ended, None);
    }

    #[test]
    fn how_many_are_ready_is_told_of_what_makes_pods() {
        let check = |body: Value, expected: Option<&str>| {
            assert_eq!(ready(&body.into()).as_deref(), expected);
        };
        let web = json!({"kind": "Deployment", "spec": {"replicas": 2}});
        check(web, Some("0 of 2 ready"));
        let agent = json!({"kind": "DaemonSet",
            "status": {"desiredNumberScheduled": 3, "numberReady": 1}});
        check(agent, Some("1 of 3 ready"));
        check(json!({"kind": "Service"}), None);
    }
}
