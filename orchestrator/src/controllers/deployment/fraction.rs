//! How far a rolling update may go beyond and below the wanted number. Pure.

use serde_json::Value;

use api::Object;

/// What both limits are where they are not given.
const DEFAULT_PERCENT: i64 = 25;

/// The limits of a rolling update, in pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) surge: i64,
    pub(super) unavailable: i64,
}

/// A share of the surge rounds up, one of the unavailable rounds down; both nothing would never
/// move, so one may be unavailable then. Recreate has neither.
pub(super) fn limits(deployment: &Object) -> Limits {
    if !is_rolling(deployment) {
        return Limits {
            surge: 0,
            unavailable: 0,
        };
    }
    let replicas = replicas(deployment);
    let field = |name: &str| deployment.pointer(&format!("/spec/strategy/rollingUpdate/{name}"));
    let surge = share(field("maxSurge"), replicas, Round::Up);
    let mut unavailable = share(field("maxUnavailable"), replicas, Round::Down);
    if surge == 0 && unavailable == 0 {
        unavailable = 1;
    }
    Limits {
        surge,
        unavailable: unavailable.min(replicas),
    }
}

pub(super) fn is_rolling(deployment: &Object) -> bool {
    deployment.text("/spec/strategy/type") != "Recreate"
}

/// The wanted number of pods.
pub(super) fn replicas(object: &Object) -> i64 {
    object
        .pointer("/spec/replicas")
        .and_then(Value::as_i64)
        .unwrap_or(1)
}

#[derive(Clone, Copy)]
enum Round {
    Up,
    Down,
}

fn share(value: Option<&Value>, of: i64, round: Round) -> i64 {
    let percent = match value {
        Some(Value::Number(number)) => return number.as_i64().unwrap_or(0),
        Some(Value::String(text)) => text
            .strip_suffix('%')
            .and_then(|percent| percent.parse().ok())
            .unwrap_or(DEFAULT_PERCENT),
        _ => DEFAULT_PERCENT,
    };
    let hundredths = of.saturating_mul(percent);
    match round {
        Round::Up => hundredths.saturating_add(99) / 100,
        Round::Down => hundredths / 100,
    }
}
