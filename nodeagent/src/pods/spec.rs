//! Questions to a pod's spec. Pure.

use std::time::Duration;

use api::Uid;
use api::k8s::core::v1 as core;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// What a container is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Runs to its end before anything after it starts.
    Init,
    /// An init container that stays: it only has to be started before what follows.
    Sidecar,
    Main,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RestartPolicy {
    Always,
    OnFailure,
    Never,
}

impl RestartPolicy {
    /// Whether a container that ended with this code runs again.
    pub(crate) fn restarts(self, exit_code: i32) -> bool {
        match self {
            Self::Always => true,
            Self::OnFailure => exit_code != 0,
            Self::Never => false,
        }
    }
}

/// An optional list of Kubernetes' types as a slice.
#[expect(
    clippy::ref_option,
    reason = "that is how the fields of Kubernetes' types are"
)]
pub(crate) fn items<T>(list: &Option<Vec<T>>) -> &[T] {
    list.as_deref().unwrap_or_default()
}

pub(crate) fn uid(pod: &core::Pod) -> Uid {
    Uid(pod.metadata.uid.clone().unwrap_or_default())
}

pub(crate) fn namespace(pod: &core::Pod) -> &str {
    pod.metadata.namespace.as_deref().unwrap_or_default()
}

pub(crate) fn name(pod: &core::Pod) -> &str {
    pod.metadata.name.as_deref().unwrap_or_default()
}

pub(crate) fn restart_policy(pod: &core::Pod) -> RestartPolicy {
    match pod
        .spec
        .as_ref()
        .and_then(|spec| spec.restart_policy.as_deref())
    {
        Some("Never") => RestartPolicy::Never,
        Some("OnFailure") => RestartPolicy::OnFailure,
        _ => RestartPolicy::Always,
    }
}

pub(crate) fn init_containers(
    pod: &core::Pod,
) -> impl DoubleEndedIterator<Item = (Role, &core::Container)> {
    let list = pod.spec.as_ref().map(|spec| items(&spec.init_containers));
    list.unwrap_or_default().iter().map(|container| {
        let stays = container.restart_policy.as_deref() == Some("Always");
        (if stays { Role::Sidecar } else { Role::Init }, container)
    })
}

pub(crate) fn main_containers(pod: &core::Pod) -> &[core::Container] {
    pod.spec
        .as_ref()
        .map(|spec| spec.containers.as_slice())
        .unwrap_or_default()
}

/// Init containers first, each kind in the order of the spec.
pub(crate) fn containers(pod: &core::Pod) -> impl Iterator<Item = (Role, &core::Container)> {
    init_containers(pod).chain(main_containers(pod).iter().map(|c| (Role::Main, c)))
}

pub(crate) fn container<'a>(pod: &'a core::Pod, name: &str) -> Option<(Role, &'a core::Container)> {
    containers(pod).find(|(_, container)| container.name == name)
}

pub(crate) fn is_host_network(pod: &core::Pod) -> bool {
    pod.spec
        .as_ref()
        .and_then(|spec| spec.host_network)
        .unwrap_or(false)
}

pub(crate) fn is_deleting(pod: &core::Pod) -> bool {
    pod.metadata.deletion_timestamp.is_some()
}

/// How long its containers may take to stop: what the deletion says, or the spec.
pub(crate) fn grace(pod: &core::Pod) -> Duration {
    let seconds = pod
        .metadata
        .deletion_grace_period_seconds
        .or_else(|| pod.spec.as_ref()?.termination_grace_period_seconds)
        .unwrap_or(30);
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

/// When `activeDeadlineSeconds` is over, once the pod has a start time.
pub(crate) fn deadline(pod: &core::Pod) -> Option<Timestamp> {
    let seconds = pod.spec.as_ref()?.active_deadline_seconds?;
    let start = pod.status.as_ref()?.start_time.as_ref()?.0;
    later(start, Duration::from_secs(u64::try_from(seconds).ok()?)).into()
}

/// What the API server holds of one container's state.
pub(crate) fn reported<'a>(pod: &'a core::Pod, name: &str) -> Option<&'a core::ContainerStatus> {
    let status = pod.status.as_ref()?;
    items(&status.init_container_statuses)
        .iter()
        .chain(items(&status.container_statuses))
        .find(|status| status.name == name)
}

/// `containerd://abc` as `abc`.
pub(crate) fn bare_id(container_id: &str) -> &str {
    container_id
        .split_once("://")
        .map_or(container_id, |(_, id)| id)
}

/// The earlier of two moments, where there are any.
pub(crate) fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}

/// `at` plus `duration`, as far as time goes.
pub(crate) fn later(at: Timestamp, duration: Duration) -> Timestamp {
    at.saturating_add(duration).unwrap_or(Timestamp::MAX)
}

/// From `from` to `to`; zero where that is in the past.
pub(crate) fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or(Duration::ZERO)
}

/// Changes where a change of the spec means a new container: only the image can change in place.
pub(crate) fn hash(container: &core::Container) -> String {
    let image = container.image.as_deref().unwrap_or_default();
    let digest = Sha256::digest(format!("{}\n{image}", container.name));
    digest[..4]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
