//! CRI's words into ours and back.

use api::Uid;
use k8s_cri::v1 as cri;

use super::call::failed;
use super::{convert, read};
use crate::pods::names;
use crate::runtime::{
    ContainerConfig, ContainerState, Failure, NamespaceMode, Namespaces, SandboxConfig, Security,
};

#[test]
fn a_group_needs_a_user() {
    let check = |user: Option<i64>, expected: Option<i64>| {
        let config = ContainerConfig {
            security: Security {
                run_as_user: user,
                run_as_group: Some(5),
                ..Security::default()
            },
            ..ContainerConfig::default()
        };
        let context = convert::container(&config)
            .linux
            .unwrap()
            .security_context
            .unwrap();
        assert_eq!(context.run_as_group.map(|group| group.value), expected);
    };
    check(Some(1), Some(5));
    check(None, None);
}

#[test]
fn a_sandbox_keeps_its_names_and_namespaces() {
    let config = SandboxConfig {
        pod: Uid("u1".into()),
        attempt: 2,
        cgroup_parent: "/k/podu1".into(),
        namespaces: Namespaces {
            network: NamespaceMode::Node,
            ..Namespaces::default()
        },
        ..SandboxConfig::default()
    };
    let made = convert::sandbox(&config);
    let metadata = made.metadata.unwrap();
    assert_eq!((metadata.uid.as_str(), metadata.attempt), ("u1", 2));
    let linux = made.linux.unwrap();
    let options = linux.security_context.unwrap().namespace_options.unwrap();
    assert_eq!(options.network, i32::from(cri::NamespaceMode::Node));
    assert_eq!(options.pid, i32::from(cri::NamespaceMode::Container));
    assert_eq!(linux.cgroup_parent, "/k/podu1");
}

fn listed() -> cri::Container {
    cri::Container {
        id: "c0".into(),
        pod_sandbox_id: "s0".into(),
        metadata: Some(cri::ContainerMetadata {
            name: "c".into(),
            attempt: 1,
        }),
        labels: [(names::POD_UID.to_owned(), "u1".to_owned())]
            .into_iter()
            .collect(),
        created_at: 1_000_000_000,
        ..cri::Container::default()
    }
}

#[test]
fn a_status_completes_what_a_list_says() {
    let container = read::container(listed()).unwrap();
    assert_eq!(container.state, ContainerState::Created);
    let status = cri::ContainerStatus {
        state: cri::ContainerState::ContainerExited.into(),
        // The runtime says so of a container whose start failed.
        started_at: 0,
        finished_at: 2_000_000_000,
        exit_code: 128,
        reason: "StartError".into(),
        message: "no such file".into(),
        log_path: "/logs/c/1.log".into(),
        ..cri::ContainerStatus::default()
    };
    let container = read::container_status(container, status);
    assert_eq!(container.started_at(), None);
    assert_eq!(container.exit_code(), Some(128));
    assert_eq!(
        (container.sandbox.0.as_str(), container.pod.0.as_str()),
        ("s0", "u1")
    );
    let foreign = cri::Container {
        labels: std::collections::HashMap::default(),
        ..listed()
    };
    assert_eq!(read::container(foreign), None);
}

#[test]
fn failures_have_classes() {
    let check = |code: tonic::Code, message: &str, expected: Failure| {
        let error = failed("try", &tonic::Status::new(code, message));
        assert_eq!(error.failure(), expected);
        assert_eq!(error.to_string(), message);
    };
    check(tonic::Code::NotFound, "no", Failure::NotFound);
    check(tonic::Code::Unimplemented, "no", Failure::Unsupported);
    check(
        tonic::Code::Unknown,
        "server is not initialized yet",
        Failure::Unavailable,
    );
    check(tonic::Code::Unknown, "other", Failure::Refused);
}

#[test]
fn what_is_not_counted_is_not_used() {
    let value = |value| Some(cri::UInt64Value { value });
    let stats = |cpu: Option<cri::CpuUsage>, pod: &str| cri::ContainerStats {
        attributes: Some(cri::ContainerAttributes {
            id: "c0".into(),
            metadata: Some(cri::ContainerMetadata {
                name: "c".into(),
                attempt: 1,
            }),
            labels: [(names::POD_UID.to_owned(), pod.to_owned())]
                .into_iter()
                .filter(|(_, pod)| !pod.is_empty())
                .collect(),
            ..cri::ContainerAttributes::default()
        }),
        cpu,
        ..cri::ContainerStats::default()
    };
    let cpu = cri::CpuUsage {
        timestamp: 1_000_000_000,
        usage_core_nano_seconds: value(7),
        ..cri::CpuUsage::default()
    };
    let usage = read::usage(stats(Some(cpu), "u1")).unwrap();
    assert_eq!((usage.name.as_str(), usage.pod.0.as_str()), ("c", "u1"));
    assert_eq!((usage.cpu.unwrap().nanoseconds, usage.memory), (7, None));
    // It does not run, or is nobody's.
    assert_eq!(read::usage(stats(None, "u1")), None);
    assert_eq!(read::usage(stats(Some(cpu), "")), None);
}
