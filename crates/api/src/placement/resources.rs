//! Amounts of compute: what a node has and what a pod asks for.

use std::collections::BTreeMap;

use serde_json::Value;

use super::items;
use crate::Quantity;

/// What Kubernetes counts for a container without a request when it balances nodes.
const UNSTATED_MILLI_CPU: i64 = 100;
const UNSTATED_MEMORY: i64 = 200 * 1024 * 1024;

/// Amounts by resource, exact. Pods are counted elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resources {
    /// Thousandths of a core.
    pub milli_cpu: i64,
    /// Bytes.
    pub memory: i64,
    /// Bytes.
    pub ephemeral_storage: i64,
    /// Devices and huge pages, by name.
    pub extended: BTreeMap<String, i64>,
}

impl Resources {
    /// From a map of name to quantity, as `status.allocatable` and `resources.requests` are.
    /// What is no quantity counts as nothing: validation has refused it already.
    pub fn from_map(map: &Value) -> Self {
        let mut resources = Self::default();
        for (name, amount) in map.as_object().into_iter().flatten() {
            let Ok(amount) = Quantity::from_json(amount) else {
                continue;
            };
            match name.as_str() {
                "cpu" => resources.milli_cpu = amount.milli_value(),
                "memory" => resources.memory = amount.value(),
                "ephemeral-storage" => resources.ephemeral_storage = amount.value(),
                "pods" => {}
                _ => {
                    resources.extended.insert(name.clone(), amount.value());
                }
            }
        }
        resources
    }

    pub fn add(&mut self, other: &Self) {
        self.milli_cpu = self.milli_cpu.saturating_add(other.milli_cpu);
        self.memory = self.memory.saturating_add(other.memory);
        self.ephemeral_storage = self
            .ephemeral_storage
            .saturating_add(other.ephemeral_storage);
        for (name, amount) in &other.extended {
            let total = self.extended.entry(name.clone()).or_default();
            *total = total.saturating_add(*amount);
        }
    }

    pub fn subtract(&mut self, other: &Self) {
        self.milli_cpu -= other.milli_cpu;
        self.memory -= other.memory;
        self.ephemeral_storage -= other.ephemeral_storage;
        for (name, amount) in &other.extended {
            if let Some(total) = self.extended.get_mut(name) {
                *total -= amount;
            }
        }
    }

    /// Each resource becomes the larger of the two.
    fn raise_to(&mut self, other: &Self) {
        self.milli_cpu = self.milli_cpu.max(other.milli_cpu);
        self.memory = self.memory.max(other.memory);
        self.ephemeral_storage = self.ephemeral_storage.max(other.ephemeral_storage);
        for (name, amount) in &other.extended {
            let total = self.extended.entry(name.clone()).or_default();
            *total = (*total).max(*amount);
        }
    }
}

/// What a pod needs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Requests {
    /// As written: decides whether it fits.
    pub exact: Resources,
    /// Thousandths of a core, with a small amount for containers that ask for none: for scores.
    pub scored_cpu: i64,
    /// Bytes, likewise.
    pub scored_memory: i64,
}

/// `max(sum(containers and sidecars), peak of the init containers) + overhead`.
pub fn requests(pod_spec: &Value) -> Requests {
    let exact = peak(pod_spec, &|requests| Resources::from_map(requests));
    let scored = peak(pod_spec, &|requests| {
        let mut resources = Resources::from_map(requests);
        if requests.get("cpu").is_none() {
            resources.milli_cpu = UNSTATED_MILLI_CPU;
        }
        if requests.get("memory").is_none() {
            resources.memory = UNSTATED_MEMORY;
        }
        resources
    });
    Requests {
        exact,
        scored_cpu: scored.milli_cpu,
        scored_memory: scored.memory,
    }
}

fn peak(pod_spec: &Value, read: &dyn Fn(&Value) -> Resources) -> Resources {
    let of = |container: &Value| read(&container["resources"]["requests"]);
    let mut running = Resources::default();
    for container in items(&pod_spec["containers"]) {
        running.add(&of(container));
    }
    let mut sidecars = Resources::default();
    let mut highest = Resources::default();
    for container in items(&pod_spec["initContainers"]) {
        let mut step = sidecars.clone();
        step.add(&of(container));
        if container["restartPolicy"] == "Always" {
            sidecars = step.clone();
        }
        highest.raise_to(&step);
    }
    running.add(&sidecars);
    running.raise_to(&highest);
    running.add(&Resources::from_map(&pod_spec["overhead"]));
    running
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(spec: &Value, milli_cpu: i64, scored_cpu: i64) {
        let requests = requests(spec);
        assert_eq!(
            (requests.exact.milli_cpu, requests.scored_cpu),
            (milli_cpu, scored_cpu),
            "{spec}"
        );
    }

    fn asks(cpu: &str) -> Value {
        json!({"resources": {"requests": {"cpu": cpu}}})
    }

    #[test]
    fn a_pod_asks_for_its_peak() {
        let sidecar = json!({
            "restartPolicy": "Always", "resources": {"requests": {"cpu": "50m"}},
        });
        check(&json!({"containers": [{}]}), 0, 100);
        check(
            &json!({"containers": [asks("100m"), asks("0.2")]}),
            300,
            300,
        );
        check(
            &json!({"containers": [asks("100m")], "initContainers": [asks("1")]}),
            1000,
            1000,
        );
        check(
            &json!({"containers": [asks("100m")], "initContainers": [sidecar, asks("1")]}),
            1050,
            1050,
        );
        check(
            &json!({"containers": [asks("100m")], "overhead": {"cpu": "10m"}}),
            110,
            110,
        );
    }
}
