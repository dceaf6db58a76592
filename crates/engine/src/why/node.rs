//! A node that is not ready: since when, and what becomes of its pods. What drives pods away, and when, is
//! read as the controller of the cluster reads it: taints, and how long each pod tolerates them.

use api::{Object, parse_time};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::facts::items;
use super::text::capital;

/// `Node north-b does not report, and was given up at 14:03:10 UTC`; `None` where the node is ready. When
/// it was heard last its status does not say: that is written more rarely.
pub fn silence(node: &Object, now: Timestamp) -> Option<String> {
    let name = node.name();
    let Some(ready) = node.condition("Ready") else {
        return Some(format!("Node {name} has not reported yet"));
    };
    if ready.status == "True" {
        return None;
    }
    let changed = ready.last_transition_time.as_deref().and_then(parse_time);
    let changed = changed.map(|at| clock(at, now));
    if ready.status != "False" {
        let given_up = changed.map_or_else(String::new, |at| format!(", and was given up at {at}"));
        return Some(format!("Node {name} does not report{given_up}"));
    }
    let since = changed.map_or_else(String::new, |at| format!(" since {at}"));
    let why = match (ready.message.as_str(), ready.reason.as_str()) {
        ("", "") => String::new(),
        ("", reason) => format!(": {reason}"),
        (message, _) => format!(": {}", message.trim_end_matches('.')),
    };
    Some(format!("Node {name} says that it is not ready{since}{why}"))
}

/// Whether the agent of the node is not heard of, so that nobody knows what runs there.
pub(super) fn is_silent(node: &Object) -> bool {
    let ready = node.condition("Ready");
    ready.is_some_and(|ready| !matches!(ready.status.as_str(), "True" | "False"))
}

/// The nodes beside this one, as far as they count here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    None,
    /// There are, and none of them is ready.
    NotReady,
    Ready,
}

impl Others {
    /// `all` may have the node itself.
    pub fn than<'a>(name: &str, all: impl Iterator<Item = &'a Object>) -> Self {
        let is_ready = |node: &Object| {
            node.condition("Ready")
                .is_some_and(|it| it.status == "True")
        };
        let others = all.filter(|node| node.name() != name);
        others.fold(Self::None, |known, node| match known {
            Self::Ready => Self::Ready,
            _ if is_ready(node) => Self::Ready,
            _ => Self::NotReady,
        })
    }

    /// Why nothing is moved; empty where something may be.
    fn outage(self) -> &'static str {
        match self {
            Self::None => "it is the only node",
            Self::NotReady => "no other node is ready",
            Self::Ready => "",
        }
    }
}

/// What becomes of one pod while its node stays as it is.
pub fn next_of_pod(pod: &Object, node: &Object, others: Others, now: Timestamp) -> String {
    if pod.is_deleting() {
        return "It is being deleted there; it is gone once the node reports again, or is removed."
            .into();
    }
    let outage = others.outage();
    if !outage.is_empty() {
        let why = capital(outage);
        return format!("{why}, so the pod stays there until the node reports again.");
    }
    let Some(at) = due(pod, node) else {
        return "Nothing drives it away: it stays there until the node reports again.".into();
    };
    let made = match pod.controller() {
        Some(owner) => format!("{} {} makes another one", owner.kind, owner.name),
        None => "nothing makes another one".into(),
    };
    if at <= now {
        return format!("It is deleted there now, and {made}.");
    }
    format!(
        "If it stays so, the pod is deleted there at {}, and {made}.",
        clock(at, now)
    )
}

/// What becomes of all pods that the node has.
pub fn next(pods: &[&Object], node: &Object, others: Others, now: Timestamp) -> String {
    let own = pods.iter().filter(|pod| {
        let is_over = matches!(pod.text("/status/phase"), "Succeeded" | "Failed");
        pod.text("/spec/nodeName") == node.name() && !is_over && !pod.is_deleting()
    });
    let due: Vec<Option<Timestamp>> = own.map(|pod| self::due(pod, node)).collect();
    let Some(first) = due.iter().flatten().min() else {
        return match due.len() {
            0 => "It has no pods.".into(),
            _ => "Nothing drives its pods away: they stay there until it reports again.".into(),
        };
    };
    let outage = others.outage();
    if !outage.is_empty() {
        let why = capital(outage);
        return format!("{why}, so nothing is moved: its pods stay there until it reports again.");
    }
    let leaving = due.iter().flatten().count();
    let (pods, them) = if leaving == 1 {
        ("pod is", "it")
    } else {
        ("pods are", "them")
    };
    let when = if *first <= now {
        "now".to_owned()
    } else {
        format!("from {} on", clock(*first, now))
    };
    let stay = match due.len() - leaving {
        0 => String::new(),
        1 => " 1 stays.".into(),
        many => format!(" {many} stay."),
    };
    format!(
        "If it stays so, {leaving} {pods} deleted there {when}, and made again elsewhere by what \
         made {them}.{stay}"
    )
}

/// When the node's taints drive the pod away; `None` where none does.
fn due(pod: &Object, node: &Object) -> Option<Timestamp> {
    let driving = items(&node.body["spec"]["taints"]).filter(|it| it["effect"] == "NoExecute");
    driving.filter_map(|taint| endured(pod, taint)).min()
}

/// Until when the pod endures a taint; `None` for ever.
fn endured(pod: &Object, taint: &Value) -> Option<Timestamp> {
    let since = taint["timeAdded"].as_str().and_then(parse_time)?;
    let fitting: Vec<&Value> = items(&pod.body["spec"]["tolerations"])
        .filter(|it| tolerates(it, taint))
        .collect();
    if fitting.is_empty() {
        return Some(since);
    }
    let seconds = fitting
        .iter()
        .filter_map(|it| it["tolerationSeconds"].as_i64())
        .min()?;
    since
        .checked_add(SignedDuration::from_secs(seconds.max(0)))
        .ok()
}

fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (effect, key) = (text(&toleration["effect"]), text(&toleration["key"]));
    let fits = (effect.is_empty() || taint["effect"] == *effect)
        && (key.is_empty() || taint["key"] == *key);
    let value = || text(&toleration["value"]) == text(&taint["value"]);
    fits && (toleration["operator"] == "Exists" || (!key.is_empty() && value()))
}

/// A moment as people say it: the time of a day, with the day where that is another one.
fn clock(at: Timestamp, now: Timestamp) -> String {
    let far = at.duration_until(now).abs() >= SignedDuration::from_hours(24);
    let format = if far {
        "%Y-%m-%d %H:%M UTC"
    } else {
        "%H:%M:%S UTC"
    };
    at.strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T10:00:00Z".parse().unwrap()
    }

    fn node(name: &str, status: &str) -> Object {
        json!({"metadata": {"name": name},
            "spec": {"taints": [{"key": "node.kubernetes.io/unreachable", "effect": "NoExecute", "timeAdded": "2026-11-21T09:58:00Z"}]},
            "status": {"conditions": [{"type": "Ready", "status": status, "message": "the disk is full.",
                "lastHeartbeatTime": "2026-11-21T09:57:20Z", "lastTransitionTime": "2026-11-21T09:58:00Z"}]}})
        .into()
    }

    fn pod(tolerations: &Value) -> Object {
        json!({"kind": "Pod", "metadata": {"name": "web-1", "namespace": "shop",
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-7d", "uid": "u", "controller": true}]},
            "spec": {"nodeName": "a", "tolerations": tolerations}, "status": {"phase": "Running"}})
        .into()
    }

    fn patient(seconds: i64) -> Value {
        json!([{"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": seconds}])
    }

    #[test]
    fn a_node_that_is_not_ready_says_since_when() {
        let told = |status: &str| silence(&node("a", status), now());
        assert_eq!(told("True"), None);
        let silent = "Node a does not report, and was given up at 09:58:00 UTC";
        assert_eq!(told("Unknown").as_deref(), Some(silent));
        let refuses = "Node a says that it is not ready since 09:58:00 UTC: the disk is full";
        assert_eq!(told("False").as_deref(), Some(refuses));
        let later = now() + SignedDuration::from_hours(50);
        let silent = "Node a does not report, and was given up at 2026-11-21 09:58 UTC";
        assert_eq!(
            silence(&node("a", "Unknown"), later).as_deref(),
            Some(silent)
        );
        let new = json!({"metadata": {"name": "a"}}).into();
        assert_eq!(
            silence(&new, now()).as_deref(),
            Some("Node a has not reported yet")
        );
    }

    #[test]
    fn what_becomes_of_a_pod_is_told() {
        let others = |all: &[Object]| Others::than("a", all.iter());
        let lost = node("a", "Unknown");
        let two = [lost.clone(), node("b", "True")];
        let down = [lost.clone(), node("b", "Unknown")];
        let check = |pod: Object, all: &[Object], expected: &str| {
            assert_eq!(next_of_pod(&pod, &lost, others(all), now()), expected);
        };
        let moved = "ReplicaSet web-7d makes another one.";
        check(
            pod(&patient(300)),
            &two,
            &format!("If it stays so, the pod is deleted there at 10:03:00 UTC, and {moved}"),
        );
        check(
            pod(&patient(30)),
            &two,
            &format!("It is deleted there now, and {moved}"),
        );
        let endures = json!([{"operator": "Exists"}]);
        let stays = "Nothing drives it away: it stays there until the node reports again.";
        check(pod(&endures), &two, stays);
        let stays = "so the pod stays there until the node reports again.";
        let alone = &two[..1];
        check(
            pod(&patient(300)),
            alone,
            &format!("It is the only node, {stays}"),
        );
        check(
            pod(&patient(300)),
            &down,
            &format!("No other node is ready, {stays}"),
        );
    }

    #[test]
    fn what_becomes_of_all_pods_is_told() {
        let lost = node("a", "Unknown");
        let endures = pod(&json!([{"operator": "Exists"}]));
        let (one, two) = (pod(&patient(300)), pod(&patient(400)));
        let told = |pods: &[&Object], others| next(pods, &lost, others, now());
        assert_eq!(
            told(&[&one, &two, &endures], Others::Ready),
            "If it stays so, 2 pods are deleted there from 10:03:00 UTC on, and made again \
             elsewhere by what made them. 1 stays."
        );
        assert_eq!(
            told(&[&one], Others::None),
            "It is the only node, so nothing is moved: its pods stay there until it reports again."
        );
        assert_eq!(
            told(&[&endures], Others::Ready),
            "Nothing drives its pods away: they stay there until it reports again."
        );
        assert_eq!(told(&[], Others::Ready), "It has no pods.");
    }
}
