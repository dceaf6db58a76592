//! What the node says of itself.

use api::Object;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::facts::{Capacity, Machine, Pressure, meminfo_bytes, os_image, processes};
use super::object::{Description, essence, registration, status};
use crate::config::NodeConfig;
use crate::runtime::{Image, RuntimeStatus, Version};

fn description() -> Description {
    let mut node = NodeConfig::new("n1", "192.0.2.1".parse().unwrap(), "10.1.0.0/24");
    node.reserved_cpu_millis = 500;
    node.labels.insert("zone".into(), "a".into());
    Description {
        node,
        port: 10_250,
        machine: Machine {
            kernel: "6.18".into(),
            ..Machine::default()
        },
        capacity: Capacity {
            cpu_millis: 2000,
            memory_bytes: 4 << 30,
            storage_bytes: 100 << 30,
        },
        version: Version {
            name: "containerd".into(),
            version: "1.6.20".into(),
        },
        is_simulated: true,
    }
}

fn pressure() -> Pressure {
    Pressure {
        memory_available: 1 << 30,
        storage_available: 50 << 30,
        storage_total: 100 << 30,
        processes: 100,
        processes_most: 32_768,
    }
}

fn said(ready: bool, pressure: &Pressure, node: &Object, now: Timestamp) -> Value {
    let runtime = RuntimeStatus {
        runtime_ready: true,
        network_ready: ready,
        message: if ready {
            String::new()
        } else {
            "NetworkPluginNotReady: no CNI".into()
        },
    };
    let images = [Image {
        id: "sha256:1".into(),
        tags: vec!["a:1".into()],
        size: 5,
        ..Image::default()
    }];
    status(&description(), &runtime, pressure, &images, node, now)
}

#[test]
fn the_object_and_its_status_in_full() {
    let made = registration(&description());
    assert_eq!(made.label("kedge.dev/runtime"), Some("simulated"));
    assert_eq!(made.label("zone"), Some("a"));
    assert_eq!(made.text("/spec/podCIDR"), "10.1.0.0/24");
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let mut status = said(true, &pressure(), &made, now);
    status["nodeInfo"]["kubeletVersion"] = json!("");
    status["nodeInfo"]["architecture"] = json!("");
    insta::assert_json_snapshot!(status);
}

#[test]
fn conditions_follow_runtime_and_machine() {
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let node = Object::default();
    let check = |ready: bool, pressure: Pressure, kind: &str, expected: &str, reason: &str| {
        let object = Object::from(json!({"status": said(ready, &pressure, &node, now)}));
        let found = object.condition(kind).unwrap();
        assert_eq!(
            (found.status.as_str(), found.reason.as_str()),
            (expected, reason)
        );
    };
    check(true, pressure(), "Ready", "True", "KubeletReady");
    check(false, pressure(), "Ready", "False", "KubeletNotReady");
    let low = Pressure {
        memory_available: 1 << 20,
        storage_available: 1 << 20,
        processes: 32_000,
        ..pressure()
    };
    check(
        true,
        low,
        "MemoryPressure",
        "True",
        "KubeletHasInsufficientMemory",
    );
    check(true, low, "DiskPressure", "True", "KubeletHasDiskPressure");
    check(
        true,
        low,
        "PIDPressure",
        "True",
        "KubeletHasInsufficientPID",
    );
    check(
        true,
        pressure(),
        "DiskPressure",
        "False",
        "KubeletHasNoDiskPressure",
    );
}

#[test]
fn a_condition_that_stays_keeps_its_time_and_is_no_news() {
    let (first, later) = ("2026-01-01T00:00:00Z", "2026-01-01T00:05:00Z");
    let before = said(
        true,
        &pressure(),
        &Object::default(),
        first.parse().unwrap(),
    );
    let node = Object::from(json!({"status": before}));
    let after = said(true, &pressure(), &node, later.parse().unwrap());
    let ready = &after["conditions"][3];
    assert_eq!(ready["lastTransitionTime"], first);
    assert_eq!(ready["lastHeartbeatTime"], later);
    assert_eq!(essence(&before), essence(&after));
    let failing = said(false, &pressure(), &node, later.parse().unwrap());
    assert_ne!(essence(&before), essence(&failing));
}

#[test]
fn reads_the_kernels_tables() {
    let meminfo = "MemTotal:       24587112 kB\nMemAvailable:   100 kB\n";
    assert_eq!(meminfo_bytes(meminfo, "MemTotal"), 24_587_112 * 1024);
    assert_eq!(meminfo_bytes(meminfo, "Nothing"), 0);
    assert_eq!(processes("0.52 0.58 0.59 2/631 12345"), 631);
    assert_eq!(
        os_image("ID=debian\nPRETTY_NAME=\"Debian 12\"\n"),
        "Debian 12"
    );
}
