//! The page that looks like a dialog: exactly what will be pushed, and what that will do.

use std::collections::BTreeMap;

use engine::rollout::{CommitId, RolloutPhase};
use jiff::SignedDuration;

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
    /// Files, and whose they are.
    pub conflicts: Vec<(String, String)>,
    pub stays: Vec<(String, String)>,
    /// Files that stay and are not told.
    pub hidden: usize,
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
/// Files of one sort on the page.
const FILES: usize = 50;

/// `newest` are the application's rollouts, newest first.
pub(crate) fn view(preview: &RollbackPreview, branch: &str, newest: &[Rollout]) -> View {
    let (takes, takes_why) =
        waits(&preview.waiting).unwrap_or_else(|| expected(&preview.undoes, newest));
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
        conflicts: owned(preview, &preview.conflicts),
        stays: owned(preview, &preview.stays),
        hidden: preview.stays.len().saturating_sub(FILES),
        by_hand: if !preview.conflicts.is_empty() {
            by_hand_through(&preview.undoes, branch)
        } else if preview.only.is_empty() {
            by_hand(&preview.undoes, &preview.message, branch)
        } else {
            by_hand_alone(preview, branch)
        },
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

/// Files with the Applications that they are of, the first of them.
fn owned(preview: &RollbackPreview, files: &[String]) -> Vec<(String, String)> {
    let of = |file: &String| {
        let Some(names) = preview.owners.get(file) else {
            return "in no application's directory".to_owned();
        };
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        format!("of {}", names.join(", "))
    };
    let first = files.iter().take(FILES);
    first.map(|file| (file.clone(), of(file))).collect()
}

/// What keeps it from beginning; nothing where nothing does.
fn waits(waiting: &BTreeMap<String, String>) -> Option<(String, String)> {
    let why = waiting.iter().map(|(name, why)| format!("{name}: {why}."));
    let why: Vec<String> = why.collect();
    (!why.is_empty()).then(|| ("Not all of it begins by itself".into(), why.join(" ")))
}

/// Rollouts of which the middle one is told.
const COMPARED: usize = 5;

/// Told from what is most like it: what is undone changed the same objects, the other way round; else
/// from earlier rollbacks, else from the rollouts before.
fn expected(undoes: &[Commit], newest: &[Rollout]) -> (String, String) {
    let good: Vec<&Rollout> = newest.iter().filter(|one| has_converged(one)).collect();
    let is_undone = |one: &&Rollout| {
        let parts = one.revision.parts();
        undoes.iter().any(|it| parts.contains(&it.id))
    };
    let undone = || good.iter().copied().filter(is_undone);
    if let Some(longest) = undone().max_by_key(|one| duration(one)) {
        let why = match undone().count() {
            1 => format!("Rollout {}, which it undoes, took as long.", longest.id),
            many => format!(
                "The longest of the {many} rollouts that it undoes took as long: {}.",
                longest.id
            ),
        };
        return (about(duration(longest)), why);
    }
    let (backs, others): (Vec<&Rollout>, Vec<&Rollout>) = good
        .into_iter()
        .partition(|one| !one.rollback_of.is_empty());
    let (alike, what) = if backs.is_empty() {
        (others, "rollout")
    } else {
        (backs, "rollback")
    };
    let times = alike.iter().take(COMPARED).map(|it| duration(it));
    let mut times: Vec<SignedDuration> = times.collect();
    times.sort_unstable();
    let Some(middle) = times.get(times.len() / 2) else {
        let takes = "It is not known how long this takes".to_owned();
        return (takes, "Nothing converged here yet.".into());
    };
    let why = match times.len() {
        1 => format!("The last {what} took as long."),
        many => format!("The last {many} {what}s took as long, taken the one in the middle."),
    };
    (about(*middle), why)
}

fn about(time: SignedDuration) -> String {
    if time < SignedDuration::from_secs(1) {
        return "Less than a second".into();
    }
    format!("About {}", took(time))
}

#[test]
fn nothing_takes_no_time() {
    let told = [0, 999, 1_000].map(|millis| about(SignedDuration::from_millis(millis)));
    assert_eq!(
        told,
        ["Less than a second", "Less than a second", "About 1.0 s"]
    );
}

/// Whether a rollout changed something and went well, so that its time tells something.
fn has_converged(one: &Rollout) -> bool {
    one.phase == RolloutPhase::Succeeded && one.changed != Some(false)
}

fn duration(one: &Rollout) -> SignedDuration {
    let end = one.finished_at.unwrap_or(one.started_at);
    one.started_at.duration_until(end)
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
pub(crate) fn by_hand(undoes: &[Commit], message: &str, branch: &str) -> String {
    let commits: Vec<&str> = undoes.iter().map(|commit| commit.id.short()).collect();
    let commits = commits.join(" ");
    if undoes.len() < 2 {
        return format!("git revert {commits} && git push origin {branch}");
    }
    let commit = commit_of(undoes, message, "");
    format!("git revert --no-commit {commits}\n{commit}\ngit push origin {branch}")
}

/// The same for what is one application's own.
fn by_hand_alone(preview: &RollbackPreview, branch: &str) -> String {
    let paths = preview.only.iter().map(|path| format!(" {}", quoted(path)));
    let paths: String = paths.collect();
    let undo = |commit: &Commit| {
        let id = commit.id.short();
        format!("git diff {id} {id}^ --{paths} | git apply --index\n")
    };
    let undo: String = preview.undoes.iter().map(undo).collect();
    let alone = format!(" for {} alone", preview.application);
    let commit = commit_of(&preview.undoes, &preview.message, &alone);
    format!("{undo}{commit}\ngit push origin {branch}")
}

/// One commit for all of them, which says what it reverts: Kedge knows it by that.
fn commit_of(undoes: &[Commit], message: &str, alone: &str) -> String {
    let subject = quoted(message.lines().next().unwrap_or_default());
    let reverts = undoes.iter().map(|commit| {
        let id = commit.id.short();
        format!(" -m 'This reverts commit {id}{alone}.'")
    });
    format!("git commit -m {subject}{}", reverts.collect::<String>())
}

/// One word for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// The same where Git stops at a conflict: what is after the first line follows once it is solved.
fn by_hand_through(undoes: &[Commit], branch: &str) -> String {
    let commits: Vec<&str> = undoes.iter().map(|commit| commit.id.short()).collect();
    format!(
        "git revert {}\ngit add --update && git revert --continue\ngit push origin {branch}",
        commits.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{now, rollout};
    use super::*;
    use crate::source::Person;

    /// One that took so many seconds.
    fn took_so_long(number: i64, commit: &str, seconds: i64) -> Rollout {
        Rollout {
            id: format!("web-{number}"),
            number,
            revision: CommitId(commit.repeat(40)),
            ..rollout(RolloutPhase::Succeeded, seconds)
        }
    }

    fn undoing(commits: &[&str]) -> Vec<Commit> {
        let commit = |id: &&str| Commit {
            id: CommitId(id.repeat(40)),
            parents: Vec::new(),
            author: Person::new("Ann", ""),
            authored_at: now(),
            committed_at: now(),
            message: String::new(),
        };
        commits.iter().map(commit).collect()
    }

    #[test]
    fn by_hand_it_is_one_commit_too() {
        let message = "Roll back to ccccccc (2 commits)\n\nWhy.\n";
        assert_eq!(
            by_hand(&undoing(&["a"]), message, "main"),
            "git revert aaaaaaa && git push origin main"
        );
        assert_eq!(
            by_hand(&undoing(&["b", "a"]), message, "main"),
            "git revert --no-commit bbbbbbb aaaaaaa\n\
             git commit -m 'Roll back to ccccccc (2 commits)' -m 'This reverts commit bbbbbbb.' \
             -m 'This reverts commit aaaaaaa.'\ngit push origin main"
        );
    }

    #[test]
    fn how_long_it_takes_is_told_from_what_is_most_like_it() {
        let check = |undoes: &[&str], newest: &[Rollout], takes: &str, why: &str| {
            let told = expected(&undoing(undoes), newest);
            assert_eq!((told.0.as_str(), told.1.as_str()), (takes, why));
        };
        let back = |number, seconds| Rollout {
            rollback_of: "web-1".into(),
            ..took_so_long(number, "9", seconds)
        };
        let mut all = vec![
            back(5, 2),
            took_so_long(4, "c", 90),
            took_so_long(3, "b", 20),
        ];
        // Not the last rollback, which was of something else.
        let longest = "Rollout web-4, which it undoes, took as long.";
        check(&["c"], &all, "About 1 m 30 s", longest);
        let both = "The longest of the 2 rollouts that it undoes took as long: web-4.";
        check(&["c", "b"], &all, "About 1 m 30 s", both);
        // What failed tells nothing: rollbacks do, and not one of them alone.
        check(
            &["d"],
            &all,
            "About 2.0 s",
            "The last rollback took as long.",
        );
        all.extend([back(2, 8), back(1, 300)]);
        let middle = "The last 3 rollbacks took as long, taken the one in the middle.";
        check(&["d"], &all, "About 8.0 s", middle);
        let others = [took_so_long(4, "c", 7)];
        check(
            &["d"],
            &others,
            "About 7.0 s",
            "The last rollout took as long.",
        );
        let none = "It is not known how long this takes";
        check(&["d"], &[], none, "Nothing converged here yet.");
    }

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
