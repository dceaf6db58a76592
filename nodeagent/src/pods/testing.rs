//! Pods, records and moments made short, for tests.

use std::collections::BTreeMap;
use std::time::Duration;

use api::Uid;
use api::k8s::core::v1 as core;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::memory::{Admission, Memory};
use super::names;
use super::spec::later;
use crate::runtime::{
    Container, ContainerId, ContainerState, PodRecord, Sandbox, SandboxId, SandboxState,
};

/// Seconds after the beginning of every test.
pub(crate) fn at(seconds: u64) -> Timestamp {
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    later(start, Duration::from_secs(seconds))
}

#[expect(clippy::needless_pass_by_value, reason = "callers write JSON literals")]
pub(crate) fn pod(spec: Value) -> core::Pod {
    let body = json!({
        "metadata": {"name": "web", "namespace": "default", "uid": "u1", "generation": 1},
        "spec": spec,
    });
    serde_json::from_value(body).unwrap()
}

/// One container named `c`.
pub(crate) fn one(policy: &str) -> core::Pod {
    pod(json!({"restartPolicy": policy, "containers": [{"name": "c", "image": "a:1"}]}))
}

pub(crate) fn deleting(mut pod: core::Pod) -> core::Pod {
    pod.metadata.deletion_timestamp = Some(api::meta::Time(at(30)));
    pod.metadata.deletion_grace_period_seconds = Some(30);
    pod
}

pub(crate) fn sandbox(attempt: u32, state: SandboxState) -> Sandbox {
    Sandbox {
        id: SandboxId(format!("s{attempt}")),
        pod: Uid("u1".into()),
        namespace: "default".into(),
        name: "web".into(),
        attempt,
        state,
        created_at: at(u64::from(attempt)),
        addresses: vec!["10.0.0.5".parse().unwrap()],
        annotations: BTreeMap::new(),
    }
}

pub(crate) fn running() -> ContainerState {
    ContainerState::Running { started_at: at(1) }
}

/// Ran from 1 s to `finished`.
pub(crate) fn exited(finished: u64, exit_code: i32) -> ContainerState {
    ContainerState::Exited {
        started_at: Some(at(1)),
        finished_at: at(finished),
        exit_code,
        reason: if exit_code == 0 { "Completed" } else { "Error" }.into(),
        message: String::new(),
    }
}

/// In sandbox `s0`; `delay` is what was waited before it.
pub(crate) fn container(
    name: &str,
    attempt: u32,
    state: ContainerState,
    delay: Option<u64>,
) -> Container {
    let delay = delay.map(|delay| (names::RESTART_DELAY.to_owned(), delay.to_string()));
    Container {
        id: ContainerId(format!("{name}{attempt}")),
        sandbox: SandboxId("s0".into()),
        pod: Uid("u1".into()),
        name: name.into(),
        attempt,
        created_at: at(u64::from(attempt)),
        state,
        image: "a:1".into(),
        image_id: "sha256:1".into(),
        annotations: delay.into_iter().collect(),
        log_path: "/logs/c/0.log".into(),
    }
}

/// With a working sandbox.
pub(crate) fn record(containers: Vec<Container>) -> PodRecord {
    PodRecord {
        sandboxes: vec![sandbox(0, SandboxState::Ready)],
        containers,
    }
}

pub(crate) fn taken() -> Memory {
    Memory {
        admission: Admission::Taken,
        ..Memory::default()
    }
}

pub(crate) fn prepared() -> Memory {
    Memory {
        prepared: true,
        ..taken()
    }
}
