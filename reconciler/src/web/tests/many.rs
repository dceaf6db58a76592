//! The sample, with a great many of everything.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

use api::{Object, Uid};
use engine::diff::FieldChange;
use engine::plan::{self, Change};
use engine::rollout::{RolloutPhase, SyncStatus};
use engine::{Health, HealthStatus, Origin, Plan, WaveNumber};

use super::cluster::objects;
use super::sample::{Sample, ago, id, key};
use crate::history::{ReportQuery, Reports, Rollout};
use crate::service::{ApplicationView, ObjectNode};

/// Text that does not repeat: compressed it is as long as what people write.
fn words(seed: usize, count: usize) -> String {
    const WORDS: [&str; 16] = [
        "checkout", "replica", "timeout", "memory", "catalog", "payment", "volume", "ingress",
        "search", "limits", "worker", "session", "gateway", "budget", "probe", "digest",
    ];
    let mut state = seed as u64 + 1;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 40).unwrap()
    };
    let words: Vec<String> = (0..count)
        .map(|_| format!("{}-{:x}", WORDS[next() % 16], next() % 4096))
        .collect();
    words.join(" ")
}

impl Sample {
    pub(super) fn many_views(&self) -> Vec<ApplicationView> {
        let health = |number: usize| match number % 3 {
            0 => HealthStatus::Degraded,
            _ => HealthStatus::Healthy,
        };
        let few = Self::default();
        (0..self.many)
            .map(|number| {
                let name = match number {
                    0 => "serving".to_owned(),
                    number => words(number, 1),
                };
                let why = words(number + 7, 9);
                let mut view = few.view(&name, SyncStatus::OutOfSync, health(number), &why);
                let mut last = few.rollout(&name, 7, RolloutPhase::Succeeded, 900, 31);
                last.commit_message = words(number + 3, 7);
                last.revision = id(&format!("{number:07x}"));
                view.summary.last = Some(Arc::new(last));
                view
            })
            .collect()
    }

    /// Deployments with their pods, some of which are not well, and what just is.
    pub(super) fn many_nodes(&self) -> Vec<ObjectNode> {
        let node = |number: usize, kind: &str, resource: &str, owner: Option<usize>| ObjectNode {
            key: key(resource, &format!("{}-{number}", words(number, 1))),
            kind: kind.into(),
            uid: Uid(number.to_string()),
            owner: owner.map(|owner| Uid(owner.to_string())),
            wave: 0,
            health: (kind != "ConfigMap").then(|| match number % 23 {
                0 => Health::degraded(words(number, 8)),
                _ => Health::healthy(),
            }),
            created_at: Some(ago(300)),
            missing: false,
            warning: String::new(),
        };
        (0..self.many)
            .map(|number| match number % 8 {
                0 => node(number, "ConfigMap", "configmaps", None),
                1 => node(number, "Deployment", "deployments.apps", None),
                2 => node(number, "ReplicaSet", "replicasets.apps", Some(number - 1)),
                rest => node(number, "Pod", "pods", Some(number - rest + 2)),
            })
            .collect()
    }

    pub(super) fn many_rollouts(&self) -> Vec<Rollout> {
        let rollout = |number: i64| {
            // A few failed, most of them long ago.
            let phase = match number % 50 {
                7 => RolloutPhase::Failed,
                _ => RolloutPhase::Succeeded,
            };
            let mut one = self.rollout("serving", number, phase, 90_000 - number, 31);
            one.commit_message = words(usize::try_from(number).unwrap(), 9);
            one.revision = id(&format!("{:07x}", number * 7_919));
            one
        };
        let count = i64::try_from(self.many).unwrap();
        (1..=count).rev().map(rollout).collect()
    }

    /// The cluster's Events, as if they had been kept.
    pub(super) fn reports_of(&self, query: &ReportQuery) -> Reports {
        let fits = |wanted: &str, has: &str| wanted.is_empty() || wanted.eq_ignore_ascii_case(has);
        let mut items = objects(self.hostile);
        items.extend(events(self.many));
        items.retain(|it| it.kind() == "Event" && !self.empty);
        items.retain(|it| query.until.is_none_or(|until| at(it) <= until));
        let among = |item: &Object, without: &str| {
            let choices = [
                ("/involvedObject/kind", &query.kind),
                ("/reason", &query.reason),
                ("/type", &query.severity),
            ];
            let mut others = choices.into_iter().filter(|(at, _)| *at != without);
            others.all(|(at, wanted)| fits(wanted, item.text(at)))
        };
        let count = |pointer: &str| {
            let mut counts = BTreeMap::<String, i64>::new();
            for item in items.iter().filter(|it| among(it, pointer)) {
                *counts.entry(item.text(pointer).to_owned()).or_default() += 1;
            }
            counts.into_iter().collect()
        };
        let (kinds, reasons) = (count("/involvedObject/kind"), count("/reason"));
        let severities = count("/type");
        items.retain(|it| among(it, ""));
        items.sort_by_key(|it| std::cmp::Reverse((at(it), it.uid())));
        if let Some(before) = &query.before {
            items.retain(|it| (at(it), it.uid()) < *before);
        }
        items.truncate(query.limit.into());
        Reports {
            items,
            kinds,
            reasons,
            severities,
        }
    }

    /// Twelve objects, each with more changed lines than a page shows of one.
    pub(super) fn many_changes() -> Plan {
        let names: Vec<String> = (0..12).map(|number| words(number, 1)).collect();
        changes(&names, 500)
    }

    /// One with as many changed lines.
    pub(super) fn big_change(lines: usize) -> Plan {
        changes(&["big".to_owned()], lines)
    }
}

/// Changes of so many lines, of objects with these names.
fn changes(names: &[String], lines: usize) -> Plan {
    let step = |(number, name): (usize, &String)| plan::Step {
        key: key("configmaps", name),
        kind: "ConfigMap".into(),
        origin: Origin {
            file: "movies/serving/settings.yaml".into(),
            line: 7,
        },
        object: json!({"kind": "ConfigMap"}).into(),
        change: Change::Update(
            (0..lines)
                .map(|line| FieldChange {
                    path: format!("data.{}-{line}", words(number * 1_000 + line, 1)),
                    old: Some(json!(words(line, 4))),
                    new: Some(json!(words(line + 9, 4))),
                })
                .collect(),
        ),
    };
    Plan {
        waves: vec![plan::Wave {
            stage: 0,
            number: WaveNumber::default(),
            steps: names.iter().enumerate().map(step).collect(),
        }],
        ..Plan::default()
    }
}

/// A configuration with as many keys, where there are very many of everything.
pub(super) fn big(keys: usize) -> Option<Object> {
    let data = (0..keys).map(|number| (format!("{}-{number}", words(number, 1)), words(number, 4)));
    let data: BTreeMap<String, String> = data.collect();
    let big = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": data,
        "metadata": {"name": "serving", "namespace": "movies", "uid": "big"}});
    (keys > 0).then(|| big.into())
}

fn at(event: &Object) -> Timestamp {
    event.text("/lastTimestamp").parse().unwrap()
}

/// Events about as many pods.
pub(super) fn events(count: usize) -> Vec<Object> {
    let event = |number: usize| {
        json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": format!("many-{number}"), "namespace": "movies"},
            "type": "Warning", "reason": "BackOff", "count": number, "message": words(number, 12),
            "lastTimestamp": ago(i64::try_from(number).unwrap()).to_string(),
            "involvedObject": {"kind": "Pod", "name": format!("{}-{number}", words(number, 2).replace(' ', "-")), "namespace": "movies"}})
    };
    (0..count).map(|number| event(number).into()).collect()
}
