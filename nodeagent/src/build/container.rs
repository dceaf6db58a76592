//! One container.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use api::k8s::core::v1 as core;

use super::resources::container_resources;
use super::security::{self, Refused, namespaces};
use crate::environment::expand;
use crate::pods::names;
use crate::pods::spec::{self, RestartPolicy, Role};
use crate::runtime::{ContainerConfig, Image, Mount};

/// What is known besides the spec.
pub(crate) struct Inputs<'a> {
    pub attempt: u32,
    /// What was waited before this attempt.
    pub delay: Option<Duration>,
    pub image: &'a Image,
    /// What the image store finds the image under.
    pub reference: &'a str,
    pub environment: Vec<(String, String)>,
    pub mounts: Vec<Mount>,
    /// Where the container's last words go, on this machine.
    pub termination_message: &'a Path,
    /// Bytes of memory the node has.
    pub node_memory: i64,
}

pub(crate) fn container_config(
    pod: &core::Pod,
    container: &core::Container,
    inputs: Inputs,
) -> Result<ContainerConfig, Refused> {
    let security = security::security(pod, container, inputs.image)?;
    let environment = inputs.environment;
    let find = |name: &str| {
        let found = environment.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.clone())
    };
    Ok(ContainerConfig {
        name: container.name.clone(),
        attempt: inputs.attempt,
        image: inputs.reference.to_owned(),
        image_as_written: container.image.clone().unwrap_or_default(),
        command: command(container.command.as_ref(), find),
        arguments: command(container.args.as_ref(), find),
        working_directory: container.working_dir.clone().unwrap_or_default(),
        mounts: inputs.mounts,
        labels: labels(pod, container),
        annotations: annotations(
            pod,
            container,
            inputs.attempt,
            inputs.delay,
            inputs.termination_message,
        ),
        log_path: log_path(&container.name, inputs.attempt),
        stdin: container.stdin.unwrap_or(false),
        stdin_once: container.stdin_once.unwrap_or(false),
        tty: container.tty.unwrap_or(false),
        resources: container_resources(pod, container, inputs.node_memory),
        namespaces: namespaces(pod),
        security,
        environment,
    })
}

/// A command line with its variables replaced.
pub(super) fn command(
    words: Option<&Vec<String>>,
    find: impl Fn(&str) -> Option<String>,
) -> Vec<String> {
    let words = words.into_iter().flatten();
    words.map(|word| expand(word, &find)).collect()
}

/// Below the sandbox's log directory.
pub(super) fn log_path(container: &str, attempt: u32) -> PathBuf {
    Path::new(container).join(format!("{attempt}.log"))
}

fn labels(pod: &core::Pod, container: &core::Container) -> BTreeMap<String, String> {
    [
        (names::POD_NAME, spec::name(pod)),
        (names::POD_NAMESPACE, spec::namespace(pod)),
        (names::POD_UID, &spec::uid(pod).0),
        (names::CONTAINER_NAME, &container.name),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect()
}

fn annotations(
    pod: &core::Pod,
    container: &core::Container,
    attempt: u32,
    delay: Option<Duration>,
    termination_message: &Path,
) -> BTreeMap<String, String> {
    let mut annotations = BTreeMap::from([
        (names::RESTART_COUNT.to_owned(), attempt.to_string()),
        (names::SPEC_HASH.to_owned(), spec::hash(container)),
        (
            names::TERMINATION_MESSAGE_PATH.to_owned(),
            termination_message.display().to_string(),
        ),
    ]);
    let role = spec::container(pod, &container.name).map(|(role, _)| role);
    let ends = match role {
        Some(Role::Init) => true,
        Some(Role::Sidecar) => false,
        _ => spec::restart_policy(pod) != RestartPolicy::Always,
    };
    if ends {
        annotations.insert(names::RUNS_TO_END.to_owned(), "true".to_owned());
    }
    if let Some(delay) = delay {
        annotations.insert(names::RESTART_DELAY.to_owned(), delay.as_secs().to_string());
    }
    if let Some(policy) = &container.termination_message_policy {
        annotations.insert(names::TERMINATION_MESSAGE_POLICY.to_owned(), policy.clone());
    }
    annotations
}
