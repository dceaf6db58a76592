//! CRI's words into ours. Pure. What is not a pod of ours reads as `None`.

use std::collections::BTreeMap;

use api::Uid;
use jiff::Timestamp;
use k8s_cri::v1 as cri;

use crate::pods::names;
use crate::runtime::{
    Container, ContainerId, ContainerState, CpuTime, Image, Memory, RuntimeStatus, Sandbox,
    SandboxId, SandboxState, Usage,
};

/// The time CRI gives for what has not happened.
const NEVER: i64 = 0;

fn time(nanoseconds: i64) -> Option<Timestamp> {
    let time = Timestamp::from_nanosecond(nanoseconds.into()).ok();
    time.filter(|_| nanoseconds > NEVER)
}

fn sorted(map: impl IntoIterator<Item = (String, String)>) -> BTreeMap<String, String> {
    map.into_iter().collect()
}

pub(super) fn sandbox(sandbox: cri::PodSandbox) -> Option<Sandbox> {
    let metadata = sandbox.metadata?;
    Some(Sandbox {
        id: SandboxId(sandbox.id),
        pod: Uid(metadata.uid),
        namespace: metadata.namespace,
        name: metadata.name,
        attempt: metadata.attempt,
        state: sandbox_state(sandbox.state),
        created_at: time(sandbox.created_at).unwrap_or_default(),
        addresses: Vec::new(),
        annotations: sorted(sandbox.annotations),
    })
}

fn sandbox_state(state: i32) -> SandboxState {
    if state == i32::from(cri::PodSandboxState::SandboxReady) {
        SandboxState::Ready
    } else {
        SandboxState::NotReady
    }
}

pub(super) fn sandbox_status(status: cri::PodSandboxStatus) -> Option<Sandbox> {
    let metadata = status.metadata?;
    let network = status.network.unwrap_or_default();
    let more = network.additional_ips.into_iter().map(|address| address.ip);
    let addresses = std::iter::once(network.ip).chain(more);
    Some(Sandbox {
        id: SandboxId(status.id),
        pod: Uid(metadata.uid),
        namespace: metadata.namespace,
        name: metadata.name,
        attempt: metadata.attempt,
        state: sandbox_state(status.state),
        created_at: time(status.created_at).unwrap_or_default(),
        addresses: addresses.filter_map(|ip| ip.parse().ok()).collect(),
        annotations: sorted(status.annotations),
    })
}

/// From a list: times and codes are not known.
pub(super) fn container(container: cri::Container) -> Option<Container> {
    let metadata = container.metadata?;
    let labels = sorted(container.labels);
    let pod = Uid(labels.get(names::POD_UID)?.clone());
    let created_at = time(container.created_at).unwrap_or_default();
    let state = match cri::ContainerState::try_from(container.state) {
        Ok(cri::ContainerState::ContainerCreated) => ContainerState::Created,
        Ok(cri::ContainerState::ContainerRunning) => ContainerState::Running {
            started_at: created_at,
        },
        Ok(cri::ContainerState::ContainerExited) => ContainerState::Exited {
            started_at: None,
            finished_at: created_at,
            exit_code: 0,
            reason: String::new(),
            message: String::new(),
        },
        _ => ContainerState::Unknown,
    };
    Some(Container {
        id: ContainerId(container.id),
        sandbox: SandboxId(container.pod_sandbox_id),
        pod,
        name: metadata.name,
        attempt: metadata.attempt,
        created_at,
        state,
        image: container.image.map(|image| image.image).unwrap_or_default(),
        image_id: container.image_ref,
        annotations: sorted(container.annotations),
        log_path: std::path::PathBuf::new(),
    })
}

/// A status does not name the sandbox: that comes from the list.
pub(super) fn container_status(listed: Container, status: cri::ContainerStatus) -> Container {
    let state = match cri::ContainerState::try_from(status.state) {
        Ok(cri::ContainerState::ContainerCreated) => ContainerState::Created,
        Ok(cri::ContainerState::ContainerRunning) => ContainerState::Running {
            started_at: time(status.started_at).unwrap_or(listed.created_at),
        },
        Ok(cri::ContainerState::ContainerExited) => ContainerState::Exited {
            started_at: time(status.started_at),
            finished_at: time(status.finished_at).unwrap_or(listed.created_at),
            exit_code: status.exit_code,
            reason: status.reason,
            message: status.message,
        },
        _ => ContainerState::Unknown,
    };
    let written = status.image.map(|image| {
        if image.user_specified_image.is_empty() {
            image.image
        } else {
            image.user_specified_image
        }
    });
    Container {
        state,
        image: written
            .filter(|image| !image.is_empty())
            .unwrap_or(listed.image),
        image_id: status.image_ref,
        log_path: status.log_path.into(),
        ..listed
    }
}

/// `None` also for a container that does not run: there is nothing to read of it.
pub(super) fn usage(stats: cri::ContainerStats) -> Option<Usage> {
    let attributes = stats.attributes?;
    let name = attributes.metadata?.name;
    let mut labels = attributes.labels;
    let pod = Uid(labels.remove(names::POD_UID)?);
    let cpu = stats.cpu.and_then(|cpu| {
        Some(CpuTime {
            at: time(cpu.timestamp)?,
            nanoseconds: cpu.usage_core_nano_seconds?.value,
        })
    });
    let memory = stats.memory.and_then(|memory| {
        Some(Memory {
            at: time(memory.timestamp)?,
            working_set: memory.working_set_bytes?.value,
            usage: memory.usage_bytes.map(|bytes| bytes.value),
        })
    });
    if cpu.is_none() && memory.is_none() {
        return None;
    }
    Some(Usage {
        container: ContainerId(attributes.id),
        pod,
        namespace: labels.remove(names::POD_NAMESPACE).unwrap_or_default(),
        pod_name: labels.remove(names::POD_NAME).unwrap_or_default(),
        name,
        cpu,
        memory,
    })
}

pub(super) fn image(image: cri::Image) -> Image {
    Image {
        id: image.id,
        tags: image.repo_tags,
        digests: image.repo_digests,
        size: image.size,
        uid: image.uid.map(|uid| uid.value),
        user: image.username,
    }
}

pub(super) fn status(status: Option<cri::RuntimeStatus>) -> RuntimeStatus {
    let conditions = status.map(|status| status.conditions).unwrap_or_default();
    let is = |kind: &str| conditions.iter().any(|c| c.r#type == kind && c.status);
    let problems: Vec<String> = conditions
        .iter()
        .filter(|condition| !condition.status)
        .map(|condition| format!("{}: {}", condition.reason, condition.message))
        .collect();
    RuntimeStatus {
        runtime_ready: is("RuntimeReady"),
        network_ready: is("NetworkReady"),
        message: problems.join("; "),
    }
}
