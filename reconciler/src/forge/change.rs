//! A plan of a branch, as it is kept and shown. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use engine::plan::{Counts, Edit, deletions_first};
use engine::radius::{Demand, Radius};
use engine::rollout::CommitId;

use super::Conflict;

/// Hex digits of a plan's digest that people are shown.
const SHORT: usize = 12;

/// What came of the check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// It could be merged and rolled out.
    Passed,
    /// It would be refused.
    Refused,
    /// That could not be found out.
    Unknown,
}

impl Verdict {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "Passed",
            Self::Refused => "Refused",
            Self::Unknown => "Unknown",
        }
    }
}

/// What merging a branch would do, at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// `cluster` for what the cluster follows, wherever it is.
    pub repository: String,
    /// `try`, or `pull/7`.
    pub branch: String,
    pub revision: CommitId,
    /// What it would be merged into.
    pub base: CommitId,
    /// The number of the pull request; empty for a branch.
    pub pull: String,
    pub planned_at: Timestamp,
    pub verdict: Verdict,
    /// Equal where exactly the same would be done.
    pub digest: String,
    pub report: Report,
}

/// The findings.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Report {
    /// Of the branch's newest commit.
    pub subject: String,
    pub author: String,
    /// Those that would change, by name.
    pub applications: Vec<Touched>,
    /// How many would not.
    pub unchanged: usize,
    /// What all of them together ask for, and whether the nodes have it.
    #[serde(default)]
    pub demand: Demand,
    /// Why it would be refused, for a terminal; empty where it would not.
    pub problems: String,
    /// What is in the way of the merge, where that is why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflict: Option<Conflict>,
    /// Why the forge could not be told; empty where it was, or is none.
    pub untold: String,
}

/// One Application.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Touched {
    pub name: String,
    /// It would be gone.
    pub removed: bool,
    pub counts: Counts,
    pub lines: Vec<String>,
    /// The fields of the changes among the lines; none for plans of before there were any here.
    #[serde(default)]
    pub edits: Vec<Edit>,
    pub radius: Radius,
}

impl Change {
    /// The beginning of the digest.
    pub fn short_digest(&self) -> &str {
        self.digest.get(..SHORT).unwrap_or(&self.digest)
    }

    /// In one sentence, of at most 140 characters.
    pub fn summary(&self) -> String {
        match self.verdict {
            Verdict::Passed => {}
            Verdict::Refused => {
                let first = self.report.problems.lines().next().unwrap_or_default();
                return cut(&format!("would be refused: {first}"), 140);
            }
            Verdict::Unknown => return "the plan could not be made".into(),
        }
        let all = &self.report.applications;
        let sum = |of: fn(&Counts) -> usize| -> usize { all.iter().map(|it| of(&it.counts)).sum() };
        let pods: u64 = all.iter().map(|it| it.radius.pods()).sum();
        let pods = usize::try_from(pods).unwrap_or(usize::MAX);
        let parts = [
            (sum(|it| it.create), "to create"),
            (sum(|it| it.change), "to change"),
            (sum(|it| it.delete), "to delete"),
            (sum(|it| it.asks), "to delete once somebody says so"),
            (pods, "pods to restart"),
        ];
        let parts = parts.iter().filter(|(number, _)| *number > 0);
        let parts: Vec<String> = parts
            .map(|(number, what)| format!("{number} {what}"))
            .collect();
        if parts.is_empty() {
            return "nothing changes in the cluster".into();
        }
        let applications = match all.len() {
            1 => "1 application".to_owned(),
            many => format!("{many} applications"),
        };
        cut(&format!("{applications}: {}", parts.join(", ")), 140)
    }

    /// For terminals, a line each.
    pub fn lines(&self) -> Vec<String> {
        if self.verdict != Verdict::Passed {
            return self
                .report
                .problems
                .lines()
                .map(ToOwned::to_owned)
                .collect();
        }
        let mut lines = Vec::new();
        for it in &self.report.applications {
            lines.push(if it.removed {
                format!("application {} is removed", it.name)
            } else {
                format!("application {}: {}", it.name, it.counts)
            });
            let more = it.lines.iter().cloned().chain(it.radius.lines());
            lines.extend(more.map(|line| format!("  {line}")));
        }
        let mut lines = deletions_first(lines);
        lines.extend(self.report.demand.lines());
        lines.extend(match (lines.is_empty(), self.report.unchanged) {
            (true, _) => Some("nothing changes in the cluster".into()),
            (false, 0) => None,
            (false, 1) => Some("1 more application is unchanged".into()),
            (false, more) => Some(format!("{more} more applications are unchanged")),
        });
        lines
    }
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most - 1).collect();
    short.push('…');
    short
}
