//! Tells a pusher how it goes, until there is a verdict on each Application.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::time::Duration;

use api::kinds::OnFailure;
use engine::rollout::{CommitId, RolloutPhase, SyncStatus};

use super::core::{Core, SET};
use super::read::is_here;
use super::standing::Stand;
use crate::githost::Lines;
use crate::history::{Feed, Push, Rollout, RolloutQuery, Step, StepKind};

/// How long a pusher waits at most.
const PATIENCE: Duration = Duration::from_mins(30);

/// Applications that are told to wait.
const NAMED: usize = 5;

/// What a push is to bring about.
pub(crate) enum Goal {
    /// Everything is as its commit says.
    Everything,
    /// These Applications are at this commit of the repository they read.
    Applications(BTreeMap<String, CommitId>),
}

/// Relays what happens because of `push`, whose steps come from the feed, after this one.
pub(crate) async fn relay(
    core: &Core,
    (push, goal): (&Push, &Goal),
    (mut feed, after): (Feed, i64),
    lines: &Lines,
) {
    let mut ticks = core.standings.ticks();
    let late = core.env.clock.sleep(PATIENCE);
    let (mut something_was_done, mut read) = (false, after);
    let mut through = String::new();
    tokio::pin!(late);
    loop {
        match state(core, push, goal, &mut through) {
            State::Going => {}
            State::Over => break,
            State::TakenOver => {
                lines.say("a newer commit took over").await;
                return;
            }
        }
        tokio::select! {
            step = feed.next() => match step {
                Ok(Some(step)) => {
                    read = step.seq;
                    something_was_done |= tell(push, &step, lines).await;
                }
                Ok(None) => return,
                Err(_) => {
                    lines.say("the history cannot be read; the rollout goes on").await;
                    return;
                }
            },
            changed = ticks.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            () = &mut late => {
                lines.say("it takes long; the rollout goes on, see kedge rollouts").await;
                return;
            }
        }
    }
    // What was recorded before the last verdict is told too, however fast it came.
    let newest = core.history.reader().newest_step().await.unwrap_or(read);
    while read < newest
        && let Ok(Some(step)) = feed.next().await
    {
        read = step.seq;
        something_was_done |= tell(push, &step, lines).await;
    }
    summary(core, push, something_was_done, lines).await;
}

enum State {
    Going,
    Over,
    TakenOver,
}

/// How far the push is. All Applications up to the name `through` are through with it: nobody is
/// asked twice.
fn state(core: &Core, push: &Push, goal: &Goal, through: &mut String) -> State {
    if let Goal::Applications(commits) = goal {
        return reached(core, commits);
    }
    let Some(target) = core.target() else {
        return State::Going;
    };
    let revision = &push.new_revision;
    if target.revision() != revision {
        return if *target.revision() == push.old_revision {
            State::Going
        } else {
            State::TakenOver
        };
    }
    let left = target.applications.range::<str, _>(after(through));
    let mut left = left.map(|(name, found)| (name, &found.application));
    let waiting = left.find(|(name, application)| {
        let is_through = |stand: &Stand| {
            // Who is still busy with an earlier commit, or with another try of what the commit does
            // not change, is not what the pusher waits for.
            stand.seen == *revision && !is_busy(stand, revision)
        };
        let waits = is_here(application) && !core.standings.is(name, is_through);
        if !waits {
            through.clone_from(name);
        }
        waits
    });
    let settled = waiting.is_none();
    let leaving = || {
        let owners = core.inventory.applications().into_iter();
        let mut others = owners.filter(|name| name != SET);
        others.any(|name| core.application(&target, &name).is_none())
    };
    if settled && !leaving() {
        State::Over
    } else {
        State::Going
    }
}

/// Whether each is at its commit, or was asked for something else since.
fn reached(core: &Core, commits: &BTreeMap<String, CommitId>) -> State {
    let mut stands = commits.iter().map(|(name, commit)| {
        let is_there = |it: &Stand| it.standing.revision == *commit && !is_busy(it, commit);
        core.standings.is(name, is_there)
    });
    if stands.all(|settled| settled) {
        State::Over
    } else {
        State::Going
    }
}

/// Whether this commit is being rolled out, and is to be judged by it.
fn is_busy(stand: &Stand, commit: &CommitId) -> bool {
    stand.rolls_out.as_ref() == Some(commit) && !stand.retries
}

fn after(name: &str) -> (Bound<&str>, Bound<&str>) {
    (Bound::Excluded(name), Bound::Unbounded)
}

/// Answers whether the step concerns the pusher.
async fn tell(push: &Push, step: &Step, lines: &Lines) -> bool {
    let ours = step.push.as_ref() == Some(&push.id);
    let removal = matches!(step.kind, StepKind::Removed | StepKind::Pruning) && step.push.is_none();
    let said = match step.kind {
        StepKind::Started
        | StepKind::Applying
        | StepKind::ApplyFailed
        | StepKind::Progress
        | StepKind::Pruning
        | StepKind::Succeeded
        | StepKind::Failed
        | StepKind::Superseded
        | StepKind::Held
        | StepKind::Undone
        | StepKind::Removed => true,
        // While objects come up, their progress says the same.
        StepKind::Waiting => step.data["phase"] == RolloutPhase::Pending.as_str(),
        _ => false,
    };
    let concerns = said && (ours || removal) && !step.application.is_empty();
    if concerns {
        lines
            .say(&format!("{}: {}", step.application, step.text))
            .await;
    }
    concerns
}

async fn summary(core: &Core, push: &Push, something_was_done: bool, lines: &Lines) {
    let query = RolloutQuery {
        push: Some(push.id.clone()),
        limit: u16::MAX,
        ..RolloutQuery::default()
    };
    let Ok(rollouts) = core.history.reader().rollouts(&query).await else {
        return;
    };
    let of = |rollout: &Rollout| (rollout.application.clone(), rollout.phase);
    let ended: Vec<(String, RolloutPhase)> = rollouts.iter().map(of).collect();
    let commit = push.new_revision.short();
    let beside = Beside {
        something_was_done,
        along: going_back(core, &rollouts),
        waiting: waiting(core),
    };
    for line in verdict(commit, &ended, &beside) {
        lines.say(&line).await;
    }
    let again = retrying(core, &push.new_revision);
    if !again.is_empty() {
        let them = if again.len() == 1 { "it" } else { "them" };
        let names = again.join(", ");
        let text =
            format!("failed before and tried again; the commit does not change {them}: {names}");
        lines.say(&text).await;
    }
}

/// The Applications that are not what Git says and are not brought to it by themselves, each with
/// what it waits for.
fn waiting(core: &Core) -> Vec<String> {
    let Some(target) = core.target() else {
        return Vec::new();
    };
    let waits = |name: &String| {
        let standing = core.standings.get(name)?.standing;
        let differs = standing.sync == SyncStatus::OutOfSync;
        let pause = standing.paused.as_ref().filter(|_| differs)?;
        Some(format!("{name}: {}", pause.message))
    };
    target
        .applications
        .keys()
        .filter_map(waits)
        .take(NAMED)
        .collect()
}

/// The Applications that the commit went well for, and that go back all the same.
fn going_back(core: &Core, rollouts: &[Rollout]) -> Vec<String> {
    let Some(target) = core.target() else {
        return Vec::new();
    };
    let goes = |rollout: &&Rollout| {
        let application = core.application(&target, &rollout.application);
        let together = application.is_some_and(|it| it.policy.on_failure == OnFailure::Restore);
        let went_well = rollout.phase == RolloutPhase::Succeeded && rollout.changed == Some(true);
        let fellow = core.holds.fellow(&rollout.application, &rollout.revision);
        let after = fellow.is_some_and(|fellow| fellow.since >= rollout.started_at);
        together && went_well && after && !rollout.previous.0.is_empty()
    };
    let mut names: Vec<String> = rollouts
        .iter()
        .filter(goes)
        .map(|it| it.application.clone())
        .collect();
    names.sort_unstable();
    names
}

fn goes_back(names: &[String]) -> String {
    let verb = match names.len() {
        0 => return String::new(),
        1 => "goes",
        _ => "go",
    };
    format!("; {} {verb} back with it", names.join(", "))
}

/// What is to be said besides how the rollouts ended.
#[derive(Default)]
struct Beside {
    something_was_done: bool,
    /// Applications that go back although nothing is wrong with them.
    along: Vec<String>,
    /// What the others wait for.
    waiting: Vec<String>,
}

/// What became of the commit, by the applications and phases of its rollouts, newest first. Pure.
fn verdict(commit: &str, rollouts: &[(String, RolloutPhase)], beside: &Beside) -> Vec<String> {
    let failed = rollouts
        .iter()
        .filter(|(_, phase)| *phase == RolloutPhase::Failed);
    let failed: BTreeSet<&str> = failed.map(|(name, _)| name.as_str()).collect();
    // What was held and went on is held no more.
    let mut newest: BTreeMap<&str, RolloutPhase> = BTreeMap::new();
    for (name, phase) in rollouts.iter().rev() {
        newest.insert(name, *phase);
    }
    let all = newest.len();
    let held = newest
        .into_iter()
        .filter(|(_, phase)| *phase == RolloutPhase::Held);
    let held: Vec<&str> = held.map(|(name, _)| name).collect();
    let mut lines = Vec::new();
    if !failed.is_empty() {
        let all = count(failed.len());
        let names: Vec<&str> = failed.into_iter().collect();
        let names = names.join(", ");
        let with_it = goes_back(&beside.along);
        lines.push(format!(
            "commit {commit} failed for {all}: {names}{with_it}"
        ));
    } else if held.is_empty() {
        lines.push(match all {
            // Applications that left have no rollout.
            0 if beside.something_was_done => format!("commit {commit} is in the cluster"),
            0 if beside.waiting.is_empty() => format!("commit {commit}: nothing to do"),
            0 => {
                let waiting = beside.waiting.join("; ");
                format!("commit {commit}: nothing is rolled out; {waiting}")
            }
            all => format!("commit {commit} is in the cluster, {} healthy", count(all)),
        });
    }
    lines.extend(held.into_iter().map(|name| {
        format!("commit {commit} is held for {name}; kedge resume {name} lets it go on")
    }));
    lines
}

/// The Applications with which another try runs at this commit.
fn retrying(core: &Core, commit: &CommitId) -> Vec<String> {
    let Some(target) = core.target() else {
        return Vec::new();
    };
    let retries = |stand: &Stand| stand.retries && stand.rolls_out.as_ref() == Some(commit);
    let names = target.applications.keys();
    let again = names.filter(|name| core.standings.is(name, retries));
    again.cloned().collect()
}

fn count(applications: usize) -> String {
    match applications {
        1 => "1 application".into(),
        many => format!("{many} applications"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_that_is_held_is_not_said_to_be_in_the_cluster() {
        let of = |application: &str, phase: RolloutPhase| (application.to_owned(), phase);
        let (good, bad, held) = (
            RolloutPhase::Succeeded,
            RolloutPhase::Failed,
            RolloutPhase::Held,
        );
        let check = |rollouts: &[(String, RolloutPhase)], done: bool, expected: &[&str]| {
            let beside = Beside {
                something_was_done: done,
                ..Beside::default()
            };
            assert_eq!(verdict("abc1234", rollouts, &beside), expected);
        };
        check(&[], false, &["commit abc1234: nothing to do"]);
        check(&[], true, &["commit abc1234 is in the cluster"]);
        let all_well = ["commit abc1234 is in the cluster, 2 applications healthy"];
        check(&[of("web", good), of("api", good)], true, &all_well);
        let is_held = "commit abc1234 is held for web; kedge resume web lets it go on";
        check(&[of("web", held), of("api", good)], true, &[is_held]);
        // What was held and went on is not held any more.
        let went_on = [of("web", good), of("api", good), of("web", held)];
        check(
            &went_on,
            true,
            &["commit abc1234 is in the cluster, 2 applications healthy"],
        );
        let failed = "commit abc1234 failed for 1 application: api";
        check(&[of("web", held), of("api", bad)], true, &[failed, is_held]);
    }

    #[test]
    fn what_goes_back_with_others_and_what_waits_is_told() {
        let beside = Beside {
            along: vec!["api".into(), "db".into()],
            waiting: vec!["shop: suspended by Ann".into()],
            ..Beside::default()
        };
        let of = |application: &str, phase| (application.to_owned(), phase);
        let failed = [
            of("web", RolloutPhase::Failed),
            of("api", RolloutPhase::Succeeded),
        ];
        assert_eq!(
            verdict("abc1234", &failed, &beside),
            ["commit abc1234 failed for 1 application: web; api, db go back with it"]
        );
        assert_eq!(
            verdict("abc1234", &[], &beside),
            ["commit abc1234: nothing is rolled out; shop: suspended by Ann"]
        );
    }
}
