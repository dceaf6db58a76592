//! Commits, events, logs, settings and single nodes for programs.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use api::Object;
use engine::rollout::CommitId;

use super::{Amounts, Field};
use crate::history::{Push, Rollout, Step};
use crate::source::Commit;
use crate::usage::Point;
use crate::web::view::logs::LogLine;

/// What one application's pods on a node asked for.
#[derive(Debug, Serialize)]
pub struct Held {
    /// Empty for pods of none.
    pub application: String,
    pub requested: Amounts,
}

/// One commit and what it did.
#[derive(Debug, Serialize)]
pub struct CommitPage {
    pub id: CommitId,
    /// Absent where the repository does not have it, or does not answer.
    pub commit: Option<Commit>,
    /// For people: `none`, `by Ann, with a trusted key`.
    pub signature: Option<String>,
    /// The newest push of it.
    pub push: Option<Push>,
    /// Newest first.
    pub rollouts: Vec<Rollout>,
}

/// An application that was removed. The answer's status is 410.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GoneApplication {
    /// As every failure has it.
    pub error: FailureText,
    pub application: String,
    pub removed_at: Timestamp,
    /// The author of the commit, or who deleted it by hand; empty where that is not known.
    pub by: String,
    /// The commit that does not have it any more; empty where it went for none.
    pub commit: CommitId,
    /// Its newest rollout; absent where there was none.
    pub last: Option<Rollout>,
}

/// Why something is not answered.
#[derive(Debug, Serialize)]
pub struct FailureText {
    pub status: u16,
    pub message: String,
}

/// What was reported.
#[derive(Debug, Serialize)]
pub struct Events {
    /// As the API server has them.
    pub items: Vec<Value>,
    /// What the reconciler did about one application, newest first.
    pub steps: Vec<Step>,
    /// The address of those that are older; empty where there are none.
    pub next: String,
}

/// Lines of several containers, by time.
#[derive(Debug, Serialize)]
pub struct Logs {
    pub(crate) items: Vec<LogLine>,
    /// Lines that were found too, and are older than those.
    pub omitted: usize,
    /// What could not be read.
    pub errors: Vec<String>,
}

/// Lines of one container's run.
#[derive(Debug, Serialize)]
pub struct PodLogs {
    /// Whose they are: that which is asked for, or the one that tells most.
    pub container: String,
    /// `now` or `previous`.
    pub run: &'static str,
    #[serde(flatten)]
    pub lines: Logs,
}

/// A pod, and what it printed.
#[derive(Debug, Serialize)]
pub struct PodPage {
    #[serde(flatten)]
    pub about: super::Pod,
    pub logs: PodLogs,
}

/// How an application is set up.
#[derive(Debug, Serialize)]
pub struct Settings {
    pub application: String,
    /// The commit that says so; empty where none does.
    pub commit: String,
    pub spec: Value,
    pub fields: Vec<Field>,
}

/// One node.
#[derive(Debug, Serialize)]
pub struct NodePage {
    pub name: String,
    /// Since when it is not ready, and what becomes of its pods; absent where it is.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub trouble: String,
    /// Absent where it is not measured.
    pub used: Option<Point>,
    /// What the machine has.
    pub capacity: Amounts,
    /// What of it pods may have.
    pub allocatable: Amounts,
    /// What its pods asked for, those that are over apart.
    pub requested: Amounts,
    pub pods: Vec<Place>,
    /// As the API has it.
    pub node: Value,
    /// Absent where the API does not answer.
    pub events: Option<Vec<Value>>,
}

/// An object by namespace and name.
#[derive(Debug, Serialize)]
pub struct Place {
    pub namespace: String,
    pub name: String,
}

impl Place {
    pub(in crate::web) fn of(object: &Object) -> Self {
        Self {
            namespace: object.namespace().into(),
            name: object.name().into(),
        }
    }
}
