//! Cells of `kubectl get`, as its users know them.

use api::Object;
use jiff::Timestamp;
use serde_json::{Value, json};

const NONE: &str = "<none>";
const UNKNOWN: &str = "<unknown>";

/// Time since creation: `5m`, `3d4h`.
pub(super) fn age(object: &Object, now: Timestamp) -> Value {
    since(object.creation_timestamp(), now)
}

/// Time since an RFC 3339 timestamp; `<unknown>` where there is none.
pub(super) fn since(text: &str, now: Timestamp) -> Value {
    match api::parse_time(text) {
        Some(at) => json!(duration(now.as_second() - at.as_second())),
        None => json!(UNKNOWN),
    }
}

/// Kubernetes' `duration.HumanDuration`: at most two units, fewer the longer it is.
pub(super) fn duration(seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let two = |big: i64, unit: &str, small: i64, small_unit: &str| {
        if small == 0 {
            format!("{big}{unit}")
        } else {
            format!("{big}{unit}{small}{small_unit}")
        }
    };
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1 | 0 => "0s".to_owned(),
        1..120 => format!("{seconds}s"),
        _ if minutes < 10 => two(minutes, "m", seconds % 60, "s"),
        _ if minutes < 180 => format!("{minutes}m"),
        _ if hours < 8 => two(hours, "h", minutes % 60, "m"),
        _ if hours < 48 => format!("{hours}h"),
        _ if hours < 192 => two(days, "d", hours % 24, "h"),
        _ if days < 730 => format!("{days}d"),
        _ if days < 2920 => two(days / 365, "y", days % 365, "d"),
        _ => format!("{}y", days / 365),
    }
}

/// The text, or `<none>`.
pub(super) fn or_none(text: &str) -> Value {
    json!(if text.is_empty() { NONE } else { text })
}

/// The text, or `<unknown>`.
pub(super) fn or_unknown(text: &str) -> Value {
    json!(if text.is_empty() { UNKNOWN } else { text })
}

/// The text, or `<unset>`.
pub(super) fn unset(text: &str) -> Value {
    json!(if text.is_empty() { "<unset>" } else { text })
}

/// The texts joined by commas, or `<none>`.
pub(super) fn joined<'a>(texts: impl IntoIterator<Item = &'a str>) -> Value {
    or_none(&texts.into_iter().collect::<Vec<_>>().join(","))
}

/// The number at a pointer; 0 where there is none.
pub(super) fn number(object: &Object, pointer: &str) -> i64 {
    object
        .pointer(pointer)
        .and_then(Value::as_i64)
        .unwrap_or_default()
}

/// The elements at a pointer; none where there is no list.
pub(super) fn list<'a>(object: &'a Object, pointer: &str) -> &'a [Value] {
    object
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// `key=value,…` of a map, or `<none>`.
pub(super) fn map(map: Option<&Value>) -> Value {
    let mut pairs: Vec<String> = map
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    pairs.sort();
    or_none(&pairs.join(","))
}

/// A label selector object in its query form, or `<none>`.
pub(super) fn selector(selector: Option<&Value>) -> Value {
    or_none(&api::selector::LabelSelector::from_object(selector).to_string())
}

/// Containers, images: the two wide columns of everything with a pod template.
pub(super) fn containers(object: &Object, pod_spec: &str) -> [Value; 2] {
    let containers = list(object, &format!("{pod_spec}/containers"));
    ["name", "image"].map(|field| {
        let texts: Vec<&str> = containers
            .iter()
            .filter_map(|c| c[field].as_str())
            .collect();
        json!(texts.join(","))
    })
}

/// `RWO,ROX`: access modes in kubectl's short form.
pub(super) fn access_modes(modes: &[Value]) -> Value {
    let short: Vec<&str> = modes
        .iter()
        .filter_map(Value::as_str)
        .map(|mode| match mode {
            "ReadWriteOnce" => "RWO",
            "ReadOnlyMany" => "ROX",
            "ReadWriteMany" => "RWX",
            "ReadWriteOncePod" => "RWOP",
            other => other,
        })
        .collect();
    json!(short.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_like_kubectls() {
        for (seconds, expected) in [
            (-5, "<invalid>"),
            (-1, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (125, "2m5s"),
            (599, "9m59s"),
            (600, "10m"),
            (3 * 3600 - 1, "179m"),
            (3 * 3600, "3h"),
            (7 * 3600 + 1800, "7h30m"),
            (47 * 3600, "47h"),
            (49 * 3600, "2d1h"),
            (8 * 86_400, "8d"),
            (729 * 86_400, "729d"),
            (731 * 86_400, "2y1d"),
            (3000 * 86_400, "8y"),
        ] {
            assert_eq!(duration(seconds), expected, "{seconds}");
        }
    }
}
