//! The line of a day of use.

use std::collections::BTreeMap;
use std::fmt::Write;

use askama::Template;
use jiff::{SignedDuration, Timestamp};

use super::time::When;
use super::used::cpu_text;
use crate::usage::{Point, Used};

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
    let current = current.map(|it| {
        let text = cpu_text(it.cpu_nanos.into());
        match used.stale() {
            Some(at) => format!("{text}, {}", When::ago(at, now).text),
            None => text,
        }
    });
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
    use super::*;
    use crate::usage::Source;
    use crate::web::view::used::tests::{now, used};

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
    fn a_figure_that_is_not_of_now_says_so() {
        let mut used = used(&[(30, 200), (0, 100)]);
        used.at = Some(now() - SignedDuration::from_mins(3));
        used.source = Source::Silent;
        let told = spark(&used, "web", now()).unwrap();
        assert_eq!(told.now, "100m, 3 min ago");
    }
}
