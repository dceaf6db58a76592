//! What a sync would do, to say yes to exactly that.

use engine::plan::counts;
use engine::rollout::short;

use super::commit::chip;
use super::component::CommitChip;
use super::planned;
use crate::service::PlanView;

/// What the page shows of a plan.
#[derive(Debug)]
pub(crate) struct View {
    pub commit: CommitChip,
    pub subject: String,
    pub counts: String,
    /// Whether it is all there already.
    pub nothing: bool,
    /// Class and text of each line.
    pub lines: Vec<(&'static str, String)>,
    /// Lines that are left out.
    pub hidden: usize,
    /// How many objects left Git and stay until somebody says that they go.
    pub asks: usize,
    /// Why it did not happen by itself; empty where nothing waits.
    pub waits: String,
    /// The name of the plan.
    pub digest: String,
    /// As people write it.
    pub short: String,
    pub by_hand: String,
}

/// Lines of the plan on the page.
const LINES: usize = 200;

pub(crate) fn view(plan: &PlanView, prune: bool, waits: String) -> View {
    let (digest, asks) = (plan.plan.digest(), plan.plan.asking().count());
    let short = short(&digest).to_owned();
    let flag = if prune { " --prune" } else { "" };
    View {
        commit: chip(&plan.commit.id),
        subject: plan.commit.subject().to_owned(),
        counts: counts(&plan.plan).to_string(),
        nothing: plan.plan.is_empty(),
        lines: planned::lines(&plan.lines, LINES),
        hidden: plan.lines.len().saturating_sub(LINES),
        asks,
        waits,
        by_hand: format!("kedge sync {}{flag} --plan {short}", plan.application),
        digest,
        short,
    }
}
