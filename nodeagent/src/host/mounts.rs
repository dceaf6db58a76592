//! What a container sees of the machine.

use std::fs;
use std::path::{Path, PathBuf};

use api::k8s::core::v1 as core;

use super::{Error, MountRequest};
use crate::build::hosts_file;
use crate::environment::expand;
use crate::pods::spec::{self, items};
use crate::runtime::{Mount, Propagation};
use crate::volumes::{Plan, PodPaths, Source, subpath};

const HOSTS: &str = "/etc/hosts";
const DEFAULT_MESSAGE_PATH: &str = "/dev/termination-log";

/// All mounts of one container, in the order of its spec. Makes the files they need.
pub(super) fn mounts(
    paths: &PodPaths,
    domain: &str,
    pod: &core::Pod,
    container: &core::Container,
    request: &MountRequest,
) -> Result<Vec<Mount>, Error> {
    let mut mounts = Vec::new();
    for mount in items(&container.volume_mounts) {
        mounts.push(volume_mount(paths, pod, mount, request)?);
    }
    if !spec::is_host_network(pod) && !has_mount(container, HOSTS) {
        let path = paths.hosts(&spec::uid(pod));
        let text = hosts_file(pod, request.addresses, domain);
        write(&path, &text)?;
        mounts.push(file_mount(HOSTS, path));
    }
    let message = container
        .termination_message_path
        .as_deref()
        .unwrap_or(DEFAULT_MESSAGE_PATH);
    let path = paths.termination_message(&spec::uid(pod), &container.name, request.attempt);
    write(&path, "")?;
    // The container may run as anybody.
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o666))
        .map_err(|source| failed("open up", &path, source))?;
    mounts.push(file_mount(message, path));
    Ok(mounts)
}

fn has_mount(container: &core::Container, path: &str) -> bool {
    items(&container.volume_mounts)
        .iter()
        .any(|mount| mount.mount_path == path)
}

fn file_mount(container_path: &str, host_path: PathBuf) -> Mount {
    Mount {
        container_path: container_path.to_owned(),
        host_path,
        read_only: false,
        propagation: Propagation::Private,
    }
}

fn volume_mount(
    paths: &PodPaths,
    pod: &core::Pod,
    mount: &core::VolumeMount,
    request: &MountRequest,
) -> Result<Mount, Error> {
    let plan = request.volumes.iter().find(|plan| plan.name == mount.name);
    let plan = plan.ok_or_else(|| Error::NoVolume(mount.name.clone()))?;
    let mut path = volume_path(paths, pod, plan);
    let find = |name: &str| {
        let found = request.variables.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.clone())
    };
    let sub = match (&mount.sub_path, &mount.sub_path_expr) {
        (Some(sub), _) if !sub.is_empty() => sub.clone(),
        (_, Some(expression)) => expand(expression, find),
        _ => String::new(),
    };
    if !sub.is_empty() {
        path =
            subpath(&path, &sub).map_err(|source| failed("use the subPath of", &path, source))?;
    }
    let is_fixed = match &plan.source {
        Source::Files { .. } => true,
        Source::Local { read_only, .. } => *read_only,
        _ => false,
    };
    Ok(Mount {
        container_path: mount.mount_path.clone(),
        host_path: path,
        read_only: is_fixed || mount.read_only.unwrap_or(false),
        propagation: match mount.mount_propagation.as_deref() {
            Some("HostToContainer") => Propagation::HostToContainer,
            Some("Bidirectional") => Propagation::Bidirectional,
            _ => Propagation::Private,
        },
    })
}

/// Where the volume's content is on this machine.
pub(super) fn volume_path(paths: &PodPaths, pod: &core::Pod, plan: &Plan) -> PathBuf {
    match &plan.source {
        Source::Host { path, .. } | Source::Local { path, .. } => path.clone(),
        Source::Empty | Source::Memory { .. } | Source::Files { .. } => {
            paths.volume(&spec::uid(pod), plan.kind(), &plan.name)
        }
    }
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|source| failed("make", parent, source))?;
    }
    fs::write(path, text).map_err(|source| failed("write", path, source))
}

fn failed(operation: &'static str, path: &Path, source: std::io::Error) -> Error {
    Error::File {
        operation,
        path: path.to_owned(),
        source,
    }
}
