//! Which pods a node's `NoExecute` taints drive away, and when.

use api::{Object, parse_time};
use jiff::Timestamp;
use serde_json::Value;

use crate::scheduler::terms::{Effect, Taint, Toleration};

/// A taint that drives pods away, and since when.
pub(super) struct Driving {
    taint: Taint,
    since: Timestamp,
}

/// The driving taints of a node. One without a time counts from `now`.
pub(super) fn driving(node: &Object, now: Timestamp) -> Vec<Driving> {
    list(node, "/spec/taints")
        .filter_map(|taint| {
            let since = taint["timeAdded"].as_str().and_then(parse_time);
            Some(Driving {
                taint: Taint::from_json(taint).filter(|t| t.effect == Effect::NoExecute)?,
                since: since.unwrap_or(now),
            })
        })
        .collect()
}

/// When the pod has to go; `None` where it may stay.
pub(super) fn due(pod: &Object, driving: &[Driving]) -> Option<Timestamp> {
    let tolerations: Vec<Toleration> = list(pod, "/spec/tolerations")
        .map(Toleration::from_json)
        .collect();
    driving
        .iter()
        .filter_map(|each| endured_until(each, &tolerations))
        .min()
}

/// The end of the shortest toleration; the taint's own time where there is none; `None` for ever.
fn endured_until(driving: &Driving, tolerations: &[Toleration]) -> Option<Timestamp> {
    let fitting: Vec<&Toleration> = tolerations
        .iter()
        .filter(|toleration| toleration.tolerates(&driving.taint))
        .collect();
    if fitting.is_empty() {
        return Some(driving.since);
    }
    let seconds = fitting.iter().filter_map(|each| each.seconds).min()?;
    let span = jiff::SignedDuration::from_secs(seconds.max(0));
    Some(driving.since.saturating_add(span).unwrap_or(Timestamp::MAX))
}

fn list<'a>(object: &'a Object, pointer: &str) -> impl Iterator<Item = &'a Value> {
    object
        .pointer(pointer)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}
