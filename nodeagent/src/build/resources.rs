//! Requests and limits in the kernel's units.

use std::collections::BTreeMap;

use api::Quantity;
use api::k8s::core::v1 as core;

use crate::pods::spec;
use crate::runtime::Resources;

const PERIOD: i64 = 100_000;
const MIN_QUOTA: i64 = 1_000;
const MIN_SHARES: i64 = 2;

/// How the kernel and the node treat a pod when memory runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Qos {
    Guaranteed,
    Burstable,
    BestEffort,
}

/// What one container asks for. Millicores and bytes; `None`: not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Wanted {
    pub cpu_request: Option<i64>,
    pub cpu_limit: Option<i64>,
    pub memory_request: Option<i64>,
    pub memory_limit: Option<i64>,
}

pub(crate) fn wanted(container: &core::Container) -> Wanted {
    let Some(resources) = &container.resources else {
        return Wanted::default();
    };
    let limits: BTreeMap<&str, Quantity> = parsed(
        resources
            .limits
            .iter()
            .flatten()
            .map(|(name, amount)| (name.as_str(), &*amount.0)),
    );
    let requests: BTreeMap<&str, Quantity> = parsed(
        resources
            .requests
            .iter()
            .flatten()
            .map(|(name, amount)| (name.as_str(), &*amount.0)),
    );
    let cpu = |map: &BTreeMap<&str, Quantity>| map.get("cpu").map(|q| q.milli_value());
    let memory = |map: &BTreeMap<&str, Quantity>| map.get("memory").map(|q| q.value());
    Wanted {
        cpu_request: cpu(&requests).or(cpu(&limits)),
        cpu_limit: cpu(&limits),
        memory_request: memory(&requests).or(memory(&limits)),
        memory_limit: memory(&limits),
    }
}

fn parsed<'a>(amounts: impl Iterator<Item = (&'a str, &'a str)>) -> BTreeMap<&'a str, Quantity> {
    amounts
        .filter_map(|(name, amount)| Some((name, amount.parse().ok()?)))
        .collect()
}

pub(crate) fn qos(pod: &core::Pod) -> Qos {
    let all: Vec<Wanted> = spec::containers(pod).map(|(_, c)| wanted(c)).collect();
    let is_guaranteed = |w: &Wanted| {
        w.cpu_limit.is_some()
            && w.cpu_limit == w.cpu_request
            && w.memory_limit.is_some()
            && w.memory_limit == w.memory_request
    };
    if all.iter().all(|w| *w == Wanted::default()) {
        Qos::BestEffort
    } else if all.iter().all(is_guaranteed) {
        Qos::Guaranteed
    } else {
        Qos::Burstable
    }
}

/// `capacity` is the node's memory in bytes.
pub(crate) fn container_resources(
    pod: &core::Pod,
    container: &core::Container,
    capacity: i64,
) -> Resources {
    let wanted = wanted(container);
    let quota = wanted.cpu_limit.map_or(0, quota);
    Resources {
        cpu_shares: shares(wanted.cpu_request.unwrap_or(0)),
        cpu_quota: quota,
        cpu_period: if quota == 0 { 0 } else { PERIOD },
        memory_limit: wanted.memory_limit.unwrap_or(0),
        oom_score_adj: oom_score_adj(qos(pod), wanted, capacity),
    }
}

/// What the pod's own cgroup gets: the sum of its containers, limited only where all are.
pub(crate) fn pod_resources(pod: &core::Pod) -> Resources {
    let mains: Vec<Wanted> = spec::main_containers(pod).iter().map(wanted).collect();
    let inits: Vec<Wanted> = spec::init_containers(pod).map(|(_, c)| wanted(c)).collect();
    let total = |of: fn(&Wanted) -> Option<i64>| -> Option<i64> {
        let sum = mains.iter().map(of).sum::<Option<i64>>()?;
        // Sidecars run beside the mains; taking all inits as such errs on the generous side.
        let extra = inits.iter().map(of).sum::<Option<i64>>()?;
        Some(sum + extra)
    };
    let requests: i64 = mains.iter().filter_map(|w| w.cpu_request).sum();
    let quota = total(|w| w.cpu_limit).map_or(0, quota);
    Resources {
        cpu_shares: shares(requests),
        cpu_quota: quota,
        cpu_period: if quota == 0 { 0 } else { PERIOD },
        memory_limit: total(|w| w.memory_limit).unwrap_or(0),
        oom_score_adj: 0,
    }
}

fn shares(millis: i64) -> i64 {
    (millis * 1024 / 1000).clamp(MIN_SHARES, 262_144)
}

fn quota(millis: i64) -> i64 {
    if millis == 0 {
        0
    } else {
        (millis * PERIOD / 1000).max(MIN_QUOTA)
    }
}

fn oom_score_adj(qos: Qos, wanted: Wanted, capacity: i64) -> i64 {
    match qos {
        Qos::Guaranteed => -997,
        Qos::BestEffort => 1000,
        Qos::Burstable => {
            let request = wanted.memory_request.unwrap_or(0);
            let share = i128::from(request) * 1000 / i128::from(capacity.max(1));
            let share = i64::try_from(share).unwrap_or(1000);
            (1000 - share).clamp(3, 999)
        }
    }
}
