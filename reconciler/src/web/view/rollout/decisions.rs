//! What was done and seen.

use askama::Template;

use crate::history::{RolloutDetail, Step, StepKind};
use crate::web::view::component::encoded;
use crate::web::view::time::When;

/// Decisions on the page.
const DECISIONS: usize = 200;

/// What was done and seen, newest first: time, text, whether it is bad.
#[derive(Debug, Template)]
#[template(path = "rollout/decisions.html")]
pub(crate) struct Decisions {
    pub told: Vec<(When, String, bool)>,
    /// How many are older than those.
    pub hidden: usize,
    /// All of them for programs.
    pub lines: String,
}

pub(crate) fn decisions(detail: &RolloutDetail) -> Decisions {
    let is_bad = |step: &Step| {
        matches!(
            step.kind,
            StepKind::Failed | StepKind::ApplyFailed | StepKind::Refused
        )
    };
    // What an object waits for is what the rollout waits for: the same words twice in a row.
    let mut told: Vec<&Step> = Vec::new();
    for step in &detail.steps {
        match told.last_mut() {
            Some(last) if last.text == step.text => {
                if is_bad(step) {
                    *last = step;
                }
            }
            _ => told.push(step),
        }
    }
    let hidden = told.len().saturating_sub(DECISIONS);
    let newest = told.into_iter().rev().take(DECISIONS);
    Decisions {
        told: newest
            .map(|step| (When::clock(step.at), step.text.clone(), is_bad(step)))
            .collect(),
        hidden,
        lines: format!("/rollouts/{}/decisions.jsonl", encoded(&detail.rollout.id)),
    }
}
