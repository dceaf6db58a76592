//! The page that looks like a dialog: exactly what will be pushed, and what that will do.

use engine::rollout::CommitId;

use super::component::CommitChip;
use crate::service::RollbackPreview;
use crate::source::Commit;

/// What the page shows of a preview.
#[derive(Debug)]
pub(crate) struct View {
    pub restores: Option<CommitChip>,
    pub parent: CommitChip,
    pub subject: String,
    pub body: String,
    /// Short name, subject, author.
    pub undoes: Vec<(String, String, String)>,
    /// Class and text of each line.
    pub plan: Vec<(&'static str, String)>,
    pub conflicts: Vec<String>,
    pub by_hand: String,
}

/// Lines of the plan on the page.
const LINES: usize = 200;

pub(crate) fn view(preview: &RollbackPreview, branch: &str) -> View {
    let (subject, body) = preview
        .message
        .split_once('\n')
        .unwrap_or((&preview.message, ""));
    let lines = preview.plan.iter().take(LINES);
    View {
        restores: some(&preview.restores),
        parent: CommitChip::new(&preview.parent, ""),
        subject: subject.into(),
        body: body.trim_end().into(),
        undoes: preview.undoes.iter().map(undone).collect(),
        plan: lines.map(|line| (class(line), line.clone())).collect(),
        conflicts: preview.conflicts.clone(),
        by_hand: by_hand(&preview.undoes, branch),
    }
}

fn some(id: &CommitId) -> Option<CommitChip> {
    (!id.0.is_empty()).then(|| CommitChip::new(id, ""))
}

fn undone(commit: &Commit) -> (String, String, String) {
    let short = commit.id.short().to_owned();
    (
        short,
        commit.subject().to_owned(),
        commit.author.name.clone(),
    )
}

/// The colour of a line of a plan, by the sign it begins with.
fn class(line: &str) -> &'static str {
    match line.trim_start().chars().next() {
        Some('+') => "ok",
        Some('-' | '−') => "bad",
        Some('~') => "warn",
        _ => "",
    }
}

/// The git command that does the same.
pub(crate) fn by_hand(undoes: &[Commit], branch: &str) -> String {
    let commits: Vec<&str> = undoes.iter().map(|commit| commit.id.short()).collect();
    format!(
        "git revert {} && git push origin {branch}",
        commits.join(" ")
    )
}
