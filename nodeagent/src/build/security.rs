//! Who a container is and what it may do.

use api::k8s::core::v1 as core;

use crate::pods::spec::items;
use crate::runtime::{Image, NamespaceMode, Namespaces, SeccompProfile, Security};

/// The spec forbids what the image does.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("container has runAsNonRoot and image will run as root")]
    ImageIsRoot,
    #[error(
        "container has runAsNonRoot and image has non-numeric user ({0}), cannot verify user is non-root"
    )]
    ImageUserIsName(String),
    #[error("container's runAsUser breaks non-root policy")]
    UserIsRoot,
}

pub(crate) fn security(
    pod: &core::Pod,
    container: &core::Container,
    image: &Image,
) -> Result<Security, Refused> {
    let of_pod = pod
        .spec
        .as_ref()
        .and_then(|spec| spec.security_context.as_ref());
    let own = container.security_context.as_ref();
    let user = own
        .and_then(|own| own.run_as_user)
        .or_else(|| of_pod?.run_as_user);
    let non_root = own
        .and_then(|own| own.run_as_non_root)
        .or_else(|| of_pod?.run_as_non_root);
    if non_root == Some(true) {
        check_non_root(user, image)?;
    }
    let privileged = own.and_then(|own| own.privileged).unwrap_or(false);
    let capabilities = own.and_then(|own| own.capabilities.as_ref());
    let profile = own
        .and_then(|own| own.seccomp_profile.as_ref())
        .or_else(|| of_pod?.seccomp_profile.as_ref());
    Ok(Security {
        run_as_user: user.or(image.uid),
        run_as_group: own
            .and_then(|own| own.run_as_group)
            .or_else(|| of_pod?.run_as_group),
        supplemental_groups: supplemental_groups(pod),
        privileged,
        read_only_root: own
            .and_then(|own| own.read_only_root_filesystem)
            .unwrap_or(false),
        no_new_privileges: own.and_then(|own| own.allow_privilege_escalation) == Some(false),
        add_capabilities: capabilities
            .map(|c| items(&c.add).to_vec())
            .unwrap_or_default(),
        drop_capabilities: capabilities
            .map(|c| items(&c.drop).to_vec())
            .unwrap_or_default(),
        seccomp: seccomp(profile),
        unmasked_proc: privileged
            || own.and_then(|own| own.proc_mount.as_deref()) == Some("Unmasked"),
    })
}

fn check_non_root(user: Option<i64>, image: &Image) -> Result<(), Refused> {
    match (user, image.uid) {
        (Some(0), _) => Err(Refused::UserIsRoot),
        (Some(_), _) => Ok(()),
        (None, Some(uid)) if uid > 0 => Ok(()),
        (None, None) if !image.user.is_empty() => Err(Refused::ImageUserIsName(image.user.clone())),
        (None, _) => Err(Refused::ImageIsRoot),
    }
}

/// The groups of every container of the pod, the volumes' group among them.
pub(crate) fn supplemental_groups(pod: &core::Pod) -> Vec<i64> {
    let context = pod
        .spec
        .as_ref()
        .and_then(|spec| spec.security_context.as_ref());
    let mut groups: Vec<i64> = context
        .map(|context| items(&context.supplemental_groups).to_vec())
        .unwrap_or_default();
    groups.extend(context.and_then(|context| context.fs_group));
    groups
}

fn seccomp(profile: Option<&core::SeccompProfile>) -> SeccompProfile {
    match profile.map(|profile| profile.type_.as_str()) {
        Some("RuntimeDefault") => SeccompProfile::RuntimeDefault,
        Some("Localhost") => SeccompProfile::Localhost(
            profile
                .and_then(|profile| profile.localhost_profile.clone())
                .unwrap_or_default(),
        ),
        _ => SeccompProfile::Unconfined,
    }
}

pub(crate) fn namespaces(pod: &core::Pod) -> Namespaces {
    let is_set = |field: fn(&core::PodSpec) -> Option<bool>| {
        pod.spec.as_ref().and_then(field).unwrap_or(false)
    };
    let or_pod = |host| {
        if host {
            NamespaceMode::Node
        } else {
            NamespaceMode::Pod
        }
    };
    Namespaces {
        network: or_pod(is_set(|spec| spec.host_network)),
        ipc: or_pod(is_set(|spec| spec.host_ipc)),
        pid: if is_set(|spec| spec.host_pid) {
            NamespaceMode::Node
        } else if is_set(|spec| spec.share_process_namespace) {
            NamespaceMode::Pod
        } else {
            NamespaceMode::Container
        },
    }
}
