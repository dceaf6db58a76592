//! Figures of use.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

/// Processor and memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Amount {
    /// Billionths of a core.
    pub cpu_nanos: i64,
    pub memory_bytes: i64,
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        self.cpu_nanos = self.cpu_nanos.saturating_add(other.cpu_nanos);
        self.memory_bytes = self.memory_bytes.saturating_add(other.memory_bytes);
    }
}

/// What was used at a moment; in a day, on average from `at` until the next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Point {
    pub at: Timestamp,
    #[serde(flatten)]
    pub amount: Amount,
}

/// Whether the cluster can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Source {
    /// It was not asked yet.
    #[default]
    Unasked,
    /// Nothing there measures.
    Absent,
    /// It measures, and did not answer the last time: for a while, the figures are the last ones.
    Silent,
    Answers,
}

/// What is known at one moment. What is not measured is in none of these.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Used {
    pub source: Source,
    /// When the figures were asked for.
    pub at: Option<Timestamp>,
    pub nodes: BTreeMap<String, Amount>,
    /// The containers of each pod, by namespace and name.
    pub pods: BTreeMap<(String, String), BTreeMap<String, Amount>>,
    pub applications: BTreeMap<String, Amount>,
    /// What the processors of an application's pods are limited to, in billionths of a core; of
    /// one with a container that has no limit, nothing.
    pub limits: BTreeMap<String, i64>,
    /// The last day of each application, in steps.
    pub days: BTreeMap<String, Arc<Vec<Point>>>,
}

impl Used {
    /// A pod's containers together.
    pub fn pod(&self, namespace: &str, name: &str) -> Option<Amount> {
        let containers = self.containers(namespace, name)?;
        Some(total(containers.values()))
    }

    /// A figure of this moment with the moment.
    pub fn dated(&self, amount: Option<Amount>) -> Option<Point> {
        let (at, amount) = (self.at?, amount?);
        Some(Point { at, amount })
    }

    /// When the figures are from, where the cluster did not answer since.
    pub fn stale(&self) -> Option<Timestamp> {
        self.at.filter(|_| self.source == Source::Silent)
    }

    pub fn containers(&self, namespace: &str, name: &str) -> Option<&BTreeMap<String, Amount>> {
        self.pods.get(&(namespace.to_owned(), name.to_owned()))
    }
}

pub(super) fn total<'a>(amounts: impl Iterator<Item = &'a Amount>) -> Amount {
    let mut total = Amount::default();
    for amount in amounts {
        total += *amount;
    }
    total
}
