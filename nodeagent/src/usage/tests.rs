//! Rates of two readings, and what is told of them.

use std::time::Duration;

use api::Uid;
use serde_json::json;

use super::reading::{Before, Measured, NodeUsage, Reading, rate};
use super::{Whole, summary};
use crate::pods::testing::at;
use crate::runtime::{ContainerId, CpuTime, Memory, Usage};

fn cpu(seconds: u64, nanoseconds: u64) -> CpuTime {
    CpuTime {
        at: at(seconds),
        nanoseconds,
    }
}

fn memory(seconds: u64, working_set: u64) -> Memory {
    Memory {
        at: at(seconds),
        working_set,
        usage: None,
    }
}

fn usage(id: &str, cpu: Option<CpuTime>) -> Usage {
    Usage {
        container: ContainerId(id.into()),
        pod: Uid("u1".into()),
        namespace: "default".into(),
        pod_name: "web".into(),
        name: "c".into(),
        cpu,
        memory: Some(memory(10, 4096)),
    }
}

fn reading(seconds: u64, containers: Vec<Usage>) -> Reading {
    Reading {
        at: at(seconds),
        node: None,
        containers,
    }
}

#[test]
fn a_rate_is_work_over_time() {
    let check = |before: CpuTime, now: CpuTime, expected: Option<u64>| {
        let rate = rate(before, now);
        assert_eq!(rate.map(|rate| rate.nanocores), expected);
    };
    // A quarter of a core for ten seconds.
    let quarter = 2_500_000_000;
    check(cpu(0, 7), cpu(10, 7 + quarter), Some(250_000_000));
    check(cpu(0, 7), cpu(10, 7), Some(0));
    // Counted anew, no time between, or clocks that were set back: nothing is known.
    check(cpu(0, quarter), cpu(10, 7), None);
    check(cpu(10, 0), cpu(10, 7), None);
    check(cpu(10, 0), cpu(9, 7), None);
}

#[test]
fn what_began_since_the_last_reading_needs_two() {
    let mut before = Before::default();
    let first = reading(10, vec![usage("a", Some(cpu(10, 0)))]);
    assert!(before.lacks(&first));
    before.complete(&first);
    assert!(!before.lacks(&first));
    let second = reading(20, vec![usage("a", None), usage("b", Some(cpu(20, 0)))]);
    assert!(before.lacks(&second));
    before.complete(&second);
    // What was known stays: a longer time says more than a shorter one.
    let third = Measured {
        before,
        now: reading(30, vec![usage("a", Some(cpu(30, 20_000_000_000)))]),
    };
    let rate = third.rate(&third.now.containers[0]).unwrap();
    assert_eq!(
        (rate.nanocores, rate.window),
        (1_000_000_000, Duration::from_secs(20))
    );
}

#[test]
fn an_old_reading_says_nothing_of_now() {
    let measured = || Measured {
        before: Before::default(),
        now: reading(100, vec![usage("a", Some(cpu(100, 0)))]),
    };
    let check = |seconds: u64, fresh: bool, known: bool| {
        assert_eq!(measured().is_fresh(at(seconds)), fresh, "{seconds}");
        let lacks = measured().next(at(seconds)).lacks(&measured().now);
        assert_eq!(!lacks, known, "{seconds}");
    };
    check(102, true, true);
    check(160, false, true);
    check(400, false, false);
    check(99, false, false);
}

#[test]
fn what_is_not_known_is_not_told() {
    let mut before = Before::default();
    let node = |seconds, nanoseconds| NodeUsage {
        cpu: cpu(seconds, nanoseconds),
        memory: memory(seconds, 500),
        available: 600,
    };
    let mut first = reading(10, vec![usage("a", Some(cpu(10, 0)))]);
    first.node = Some(node(10, 0));
    before.complete(&first);
    let mut now = reading(
        12,
        vec![
            usage("a", Some(cpu(12, 1_000_000_000))),
            usage("new", Some(cpu(12, 5))),
        ],
    );
    now.node = Some(node(12, 4_000_000_000));
    let measured = Measured { before, now };
    let told = summary("n1", Whole::Machine, &measured);
    assert_eq!(told["node"]["nodeName"], "n1");
    assert_eq!(told["node"]["cpu"]["usageNanoCores"], 2_000_000_000);
    assert_eq!(told["node"]["memory"]["availableBytes"], 600);
    assert_eq!(
        told["pods"][0]["podRef"],
        json!({"name": "web", "namespace": "default", "uid": "u1"})
    );
    let containers = &told["pods"][0]["containers"];
    assert_eq!(containers[0]["cpu"]["usageNanoCores"], 500_000_000);
    assert_eq!(containers[0]["cpu"]["window"], "2.000s");
    assert_eq!(containers[0]["memory"]["workingSetBytes"], 4096);
    assert!(containers[0]["memory"].get("usageBytes").is_none());
    assert!(containers[1]["cpu"].get("usageNanoCores").is_none());
    assert_eq!(containers[1]["cpu"]["usageCoreNanoSeconds"], 5);
    // Of a machine with several nodes, each one has what its containers use.
    let told = summary("n1", Whole::Containers, &measured);
    assert_eq!(told["node"]["cpu"]["usageNanoCores"], 500_000_000);
    assert_eq!(told["node"]["cpu"]["window"], "2.000s");
    assert_eq!(told["node"]["memory"]["workingSetBytes"], 2 * 4096);
    let empty = Measured {
        before: Before::default(),
        now: reading(12, Vec::new()),
    };
    let told = summary("n1", Whole::Containers, &empty);
    assert_eq!(told["node"]["cpu"]["usageNanoCores"], 0);
    assert_eq!(told["node"]["cpu"]["window"], "1.000s");
}
