//! What the pods of a change ask for, and whether the nodes have room for them.
//!
//! By requests, node selectors and taints alone, as if every rollout were done: the scheduler
//! knows more, and has the last word.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use api::Object;
use api::placement::{Resources, allows_node, labels, requests};

use super::Workload;
use super::reach::{is_scaled, pods, template, title};
use crate::Plan;
use crate::plan::{Change, Step};

/// What is asked for, and what finds no room.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Demand {
    /// Thousandths of a core, more than now; negative: fewer.
    pub milli_cpu: i64,
    /// Bytes, likewise.
    pub memory: i64,
    /// Workloads of which not every pod finds a node.
    pub unplaced: Vec<Unplaced>,
}

/// A workload with pods that no node has room for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unplaced {
    /// `Deployment shop/web`
    pub workload: String,
    pub pods: u64,
}

/// The pods that a workload is to have.
struct Group<'a> {
    title: String,
    pod: &'a Value,
    count: u64,
    each: Resources,
}

/// Whether the plans make or change pods, so that there has to be room for them.
pub fn needs_room<'a>(mut plans: impl Iterator<Item = &'a Plan>) -> bool {
    plans.any(|plan| {
        let mut steps = plan.steps();
        steps.any(|it| is_scaled(&it.kind) && it.change != Change::Unchanged)
    })
}

/// What the plans together ask for among these nodes with these pods on them. No nodes: that is not known,
/// and nothing is said of room.
pub fn demand<'a>(
    plans: impl Iterator<Item = &'a Plan> + Clone,
    live: &[Workload],
    nodes: &[Object],
    on: &[Object],
) -> Demand {
    let steps = plans
        .clone()
        .flat_map(Plan::steps)
        .filter(|it| is_scaled(&it.kind));
    let changed: Vec<&Step> = steps.filter(|it| it.change != Change::Unchanged).collect();
    let deleted = plans.flat_map(|it| &it.deletes).map(|it| &it.key);
    let leaving: Vec<&Workload> = deleted
        .chain(changed.iter().map(|it| &it.key))
        .filter_map(|key| live.iter().find(|it| it.key == *key))
        .collect();
    let groups: Vec<Group<'_>> = changed
        .iter()
        .filter(|it| it.kind != "DaemonSet")
        .map(|step| group(step, &leaving))
        .collect();
    let mut now = Resources::default();
    for workload in leaving.iter().filter(|it| it.object.kind() != "DaemonSet") {
        let count = pods(workload.object.kind(), &workload.object, None);
        add(&mut now, &requests(template(&workload.object)).exact, count);
    }
    let mut then = Resources::default();
    for group in &groups {
        add(&mut then, &group.each, group.count);
    }
    Demand {
        milli_cpu: then.milli_cpu - now.milli_cpu,
        memory: then.memory - now.memory,
        unplaced: if nodes.is_empty() {
            Vec::new()
        } else {
            unplaced(groups, &leaving, nodes, on)
        },
    }
}

fn group<'a>(step: &'a Step, leaving: &[&Workload]) -> Group<'a> {
    let live = leaving.iter().find(|it| it.key == step.key);
    let pod = template(&step.object);
    Group {
        title: title(&step.kind, &step.key),
        pod,
        count: pods(&step.kind, &step.object, live.map(|it| &it.object)),
        each: requests(pod).exact,
    }
}

fn add(total: &mut Resources, each: &Resources, count: u64) {
    for _ in 0..count.min(10_000) {
        total.add(each);
    }
}

/// The largest first, each to the first node with room.
fn unplaced(
    mut groups: Vec<Group<'_>>,
    leaving: &[&Workload],
    nodes: &[Object],
    on: &[Object],
) -> Vec<Unplaced> {
    let mut free: Vec<(&Object, Resources)> = nodes
        .iter()
        .map(|node| (node, free(node, leaving, on)))
        .collect();
    groups.sort_by_key(|it| std::cmp::Reverse((it.each.memory, it.each.milli_cpu)));
    let mut found = Vec::new();
    for group in &groups {
        let placed = (0..group.count)
            .take_while(|_| place(group, &mut free))
            .count();
        let left = group.count - placed as u64;
        if left > 0 {
            found.push(Unplaced {
                workload: group.title.clone(),
                pods: left,
            });
        }
    }
    found
}

fn place(group: &Group<'_>, free: &mut [(&Object, Resources)]) -> bool {
    let room = free.iter_mut().find(|(node, free)| {
        free.milli_cpu >= group.each.milli_cpu
            && free.memory >= group.each.memory
            && takes(node, group.pod)
    });
    let Some((_, free)) = room else {
        return false;
    };
    free.subtract(&group.each);
    true
}

/// What a node has left once the pods of the workloads that are replaced are gone.
fn free(node: &Object, leaving: &[&Workload], on: &[Object]) -> Resources {
    let mut free = Resources::from_map(&node.body["status"]["allocatable"]);
    let stays = |pod: &&Object| {
        let over = matches!(pod.text("/status/phase"), "Succeeded" | "Failed");
        !over && !leaving.iter().any(|it| is_of(pod, it))
    };
    let here = on
        .iter()
        .filter(|pod| pod.text("/spec/nodeName") == node.name());
    for pod in here.filter(stays) {
        free.subtract(&requests(&pod.body["spec"]).exact);
    }
    free
}

fn is_of(pod: &Object, workload: &Workload) -> bool {
    let wanted = labels(workload.object.pointer("/spec/selector/matchLabels"));
    let has = labels(pod.pointer("/metadata/labels"));
    pod.namespace() == workload.key.namespace
        && !wanted.is_empty()
        && wanted
            .iter()
            .all(|(name, value)| has.get(name) == Some(value))
}

fn takes(node: &Object, pod: &Value) -> bool {
    let cordoned = node.pointer("/spec/unschedulable").and_then(Value::as_bool) == Some(true);
    let taints = node.pointer("/spec/taints").and_then(Value::as_array);
    let kept_away = taints
        .into_iter()
        .flatten()
        .any(|taint| taint["effect"] != "PreferNoSchedule" && !tolerates(pod, taint));
    let own = labels(node.pointer("/metadata/labels"));
    !cordoned && !kept_away && allows_node(pod, node.name(), &own)
}

fn tolerates(pod: &Value, taint: &Value) -> bool {
    let all = pod["tolerations"].as_array();
    all.into_iter().flatten().any(|it| {
        let any = it["key"].as_str().is_none_or(str::is_empty);
        let exists = it["operator"] == "Exists";
        let effect =
            it["effect"].as_str().is_none_or(str::is_empty) || it["effect"] == taint["effect"];
        let value =
            exists || it["value"].as_str().unwrap_or("") == taint["value"].as_str().unwrap_or("");
        effect && ((any && exists) || (it["key"] == taint["key"] && value))
    })
}
