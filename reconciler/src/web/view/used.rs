//! What is used, in words and as a meter that is wide for what is requested and thin for what is used.

use std::collections::BTreeMap;
use std::fmt::Write;

use askama::Template;
use jiff::Timestamp;
use serde_json::Value;

use api::{Object, Quantity};

use super::nodes::{NANOS, cores, memory_text};
use super::time::When;
use crate::usage::{Amount, Source, Used};

/// A bar of a whole.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "meter.html")]
pub(crate) struct Meter {
    /// Percent.
    pub requested: i64,
    /// Percent; `None` where it is not measured.
    pub used: Option<i64>,
    /// The figures, beside the bar.
    pub text: String,
    /// The same for those who do not see the bar.
    pub label: String,
}

/// How amounts of something are said.
pub(super) type Say = fn(i128) -> String;

impl Meter {
    /// Of a node, in billionths of what is counted.
    pub(super) fn of_whole(
        requested: i128,
        used: Option<i128>,
        of: i128,
        (say, unit): (Say, &str),
    ) -> Self {
        let part = share(requested, of);
        let mut text = format!("{} of {}{unit}", say(requested), say(of));
        let mut label = format!("{part} % requested: {text}");
        if let Some(used) = used {
            let told = format!("{} used", say(used));
            let _ = write!(label, "; {} % used: {}{unit}", share(used, of), say(used));
            text = format!("{text}, {told}");
        }
        Self {
            requested: part,
            used: used.map(|used| share(used, of)),
            text,
            label,
        }
    }

    /// Of a container: against its limit, or without one against what is the most.
    fn of_container(used: i128, requested: i128, limit: i128, say: Say) -> Self {
        let of = if limit > 0 {
            limit
        } else {
            requested.max(used)
        };
        let mut text = say(used);
        if limit > 0 {
            let _ = write!(text, " of {}", say(limit));
        }
        let asked = match requested {
            0 => "nothing requested".to_owned(),
            requested => format!("{} requested", say(requested)),
        };
        let bound = if limit > 0 { "" } else { ", no limit" };
        Self {
            requested: share(requested, of),
            used: Some(share(used, of)),
            label: format!("{text} used, {asked}{bound}"),
            text: format!("{text}, {asked}"),
        }
    }

    /// Whether it is about to be stopped, or slowed down.
    pub(crate) fn is_hot(&self) -> bool {
        self.used.is_some_and(|used| used >= 90) && self.text.contains(" of ")
    }
}

fn share(part: i128, of: i128) -> i64 {
    if of <= 0 {
        return 0;
    }
    i64::try_from((part * 100 / of).clamp(0, 100)).unwrap_or(100)
}

/// Below one core in thousandths, as manifests have it.
pub(crate) fn cpu_text(nanos: i128) -> String {
    if nanos >= NANOS {
        return format!("{} cores", cores(nanos));
    }
    let thousandth = NANOS / 1000;
    format!("{}m", (nanos + thousandth - 1) / thousandth)
}

/// `12m CPU and 48 MiB`.
pub(crate) fn both(amount: Amount) -> String {
    let memory = memory_text(i128::from(amount.memory_bytes) * NANOS);
    format!("{} CPU and {memory}", cpu_text(amount.cpu_nanos.into()))
}

/// What an application uses, in one line; empty where there is nothing to say.
pub(crate) fn line(used: &Used, application: &str, now: Timestamp) -> String {
    match (used.applications.get(application), used.source) {
        (Some(amount), _) => match used.stale() {
            Some(at) => format!("{}, {}", both(*amount), When::ago(at, now).text),
            None => both(*amount),
        },
        (None, Source::Absent) => "nothing measures use here".into(),
        (None, _) => String::new(),
    }
}

/// What a page says of figures that are not of now; empty where they are.
pub(crate) fn stale(used: &Used, now: Timestamp) -> String {
    used.stale().map_or_else(String::new, |at| {
        let ago = When::ago(at, now).text;
        format!("What is used is of {ago}: the cluster has not said since.")
    })
}

/// What the containers of a pod use.
#[derive(Debug, Template)]
#[template(path = "pod/used.html")]
pub(crate) struct Containers {
    /// Name, CPU, memory.
    pub rows: Vec<(String, Meter, Meter)>,
    pub at: Option<When>,
    /// Whether the cluster was asked again since, and did not answer.
    pub stale: bool,
    /// Why there are no rows.
    pub none: &'static str,
}

/// `past`: a moment that is over is looked at.
pub(crate) fn containers(pod: &Object, used: &Used, past: bool, now: Timestamp) -> Containers {
    let measured = used.containers(pod.namespace(), pod.name());
    let born = api::parse_time(pod.creation_timestamp());
    let was_there = born < used.at;
    let none = match used.source {
        _ if past => "What was used then is not kept.",
        Source::Absent => "Nothing measures use here: the cluster has no metrics.k8s.io.",
        Source::Silent => "The cluster does not say what is used now.",
        Source::Answers if was_there => "Nothing of it ran when that was measured.",
        Source::Unasked | Source::Answers => "Not measured yet: that is done once a minute.",
    };
    let empty = BTreeMap::new();
    let rows = measured.unwrap_or(&empty).iter();
    Containers {
        rows: rows.map(|(name, amount)| row(pod, name, *amount)).collect(),
        at: used.at.map(|at| When::ago(at, now)),
        stale: used.stale().is_some(),
        none,
    }
}

fn row(pod: &Object, name: &str, amount: Amount) -> (String, Meter, Meter) {
    let has = |list: &str, resource: &str| -> i128 {
        let containers = ["/spec/containers", "/spec/initContainers"]
            .into_iter()
            .filter_map(|pointer| pod.pointer(pointer).and_then(Value::as_array));
        let mut containers = containers.flatten();
        let own = containers.find(|it| it["name"] == name);
        let told = own.map(|it| &it["resources"][list][resource]);
        told.and_then(|it| Quantity::from_json(it).ok())
            .map_or(0, Quantity::nanos)
    };
    let meter = |resource: &str, used: i128, say: Say| {
        let (requested, limit) = (has("requests", resource), has("limits", resource));
        Meter::of_container(used, requested, limit, say)
    };
    (
        name.to_owned(),
        meter("cpu", amount.cpu_nanos.into(), cpu_text),
        meter(
            "memory",
            i128::from(amount.memory_bytes) * NANOS,
            memory_text,
        ),
    )
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use jiff::SignedDuration;
    use serde_json::json;

    use super::*;
    use crate::usage::Point;

    pub(in crate::web::view) fn now() -> Timestamp {
        "2026-03-01T14:00:00Z".parse().unwrap()
    }

    pub(in crate::web::view) fn used(points: &[(i64, i64)]) -> Used {
        let point = |(minutes, millis): &(i64, i64)| Point {
            at: now() - SignedDuration::from_mins(*minutes),
            amount: Amount {
                cpu_nanos: millis * 1_000_000,
                memory_bytes: 48 << 20,
            },
        };
        let day: Vec<Point> = points.iter().map(point).collect();
        let last = day.last().map(|it| ("web".to_owned(), it.amount));
        Used {
            source: Source::Answers,
            applications: last.into_iter().collect(),
            days: BTreeMap::from([("web".to_owned(), Arc::new(day))]),
            ..Used::default()
        }
    }

    #[test]
    fn figures_that_are_not_of_now_say_so() {
        let mut used = used(&[(30, 200), (0, 100)]);
        used.at = Some(now() - SignedDuration::from_mins(3));
        assert_eq!(stale(&used, now()), "");
        assert_eq!(line(&used, "web", now()), "100m CPU and 48 MiB");
        used.source = Source::Silent;
        assert!(stale(&used, now()).starts_with("What is used is of 3 min ago:"));
        let told = line(&used, "web", now());
        assert_eq!(told, "100m CPU and 48 MiB, 3 min ago");
    }

    #[test]
    fn what_is_used_is_thin_and_what_is_requested_wide() {
        let node = |used| Meter::of_whole(NANOS, used, 4 * NANOS, (cores, " cores"));
        let told = node(Some(NANOS / 2));
        assert_eq!((told.requested, told.used), (25, Some(12)));
        assert_eq!(told.text, "1 of 4 cores, 0.50 used");
        assert_eq!(
            told.label,
            "25 % requested: 1 of 4 cores; 12 % used: 0.50 cores"
        );
        let told = node(None);
        assert_eq!((told.used, told.text.as_str()), (None, "1 of 4 cores"));
        assert_eq!(told.label, "25 % requested: 1 of 4 cores");
    }

    #[test]
    fn a_container_is_measured_against_its_limit() {
        let pod = Object::from(json!({
            "metadata": {"namespace": "movies", "name": "p",
                         "creationTimestamp": "2026-03-01T13:00:00Z"},
            "spec": {"containers": [
                {"name": "a", "resources": {"requests": {"cpu": "100m", "memory": "32Mi"},
                                            "limits": {"memory": "64Mi"}}},
                {"name": "b"},
            ]},
            "status": {"phase": "Running"},
        }));
        let amount = |millis: i64, mebibytes: i64| Amount {
            cpu_nanos: millis * 1_000_000,
            memory_bytes: mebibytes << 20,
        };
        let mut used = used(&[]);
        let containers = [("a", amount(200, 60)), ("b", amount(1, 2))];
        let containers = containers.map(|(name, amount)| (name.to_owned(), amount));
        used.pods
            .insert(("movies".into(), "p".into()), containers.into());
        let told = super::containers(&pod, &used, false, now());
        let texts = |row: usize| {
            (
                told.rows[row].1.text.as_str(),
                told.rows[row].2.text.as_str(),
            )
        };
        assert_eq!(
            texts(0),
            ("200m, 100m requested", "60 MiB of 64 MiB, 32 MiB requested")
        );
        assert_eq!(
            texts(1),
            ("1m, nothing requested", "2 MiB, nothing requested")
        );
        assert!(told.rows[0].2.is_hot() && !told.rows[0].1.is_hot() && !told.rows[1].2.is_hot());
        assert_eq!(told.rows[0].1.label, "200m used, 100m requested, no limit");

        used.pods.clear();
        let none = |used: &Used, past| super::containers(&pod, used, past, now()).none;
        assert!(none(&used, false).contains("Not measured yet"));
        assert!(none(&used, true).contains("then"));
        used.at = Some(now());
        assert!(none(&used, false).contains("Nothing of it ran"));
        used.source = Source::Absent;
        assert!(none(&used, false).contains("Nothing measures use here"));
        assert_eq!(line(&used, "db", now()), "nothing measures use here");
        assert_eq!(cpu_text(NANOS * 5 / 4), "1.25 cores");
    }
}
