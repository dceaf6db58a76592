//! From what was measured to what applications use, step by step of a day. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{Object, Quantity};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::types::{Amount, Point, Source, Used, total};

/// One step of a day, in seconds, and how many there are.
pub(super) const STEP: i64 = 600;
pub(super) const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Containers by pod, and pods by namespace and name.
pub(super) type Pods = BTreeMap<(String, String), BTreeMap<String, Amount>>;

/// What `NodeMetrics` say.
pub(super) fn nodes(all: &[Object]) -> BTreeMap<String, Amount> {
    let node = |it: &Object| Some((it.name().to_owned(), amount(it.pointer("/usage")?)?));
    all.iter().filter_map(node).collect()
}

/// What `PodMetrics` say. A pod of which a container cannot be read is left out as a whole.
pub(super) fn pods(all: &[Object]) -> Pods {
    let pod = |it: &Object| {
        let containers = it.pointer("/containers").and_then(Value::as_array)?;
        let container =
            |one: &Value| Some((one["name"].as_str()?.to_owned(), amount(&one["usage"])?));
        let containers = containers.iter().map(container).collect::<Option<_>>()?;
        let place = (it.namespace().to_owned(), it.name().to_owned());
        Some((place, containers))
    };
    all.iter().filter_map(pod).collect()
}

fn amount(usage: &Value) -> Option<Amount> {
    let nanos = Quantity::from_json(&usage["cpu"]).ok()?.nanos();
    Some(Amount {
        cpu_nanos: i64::try_from(nanos).ok()?,
        memory_bytes: Quantity::from_json(&usage["memory"]).ok()?.value(),
    })
}

/// What the pods of each application use together; `whose` is empty for a pod of none.
pub(super) fn applications(
    pods: &Pods,
    whose: impl Fn(&str, &str) -> String,
) -> BTreeMap<String, Amount> {
    let mut sums: BTreeMap<String, Amount> = BTreeMap::new();
    for ((namespace, name), containers) in pods {
        let owner = whose(namespace, name);
        if !owner.is_empty() {
            *sums.entry(owner).or_default() += total(containers.values());
        }
    }
    sums
}

/// What the pods of each application may use of processors together; see [`super::Used`].
pub(super) fn limits(
    pods: &Pods,
    whose: impl Fn(&str, &str) -> String,
    limit: impl Fn(&str, &str) -> Option<i64>,
) -> BTreeMap<String, i64> {
    let mut sums: BTreeMap<String, Option<i64>> = BTreeMap::new();
    for (namespace, name) in pods.keys() {
        let sum = sums.entry(whose(namespace, name)).or_insert(Some(0));
        let both = sum.zip(limit(namespace, name));
        *sum = both.map(|(sum, limit)| sum.saturating_add(limit));
    }
    sums.remove("");
    let known = |(name, sum): (String, Option<i64>)| Some((name, sum?));
    sums.into_iter().filter_map(known).collect()
}

/// The CPU limit of a pod's containers; `None` where one of them has none.
pub(super) fn cpu_limit(pod: &Object) -> Option<i64> {
    let containers = pod.pointer("/spec/containers").and_then(Value::as_array)?;
    let limits = containers.iter().map(|it| {
        let limit = Quantity::from_json(&it["resources"]["limits"]["cpu"]);
        i64::try_from(limit.ok()?.nanos()).ok()
    });
    limits.sum()
}

/// For so long, the last figures stand for those that nobody told.
const STAND: SignedDuration = SignedDuration::from_mins(10);

/// What is known where the cluster did not answer: the last figures with their time, while they
/// are not too old.
pub(super) fn unanswered(
    last: &Used,
    source: Source,
    days: BTreeMap<String, Arc<Vec<Point>>>,
    now: Timestamp,
) -> Used {
    let young = |at: Timestamp| at.duration_until(now) <= STAND;
    if source == Source::Silent && last.at.is_some_and(young) {
        return Used {
            source,
            days,
            ..last.clone()
        };
    }
    Used {
        source,
        days,
        ..Used::default()
    }
}

/// The last day of every application: steps that are over, and the one that is not yet.
#[derive(Debug, Default)]
pub(super) struct Days {
    over: BTreeMap<String, Arc<Vec<Point>>>,
    step: Option<Step>,
}

#[derive(Debug)]
struct Step {
    at: Timestamp,
    sums: BTreeMap<String, Sum>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    cpu: i128,
    memory: i128,
    count: i128,
}

impl Sum {
    fn average(self) -> Amount {
        let average = |sum: i128| i64::try_from(sum / self.count.max(1)).unwrap_or(i64::MAX);
        Amount {
            cpu_nanos: average(self.cpu),
            memory_bytes: average(self.memory),
        }
    }
}

impl Days {
    /// What is kept of each, oldest first.
    pub(super) fn load(kept: Vec<(String, Point)>) -> Self {
        let mut over: BTreeMap<String, Vec<Point>> = BTreeMap::new();
        for (application, point) in kept {
            over.entry(application).or_default().push(point);
        }
        Self {
            over: over
                .into_iter()
                .map(|(name, points)| (name, Arc::new(points)))
                .collect(),
            step: None,
        }
    }

    /// Counts one measure. Answers the step that it ended, to be kept.
    pub(super) fn add(
        &mut self,
        now: Timestamp,
        measured: &BTreeMap<String, Amount>,
    ) -> Vec<(String, Point)> {
        let at = begin(now);
        let ended = match &self.step {
            Some(step) if step.at != at => self.step.take().map(|it| self.end(it, now)),
            _ => None,
        };
        let step = self.step.get_or_insert_with(|| Step {
            at,
            sums: BTreeMap::new(),
        });
        for (application, amount) in measured {
            let sum = step.sums.entry(application.clone()).or_default();
            sum.cpu += i128::from(amount.cpu_nanos);
            sum.memory += i128::from(amount.memory_bytes);
            sum.count += 1;
        }
        ended.unwrap_or_default()
    }

    fn end(&mut self, step: Step, now: Timestamp) -> Vec<(String, Point)> {
        let points: Vec<(String, Point)> = step
            .sums
            .into_iter()
            .map(|(name, sum)| {
                let amount = sum.average();
                (
                    name,
                    Point {
                        at: step.at,
                        amount,
                    },
                )
            })
            .collect();
        for (application, point) in &points {
            let day = self.over.entry(application.clone()).or_default();
            // What was kept of this step before a restart is replaced, as it is in the database.
            let day = Arc::make_mut(day);
            day.retain(|it| it.at < point.at);
            day.push(*point);
        }
        let since = now - DAY;
        for day in self.over.values_mut() {
            if day.first().is_some_and(|oldest| oldest.at < since) {
                Arc::make_mut(day).retain(|it| it.at >= since);
            }
        }
        self.over.retain(|_, day| !day.is_empty());
        points
    }

    /// All of them, with what the step that is not over yet has come to.
    pub(super) fn shown(&self) -> BTreeMap<String, Arc<Vec<Point>>> {
        let mut shown = self.over.clone();
        if let Some(step) = &self.step {
            for (application, sum) in &step.sums {
                let day = Arc::make_mut(shown.entry(application.clone()).or_default());
                day.retain(|it| it.at < step.at);
                day.push(Point {
                    at: step.at,
                    amount: sum.average(),
                });
            }
        }
        shown
    }
}

/// When the step of a moment began.
fn begin(at: Timestamp) -> Timestamp {
    let seconds = at.as_second();
    Timestamp::from_second(seconds - seconds.rem_euclid(STEP)).unwrap_or(at)
}
