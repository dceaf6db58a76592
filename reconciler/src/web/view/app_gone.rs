//! What there is to say of an application that was removed. Pure.

use askama::Template;
use jiff::{SignedDuration, Timestamp};

use engine::rollout::CommitId;

use super::commit::chip;
use super::component::{CommitChip, Icon, State, encoded};
use super::graph::app_href;
use super::time::{When, seconds};
use crate::history::{Rollout, Step, StepKind};
use crate::service::CommitView;

/// That it is no more, and how it was last.
#[derive(Debug, Template)]
#[template(path = "app/gone_card.html")]
pub(crate) struct Gone {
    pub name: String,
    pub when: When,
    /// Who, and for which commit of which subject.
    pub by: String,
    pub commit: Option<(&'static str, CommitChip)>,
    pub subject: String,
    pub last: Option<Last>,
    pub history: String,
    /// The address of its page as it was before.
    pub before: String,
}

/// The newest rollout.
#[derive(Debug)]
pub(crate) struct Last {
    pub name: String,
    pub href: String,
    pub state: State,
    pub commit: CommitChip,
    pub subject: String,
    pub author: String,
    pub when: When,
}

/// Why it went.
#[derive(Debug)]
pub(crate) struct Why<'a> {
    pub commit: Option<&'a CommitId>,
    /// What Git says of the commit.
    pub known: Option<&'a CommitView>,
    /// Who deleted it by hand.
    pub by: &'a str,
    /// Whether the commit is why, and not only where Git was then.
    pub is_for_commit: bool,
}

/// When the newest steps, newest first, began to take it away.
pub(crate) fn began(steps: &[Step]) -> Option<Timestamp> {
    let of_its_life = |step: &&Step| !matches!(step.kind, StepKind::Started | StepKind::Succeeded);
    let of_its_end = |step: &&Step| {
        let kinds = matches!(
            step.kind,
            StepKind::Pruning | StepKind::Forgotten | StepKind::Removed
        );
        kinds && step.rollout.is_none()
    };
    let newest = steps.iter().take_while(of_its_life);
    newest.filter(of_its_end).map(|step| step.at).min()
}

pub(crate) fn gone(
    name: &str,
    (at, began): (Timestamp, Timestamp),
    why: &Why<'_>,
    last: Option<&Rollout>,
    now: Timestamp,
) -> Gone {
    let how = if why.is_for_commit {
        "by commit"
    } else {
        "Git was then at"
    };
    let author = why.known.map(|it| it.commit.author.name.clone());
    let before = began - SignedDuration::from_secs(1);
    Gone {
        name: name.to_owned(),
        when: When::ago(at, now),
        by: match why.by {
            "" if why.is_for_commit => author.unwrap_or_default(),
            by => by.to_owned(),
        },
        commit: why.commit.map(|id| (how, chip(id))),
        subject: why
            .known
            .map(|it| it.commit.subject().to_owned())
            .unwrap_or_default(),
        last: last.map(|last| Last {
            name: format!("Rollout {}", last.number),
            href: format!("/rollouts/{}", encoded(&last.id)),
            state: State::rollout(last),
            commit: chip(&last.revision),
            subject: last.subject().to_owned(),
            author: last.author.name.clone(),
            when: When::ago(last.finished_at.unwrap_or(last.started_at), now),
        }),
        history: format!("{}/history", app_href(name)),
        before: format!("{}?at={}", app_href(name), encoded(&before.to_string())),
    }
}

/// The same in one sentence, for a terminal: `commit` is what it went for, `by` whose that is, or who
/// deleted it by hand.
pub(crate) fn told(
    name: &str,
    at: Timestamp,
    (commit, by): (Option<&CommitId>, &str),
    last: Option<&Rollout>,
) -> String {
    let short = commit.map(CommitId::short);
    let by = match (short, by) {
        (None, "") => String::new(),
        (None, by) => format!(" by {by}"),
        (Some(short), "") => format!(" by commit {short}"),
        (Some(short), by) => format!(" by commit {short} of {by}"),
    };
    let told = [
        Some(format!(
            "application {name} is gone: removed at {}{by}",
            seconds(at)
        )),
        last.map(|last| format!("its last rollout was {}, {}", last.id, last.phase.as_str())),
        short.map(|short| format!("git revert {short} brings it back")),
    ];
    let told: Vec<String> = told.into_iter().flatten().collect();
    told.join("; ")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{now, rollout};
    use super::*;

    #[test]
    fn a_terminal_is_told_when_whose_and_what_brings_it_back() {
        let commit = CommitId("7f3c2ab41d0c99".into());
        let last = rollout(engine::rollout::RolloutPhase::Succeeded, 60);
        let check =
            |commit: Option<&CommitId>, by: &str, last: Option<&Rollout>, expected: &str| {
                let told = told("shop", now(), (commit, by), last);
                let begin = format!("application shop is gone: removed at {}", seconds(now()));
                assert_eq!(told.strip_prefix(&begin), Some(expected));
            };
        check(None, "", None, "");
        check(None, "Ann", None, " by Ann");
        let all = " by commit 7f3c2ab of Ann; its last rollout was web-1, Succeeded; \
                   git revert 7f3c2ab brings it back";
        check(Some(&commit), "Ann", Some(&last), all);
    }

    #[test]
    fn its_end_begins_with_the_first_thing_that_is_taken_away() {
        let step = |ago: i64, kind: StepKind, rollout: Option<&str>| Step {
            seq: -ago,
            at: now() - SignedDuration::from_secs(ago),
            application: "web".into(),
            rollout: rollout.map(Into::into),
            push: None,
            kind,
            text: String::new(),
            data: serde_json::Value::Null,
        };
        let steps = [
            step(1, StepKind::Removed, None),
            step(2, StepKind::DriftGone, None),
            step(9, StepKind::Pruning, None),
            step(10, StepKind::Superseded, Some("web-2")),
            step(11, StepKind::Pruning, Some("web-2")),
            step(12, StepKind::Started, Some("web-2")),
            // Of a life before.
            step(99, StepKind::Removed, None),
        ];
        assert_eq!(began(&steps), Some(steps[2].at));
        assert_eq!(began(&steps[5..]), None);
    }
}
