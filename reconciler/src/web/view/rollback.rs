//! The page that looks like a dialog: exactly what will be pushed, and what that will do.

use engine::rollout::{CommitId, RolloutPhase};

use super::commit::chip;
use super::component::{CommitChip, encoded};
use super::graph::app_href;
use super::planned;
use super::time::took;
use super::truth::sentence;
use crate::githost::revert::Size;
use crate::history::Rollout;
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
    /// How long it is likely to take, and how that is known.
    pub takes: String,
    pub takes_why: String,
    /// `2 files, 3 lines more and 11 lines less`; empty where that is not known.
    pub size: String,
    /// What the commit differs in from what is live; empty where that has no page.
    pub diff: String,
    /// What starts again, stops, or is reached otherwise.
    pub reach: Vec<String>,
    /// Whether it deletes or runs what a revert does not bring back.
    pub loses: bool,
}

/// Lines of the plan on the page.
const LINES: usize = 200;

/// `newest` are the application's rollouts, newest first.
pub(crate) fn view(preview: &RollbackPreview, branch: &str, newest: &[Rollout]) -> View {
    let (takes, takes_why) = expected(newest);
    let (subject, body) = preview
        .message
        .split_once('\n')
        .unwrap_or((&preview.message, ""));
    View {
        restores: some(&preview.restores),
        parent: chip(&preview.parent),
        subject: subject.into(),
        body: body.trim_end().into(),
        undoes: preview.undoes.iter().map(undone).collect(),
        plan: planned::lines(&preview.plan, LINES),
        conflicts: preview.conflicts.clone(),
        by_hand: by_hand(&preview.undoes, branch),
        takes,
        takes_why,
        size: size(preview.size),
        diff: if preview.application.is_empty() || preview.commit.0.is_empty() {
            String::new()
        } else {
            let to = encoded(&preview.commit.0);
            format!("{}/diff?to={to}", app_href(&preview.application))
        },
        reach: preview.reach.iter().map(|line| sentence(line)).collect(),
        loses: planned::sentences(&preview.plan).any(|line| is_for_good(line)),
    }
}

/// Told from the last rollback that went well, else from the last rollout.
fn expected(newest: &[Rollout]) -> (String, String) {
    let good = || {
        newest
            .iter()
            .filter(|one| one.phase == RolloutPhase::Succeeded && one.changed != Some(false))
    };
    let back = good().find(|one| !one.rollback_of.is_empty());
    let Some((one, what)) = back
        .map(|one| (one, "rollback"))
        .or_else(|| good().next().map(|one| (one, "rollout")))
    else {
        let takes = "It is not known how long this takes".to_owned();
        return (takes, "Nothing converged here yet.".into());
    };
    let end = one.finished_at.unwrap_or(one.started_at);
    let passed = took(one.started_at.duration_until(end));
    let why = format!("The last {what} of {} took as long.", one.application);
    (format!("About {passed}"), why)
}

fn size(size: Size) -> String {
    let of = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    match size.files {
        0 => String::new(),
        files => format!(
            "{}: {} more, {} less",
            of(files, "file"),
            of(size.added, "line"),
            size.removed
        ),
    }
}

/// Volumes that go, and jobs and other hooks, whose work stays.
fn is_for_good(line: &str) -> bool {
    let mut words = line.split_whitespace().skip(1);
    let (verb, kind) = (words.next(), words.next());
    match (verb, kind) {
        (Some("delete"), Some(kind)) => {
            let holds = kind == "Namespace" || kind == "CustomResourceDefinition";
            holds || kind.starts_with("PersistentVolume")
        }
        // A hook, unless it is run for a failure alone.
        (Some("run"), Some(_)) => !line.ends_with("(on failure)"),
        (Some("create" | "change"), Some(kind)) => kind == "Job",
        _ => false,
    }
}

fn some(id: &CommitId) -> Option<CommitChip> {
    (!id.0.is_empty()).then(|| chip(id))
}

fn undone(commit: &Commit) -> (String, String, String) {
    let short = commit.id.short().to_owned();
    (
        short,
        commit.subject().to_owned(),
        commit.author.name.clone(),
    )
}

/// The git command that does the same.
pub(crate) fn by_hand(undoes: &[Commit], branch: &str) -> String {
    let commits: Vec<&str> = undoes.iter().map(|commit| commit.id.short()).collect();
    format!(
        "git revert {} && git push origin {branch}",
        commits.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_come_back_is_known() {
        let check = |line: &str, expected: bool| assert_eq!(is_for_good(line), expected, "{line}");
        check("  - delete  PersistentVolumeClaim movies/model", true);
        check("  - delete  Namespace movies", true);
        check("  + create  Job movies/migrate-42", true);
        check("> run     Job movies/migrate (before)", true);
        check("  > run     Pod movies/smoke (after)", true);
        check("> run     Job movies/alarm (on failure)", false);
        check("  - delete  ConfigMap movies/flags", false);
        check("  ~ change  Deployment movies/web", false);
        check("      spec.replicas: 3 -> 1", false);
        check("", false);
    }
}
