//! What is used, in words and in pictures: a meter that is wide for what is requested and thin for
//! what is used, and the line of a day.

use std::collections::BTreeMap;
use std::fmt::Write;

use askama::Template;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use api::{Object, Quantity};

use super::nodes::{NANOS, cores, memory_text};
use super::time::When;
use crate::usage::{Amount, Point, Source, Used};

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
pub(crate) fn line(used: &Used, application: &str) -> String {
    match (used.applications.get(application), used.source) {
        (Some(amount), _) => both(*amount),
        (None, Source::Absent) => "nothing measures use here".into(),
        (None, _) => String::new(),
    }
}

/// What the containers of a pod use.
#[derive(Debug, Template)]
#[template(path = "pod/used.html")]
pub(crate) struct Containers {
    /// Name, CPU, memory.
    pub rows: Vec<(String, Meter, Meter)>,
    pub at: Option<When>,
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

/// The CPU of a day as one path, and its figures.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "spark.html")]
pub(crate) struct Spark {
    pub path: String,
    /// How high the limit is; `None` where there is none, or where it is far above.
    pub limit: Option<i128>,
    pub label: String,
    /// What is used now; empty where that is not known.
    pub now: String,
}

/// The picture: its size, and how wide one part of the day is in it.
const WIDTH: i64 = 84;
const HEIGHT: i128 = 20;
const PART: i64 = 2;
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// A limit of more than so many times what was used at most would leave nothing to see.
const FAR: i128 = 4;

/// `None` where nothing is known of the application.
pub(crate) fn spark(used: &Used, application: &str, now: Timestamp) -> Option<Spark> {
    let day = used.days.get(application)?;
    let since = now - DAY;
    let points: Vec<&Point> = day.iter().filter(|it| it.at >= since).collect();
    let all = || points.iter().map(|it| i128::from(it.amount.cpu_nanos));
    let (least, most) = (all().min()?, all().max()?);
    let current = used.applications.get(application);
    let current = current.map(|it| cpu_text(it.cpu_nanos.into()));
    let (least_text, most_text) = (cpu_text(least), cpu_text(most));
    let limit = used.limits.get(application).map(|it| i128::from(*it));
    let near = limit.filter(|limit| *limit <= most * FAR);
    let top = most.max(near.unwrap_or(0));
    let mut label = format!("CPU of 24 h: least {least_text}, most {most_text}");
    if let Some(limit) = limit {
        let _ = write!(label, ", limit {}", cpu_text(limit));
    }
    if let Some(current) = &current {
        let _ = write!(label, ", now {current}");
    }
    Some(Spark {
        path: path(&parts(&points, since), top),
        limit: near.map(|limit| height(limit, top)),
        label,
        now: current.unwrap_or_default(),
    })
}

/// The most of each part of the day; a part in which nothing was measured has none.
fn parts(points: &[&Point], since: Timestamp) -> BTreeMap<i64, i128> {
    let mut parts = BTreeMap::new();
    for point in points {
        let seconds = since.duration_until(point.at).as_secs();
        let part = (seconds * (WIDTH / PART) / DAY.as_secs()).clamp(0, WIDTH / PART - 1);
        let cpu = i128::from(point.amount.cpu_nanos);
        let most: &mut i128 = parts.entry(part).or_default();
        *most = cpu.max(*most);
    }
    parts
}

/// One area for each time without a gap. What is nothing is a line at the bottom.
fn path(parts: &BTreeMap<i64, i128>, top: i128) -> String {
    let mut path = String::new();
    let mut last = None;
    for (part, cpu) in parts {
        let y = height(*cpu, top);
        if last != Some(part - 1) {
            if last.is_some() {
                let _ = write!(path, "V{HEIGHT}");
            }
            let _ = write!(path, "M{} {HEIGHT}", part * PART);
        }
        let _ = write!(path, "V{y}h{PART}");
        last = Some(*part);
    }
    if last.is_some() {
        let _ = write!(path, "V{HEIGHT}");
    }
    path
}

/// Down from the upper edge, where `top` is the most that is drawn.
fn height(cpu: i128, top: i128) -> i128 {
    let up = if top > 0 { cpu * (HEIGHT - 2) / top } else { 0 };
    HEIGHT - 1 - up
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    fn now() -> Timestamp {
        "2026-03-01T14:00:00Z".parse().unwrap()
    }

    fn used(points: &[(i64, i64)]) -> Used {
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
    fn a_day_is_a_path_with_its_gaps() {
        let told = spark(
            &used(&[(1439, 100), (1430, 400), (30, 200), (0, 0)]),
            "web",
            now(),
        );
        let told = told.unwrap();
        // The first half hour at its most, nothing for long, then half of it, then none.
        assert_eq!(told.path, "M0 20V1h2V20M82 20V10h2V20");
        assert_eq!(told.label, "CPU of 24 h: least 0m, most 400m, now 0m");
        let mut limited = used(&[(30, 200), (0, 100)]);
        let limit = |used: &mut Used, millis: i64| {
            used.limits.insert("web".into(), millis * 1_000_000);
            let told = spark(used, "web", now()).unwrap();
            (told.limit, told.path, told.label)
        };
        let (y, path, label) = limit(&mut limited, 400);
        assert_eq!((y, path.as_str()), (Some(1), "M82 20V10h2V20"));
        assert!(label.contains("most 200m, limit 400m, now 100m"), "{label}");
        // Far above: it is told, and not drawn.
        let (y, path, _) = limit(&mut limited, 4000);
        assert_eq!((y, path.as_str()), (None, "M82 20V1h2V20"));
        let nothing = spark(&used(&[(0, 0)]), "web", now()).unwrap();
        assert_eq!(nothing.path, "M82 20V19h2V20");
        assert_eq!(spark(&used(&[]), "web", now()), None);
        assert_eq!(spark(&used(&[(0, 1)]), "db", now()), None);
        assert_eq!(spark(&used(&[(1500, 1)]), "web", now()), None);
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
        assert_eq!(line(&used, "db"), "nothing measures use here");
        assert_eq!(cpu_text(NANOS * 5 / 4), "1.25 cores");
    }
}
