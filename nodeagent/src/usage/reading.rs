//! Two readings make a rate. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::runtime::{ContainerId, CpuTime, Memory, Usage};

/// A reading this young is answered again; two of them are far enough apart for a rate.
const FRESH: Duration = Duration::from_secs(5);
/// What a rate is over, at most: it is to say what is used now.
const LONGEST: Duration = Duration::from_secs(120);

/// What the machine itself uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeUsage {
    pub cpu: CpuTime,
    pub memory: Memory,
    /// Bytes that programs could still have.
    pub available: u64,
}

/// Everything at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    pub at: Timestamp,
    pub node: Option<NodeUsage>,
    pub containers: Vec<Usage>,
}

/// What a rate begins at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Before {
    node: Option<CpuTime>,
    containers: BTreeMap<ContainerId, CpuTime>,
}

/// The newest reading, and what its rates begin at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Measured {
    pub before: Before,
    pub now: Reading,
}

/// How fast processors worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    /// Billionths of a core.
    pub nanocores: u64,
    pub window: Duration,
}

impl Measured {
    pub(crate) fn is_fresh(&self, now: Timestamp) -> bool {
        age(self.now.at, now).is_some_and(|age| age < FRESH)
    }

    /// What the rates of the next reading begin at; nothing where this one is too old.
    pub(crate) fn next(self, now: Timestamp) -> Before {
        let is_recent = age(self.now.at, now).is_some_and(|age| age <= LONGEST);
        let mut before = Before::default();
        if is_recent {
            before.complete(&self.now);
        }
        before
    }

    pub(crate) fn node_rate(&self) -> Option<Rate> {
        rate(self.before.node?, self.now.node?.cpu)
    }

    pub(crate) fn rate(&self, usage: &Usage) -> Option<Rate> {
        rate(*self.before.containers.get(&usage.container)?, usage.cpu?)
    }
}

impl Before {
    /// Whether something that was read has nothing to begin at.
    pub(crate) fn lacks(&self, reading: &Reading) -> bool {
        let mut containers = reading.containers.iter();
        let unknown = |it: &Usage| it.cpu.is_some() && !self.containers.contains_key(&it.container);
        (reading.node.is_some() && self.node.is_none()) || containers.any(unknown)
    }

    /// Adds what is not known yet.
    pub(crate) fn complete(&mut self, reading: &Reading) {
        self.node = self.node.or(reading.node.map(|node| node.cpu));
        for usage in &reading.containers {
            if let Some(cpu) = usage.cpu {
                let container = usage.container.clone();
                self.containers.entry(container).or_insert(cpu);
            }
        }
    }
}

/// `None` where no time passed, or where counting began anew in between.
pub(crate) fn rate(before: CpuTime, now: CpuTime) -> Option<Rate> {
    let window = age(before.at, now.at).filter(|window| !window.is_zero())?;
    let used = u128::from(now.nanoseconds.checked_sub(before.nanoseconds)?);
    let nanocores = used * 1_000_000_000 / window.as_nanos();
    Some(Rate {
        nanocores: u64::try_from(nanocores).ok()?,
        window,
    })
}

fn age(then: Timestamp, now: Timestamp) -> Option<Duration> {
    Duration::try_from(now.duration_since(then)).ok()
}
