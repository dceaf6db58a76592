//! When probes run, and what their answers lead to.

use api::k8s::core::v1 as core;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Check, Due, Outcome, Results, Settings, Tracks, check, inherited};
use crate::pods::testing::{at, container, deleting, pod, prepared, record, running};
use crate::pods::{Memory, Observed};
use crate::runtime::{ContainerId, PodRecord};

fn probed(probes: &Value) -> core::Pod {
    let mut spec = json!({"containers": [{"name": "c", "image": "a:1"}]});
    for (name, probe) in probes.as_object().unwrap() {
        spec["containers"][0][name] = probe.clone();
        spec["containers"][0][name]["tcpSocket"] = json!({"port": 1});
    }
    pod(spec)
}

struct Bench {
    pod: core::Pod,
    record: PodRecord,
    memory: Memory,
    tracks: Tracks,
}

impl Bench {
    /// Its container has been running since second 1.
    fn new(probes: &Value) -> Self {
        Self {
            pod: probed(probes),
            record: record(vec![container("c", 0, running(), None)]),
            memory: prepared(),
            tracks: Tracks::default(),
        }
    }

    fn due(&mut self, now: u64) -> (Vec<Due>, Option<Timestamp>) {
        self.tracks.due(&Observed {
            pod: Some(&self.pod),
            record: &self.record,
            memory: &self.memory,
            now: at(now),
        })
    }

    /// Runs what is due and answers the names and what is concluded.
    fn run(&mut self, now: u64, success: bool) -> (Vec<&'static str>, Results) {
        let (due, _) = self.due(now);
        let outcome = if success {
            Outcome::Success
        } else {
            Outcome::Failure("no".into())
        };
        for due in &due {
            let probe = due
                .kind
                .of(&self.pod.spec.as_ref().unwrap().containers[0])
                .unwrap();
            let results = self.memory.probes.entry(due.id.clone()).or_default();
            self.tracks
                .conclude(due, Settings::of(probe), &outcome, results);
        }
        let results = self.memory.probes.get(&ContainerId("c0".into()));
        let names = due.iter().map(|due| due.kind.name()).collect();
        (names, results.copied().unwrap_or_default())
    }
}

#[test]
fn readiness_needs_its_successes_and_failures_in_a_row() {
    let probe = json!({"readinessProbe": {"periodSeconds": 5, "successThreshold": 2}});
    let mut bench = Bench::new(&probe);
    let mut check = |now, success, expected| {
        assert_eq!(bench.run(now, success).1.readiness, expected, "at {now}");
    };
    check(1, true, None);
    check(6, true, Some(true));
    check(11, false, Some(true));
    check(16, true, Some(true));
    check(21, false, Some(true));
    check(26, false, Some(true));
    check(31, false, Some(false));
    check(36, true, Some(false));
    check(41, true, Some(true));
}

#[test]
fn a_startup_probe_holds_the_others_back() {
    let mut bench = Bench::new(&json!({
        "startupProbe": {"failureThreshold": 2}, "livenessProbe": {}, "readinessProbe": {},
    }));
    assert_eq!(bench.run(1, false).0, ["Startup"]);
    assert_eq!(bench.run(11, true).0, ["Startup"]);
    assert_eq!(bench.run(12, true).0, ["Liveness", "Readiness"]);
    let mut failing = Bench::new(&json!({"startupProbe": {"failureThreshold": 2}}));
    failing.run(1, false);
    assert_eq!(failing.run(11, false).1.startup, Some(false));
    // It is about to be restarted: no more questions.
    assert_eq!(failing.run(21, false).0, Vec::<&str>::new());
}

#[test]
fn waits_for_delay_period_and_the_run_before() {
    let probe = json!({"livenessProbe": {"initialDelaySeconds": 5, "periodSeconds": 3}});
    let mut bench = Bench::new(&probe);
    let (due, next) = bench.due(2);
    assert_eq!((due.len(), next), (0, Some(at(6))));
    let (due, _) = bench.due(6);
    assert_eq!(due.len(), 1);
    // It has not answered yet.
    assert_eq!(bench.due(30).0, []);
    let mut results = Results::default();
    let probe = bench.pod.spec.as_ref().unwrap().containers[0]
        .liveness_probe
        .clone()
        .unwrap();
    bench.tracks.conclude(
        &due[0],
        Settings::of(&probe),
        &Outcome::Success,
        &mut results,
    );
    let (due, next) = bench.due(8);
    assert_eq!((due.len(), next), (0, Some(at(9))));
}

#[test]
fn a_deleted_pod_is_asked_only_whether_it_is_ready() {
    let mut bench = Bench::new(&json!({"livenessProbe": {}, "readinessProbe": {}}));
    bench.pod = deleting(bench.pod);
    assert_eq!(bench.run(1, true).0, ["Readiness"]);
}

#[test]
fn a_probe_that_cannot_run_says_nothing() {
    let mut bench = Bench::new(&json!({"livenessProbe": {"failureThreshold": 1}}));
    let (due, _) = bench.due(1);
    let mut results = Results::default();
    let settings = Settings::of(&core::Probe {
        failure_threshold: Some(1),
        ..core::Probe::default()
    });
    let unknown = Outcome::Unknown("the runtime is away".into());
    assert!(
        !bench
            .tracks
            .conclude(&due[0], settings, &unknown, &mut results)
    );
    assert_eq!(results, Results::default());
}

#[test]
fn a_restarted_agent_takes_over_what_was_reported() {
    let reported = |id: &str| -> core::ContainerStatus {
        serde_json::from_value(json!({
            "name": "c", "image": "", "imageID": "", "restartCount": 0,
            "ready": true, "started": true, "containerID": id,
        }))
        .unwrap()
    };
    let up = container("c", 0, running(), None);
    let same = inherited(&up, Some(&reported("containerd://c0")));
    assert_eq!((same.startup, same.readiness), (Some(true), Some(true)));
    assert_eq!(
        inherited(&up, Some(&reported("containerd://c9"))),
        Results::default()
    );
    assert_eq!(inherited(&up, None), Results::default());
}

#[test]
fn checks_name_what_they_ask() {
    let container: core::Container = serde_json::from_value(json!({
        "name": "c", "ports": [{"name": "web", "containerPort": 8080}],
    }))
    .unwrap();
    let ask = |probe: Value, address: Option<&str>| {
        let probe: core::Probe = serde_json::from_value(probe).unwrap();
        let address = address.map(|address| address.parse().unwrap());
        match check(&probe, &container, address) {
            Ok(Check::Http(http)) => http.url,
            Ok(Check::Tcp(address) | Check::Grpc { address, .. }) => address,
            Ok(Check::Exec(command)) => command.join(" "),
            Err(error) => error.to_string(),
        }
    };
    let check = |probe: Value, address: Option<&str>, expected: &str| {
        assert_eq!(ask(probe, address), expected);
    };
    let v4 = Some("10.0.0.5");
    check(
        json!({"httpGet": {"port": "web", "path": "/ok"}}),
        v4,
        "http://10.0.0.5:8080/ok",
    );
    check(
        json!({"httpGet": {"port": 1, "scheme": "HTTPS"}}),
        Some("fd00::1"),
        "https://[fd00::1]:1/",
    );
    check(
        json!({"httpGet": {"port": 1, "host": "h", "path": "p"}}),
        None,
        "http://h:1/p",
    );
    check(json!({"tcpSocket": {"port": 5}}), v4, "10.0.0.5:5");
    check(json!({"grpc": {"port": 6}}), v4, "10.0.0.5:6");
    check(json!({"exec": {"command": ["a", "b"]}}), None, "a b");
    check(
        json!({"tcpSocket": {"port": 5}}),
        None,
        "the pod has no address yet",
    );
    check(
        json!({"httpGet": {"port": "admin"}}),
        v4,
        "container \"c\" has no port named \"admin\"",
    );
}
