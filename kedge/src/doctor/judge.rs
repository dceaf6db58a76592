//! From what was seen to findings. Pure.

use serde::Serialize;

use super::facts::Facts;
use super::{containers, instance, machine, repositories};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    Ok,
    /// Could not be found out.
    Unknown,
    /// It works, and may soon not.
    Warning,
    /// It does not work, or will not.
    Broken,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// One word: `cgroups`.
    pub(crate) check: &'static str,
    pub(crate) level: Level,
    /// What is so, in one clause.
    pub(crate) what: String,
    /// Where: a path, an address, a setting.
    #[serde(rename = "where")]
    pub(crate) place: String,
    /// What to do; empty where nothing is to be done.
    pub(crate) advice: String,
}

impl Finding {
    pub(super) fn ok(check: &'static str, place: &str, what: impl Into<String>) -> Self {
        Self::new(check, Level::Ok, place, what)
    }

    pub(super) fn new(
        check: &'static str,
        level: Level,
        place: &str,
        what: impl Into<String>,
    ) -> Self {
        Self {
            check,
            level,
            what: what.into(),
            place: place.to_owned(),
            advice: String::new(),
        }
    }

    pub(super) fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }
}

/// Everything, in the order in which it was looked at.
pub(crate) fn judge(facts: &Facts) -> Vec<Finding> {
    let mut findings = machine::rights(facts);
    findings.extend(machine::programs(facts));
    findings.extend(machine::cgroups(facts));
    findings.extend(machine::settings(facts));
    findings.extend(machine::nftables(facts));
    findings.extend(containers::file_systems(facts));
    findings.extend(containers::plugins(facts));
    findings.extend(machine::clock(facts));
    findings.extend(machine::disks(facts));
    findings.extend(instance::ports(facts));
    findings.extend(instance::node_ports(facts));
    findings.extend(instance::endpoints(facts));
    findings.extend(repositories::followed(facts));
    findings.extend(containers::ranges(facts));
    findings.extend(containers::containerd(facts));
    findings.extend(instance::certificates(facts));
    findings.extend(instance::files(facts));
    findings
}
