//! Our words into CRI's. Pure.

use k8s_cri::v1 as cri;

use crate::runtime::{
    ContainerConfig, Mount, NamespaceMode, Namespaces, PortMapping, Propagation, Resources,
    SandboxConfig, SeccompProfile, Security,
};

/// What containers must not see of `/proc` and `/sys`, and what they must not change.
const MASKED: [&str; 9] = [
    "/proc/asound",
    "/proc/acpi",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/sys/firmware",
];
const READ_ONLY: [&str; 5] = [
    "/proc/bus",
    "/proc/fs",
    "/proc/irq",
    "/proc/sys",
    "/proc/sysrq-trigger",
];

pub(super) fn sandbox(config: &SandboxConfig) -> cri::PodSandboxConfig {
    cri::PodSandboxConfig {
        metadata: Some(cri::PodSandboxMetadata {
            name: config.name.clone(),
            uid: config.pod.0.clone(),
            namespace: config.namespace.clone(),
            attempt: config.attempt,
        }),
        hostname: config.hostname.clone(),
        log_directory: config.log_directory.display().to_string(),
        dns_config: config.resolver.as_ref().map(|resolver| cri::DnsConfig {
            servers: resolver.servers.clone(),
            searches: resolver.searches.clone(),
            options: resolver.options.clone(),
        }),
        port_mappings: config.ports.iter().map(port).collect(),
        labels: config.labels.clone().into_iter().collect(),
        annotations: config.annotations.clone().into_iter().collect(),
        linux: Some(cri::LinuxPodSandboxConfig {
            cgroup_parent: config.cgroup_parent.clone(),
            security_context: Some(cri::LinuxSandboxSecurityContext {
                namespace_options: Some(namespaces(config.namespaces)),
                run_as_user: config.run_as_user.map(number),
                // Without a user CRI refuses a group.
                run_as_group: config.run_as_user.and(config.run_as_group).map(number),
                supplemental_groups: config.supplemental_groups.clone(),
                privileged: config.privileged,
                seccomp: Some(profile(&SeccompProfile::RuntimeDefault)),
                ..cri::LinuxSandboxSecurityContext::default()
            }),
            sysctls: config.sysctls.clone().into_iter().collect(),
            ..cri::LinuxPodSandboxConfig::default()
        }),
        windows: None,
    }
}

fn port(port: &PortMapping) -> cri::PortMapping {
    let protocol = match port.protocol.as_str() {
        "UDP" => cri::Protocol::Udp,
        "SCTP" => cri::Protocol::Sctp,
        _ => cri::Protocol::Tcp,
    };
    cri::PortMapping {
        protocol: protocol.into(),
        container_port: port.container_port,
        host_port: port.host_port,
        host_ip: port.host_address.clone(),
    }
}

pub(super) fn container(config: &ContainerConfig) -> cri::ContainerConfig {
    cri::ContainerConfig {
        metadata: Some(cri::ContainerMetadata {
            name: config.name.clone(),
            attempt: config.attempt,
        }),
        image: Some(cri::ImageSpec {
            image: config.image.clone(),
            user_specified_image: config.image_as_written.clone(),
            ..cri::ImageSpec::default()
        }),
        command: config.command.clone(),
        args: config.arguments.clone(),
        working_dir: config.working_directory.clone(),
        envs: config
            .environment
            .iter()
            .map(|(key, value)| cri::KeyValue {
                key: key.clone(),
                value: value.clone(),
            })
            .collect(),
        mounts: config.mounts.iter().map(mount).collect(),
        labels: config.labels.clone().into_iter().collect(),
        annotations: config.annotations.clone().into_iter().collect(),
        log_path: config.log_path.display().to_string(),
        stdin: config.stdin,
        stdin_once: config.stdin_once,
        tty: config.tty,
        linux: Some(cri::LinuxContainerConfig {
            resources: Some(resources(&config.resources)),
            security_context: Some(security(&config.security, config.namespaces)),
        }),
        ..cri::ContainerConfig::default()
    }
}

fn mount(mount: &Mount) -> cri::Mount {
    let propagation = match mount.propagation {
        Propagation::Private => cri::MountPropagation::PropagationPrivate,
        Propagation::HostToContainer => cri::MountPropagation::PropagationHostToContainer,
        Propagation::Bidirectional => cri::MountPropagation::PropagationBidirectional,
    };
    cri::Mount {
        container_path: mount.container_path.clone(),
        host_path: mount.host_path.display().to_string(),
        readonly: mount.read_only,
        propagation: propagation.into(),
        ..cri::Mount::default()
    }
}

fn resources(resources: &Resources) -> cri::LinuxContainerResources {
    cri::LinuxContainerResources {
        cpu_period: resources.cpu_period,
        cpu_quota: resources.cpu_quota,
        cpu_shares: resources.cpu_shares,
        memory_limit_in_bytes: resources.memory_limit,
        oom_score_adj: resources.oom_score_adj,
        ..cri::LinuxContainerResources::default()
    }
}

fn security(
    security: &Security,
    namespace_options: Namespaces,
) -> cri::LinuxContainerSecurityContext {
    let hidden = |paths: &[&str]| -> Vec<String> {
        if security.unmasked_proc {
            return Vec::new();
        }
        paths.iter().map(|path| (*path).to_owned()).collect()
    };
    cri::LinuxContainerSecurityContext {
        capabilities: Some(cri::Capability {
            add_capabilities: security.add_capabilities.clone(),
            drop_capabilities: security.drop_capabilities.clone(),
            ..cri::Capability::default()
        }),
        privileged: security.privileged,
        namespace_options: Some(namespaces(namespace_options)),
        run_as_user: security.run_as_user.map(number),
        run_as_group: security.run_as_user.and(security.run_as_group).map(number),
        readonly_rootfs: security.read_only_root,
        supplemental_groups: security.supplemental_groups.clone(),
        no_new_privs: security.no_new_privileges,
        masked_paths: hidden(&MASKED),
        readonly_paths: hidden(&READ_ONLY),
        seccomp: Some(profile(&security.seccomp)),
        ..cri::LinuxContainerSecurityContext::default()
    }
}

fn profile(profile: &SeccompProfile) -> cri::SecurityProfile {
    use cri::security_profile::ProfileType;
    let (kind, path) = match profile {
        SeccompProfile::Unconfined => (ProfileType::Unconfined, String::new()),
        SeccompProfile::RuntimeDefault => (ProfileType::RuntimeDefault, String::new()),
        SeccompProfile::Localhost(path) => (ProfileType::Localhost, path.clone()),
    };
    cri::SecurityProfile {
        profile_type: kind.into(),
        localhost_ref: path,
    }
}

fn namespaces(namespaces: Namespaces) -> cri::NamespaceOption {
    let mode = |mode| match mode {
        NamespaceMode::Pod => cri::NamespaceMode::Pod.into(),
        NamespaceMode::Container => cri::NamespaceMode::Container.into(),
        NamespaceMode::Node => cri::NamespaceMode::Node.into(),
    };
    cri::NamespaceOption {
        network: mode(namespaces.network),
        pid: mode(namespaces.pid),
        ipc: mode(namespaces.ipc),
        ..cri::NamespaceOption::default()
    }
}

fn number(value: i64) -> cri::Int64Value {
    cri::Int64Value { value }
}

/// What the image store finds an image under.
pub(super) fn image(reference: &str) -> cri::ImageSpec {
    cri::ImageSpec {
        image: reference.to_owned(),
        ..cri::ImageSpec::default()
    }
}
