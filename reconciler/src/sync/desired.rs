//! Which commit an Application is to be brought to.

use std::sync::Arc;

use engine::Application;
use engine::rollout::{self, CommitId, Desired, RolloutPhase};

use super::across::{commits, here};
use super::asked;
use super::core::{Core, unread};
use super::retry::is_retry;
use super::same::brought;
use super::target::Target;
use crate::history::{Request, Rollout, Trigger};
use crate::service::Trouble;
use crate::source::Commit;

/// The newest commit that concerns the Application, signed as it asks for; those of all its
/// sources, where it has several.
pub(super) async fn compared(
    core: &Core,
    target: &Target,
    application: &Application,
) -> Result<Result<CommitId, Trouble>, client::Error> {
    for source in application.sources() {
        core.follow(source);
    }
    let found = match commits(core, application, here(target)).await? {
        Ok(found) => found,
        Err(trouble) => return Ok(Err(trouble)),
    };
    let asked = core.signatures.of(core, application, &found);
    Ok(asked.await?.map(|_signers| found))
}

/// Which commit is wanted, and whether somebody asked for it. A commit that asks for what the
/// last one asked for is that one, unless that is not to go on: it is held although it went well,
/// or waits for others.
fn wanted(
    compared: &CommitId,
    digest: &str,
    last: Option<(&Rollout, bool)>,
    requested: bool,
) -> (CommitId, bool) {
    let Some((last, is_over)) = last else {
        return (compared.clone(), requested);
    };
    if last.revision == *compared {
        // The Application itself was changed: other objects of the same commit.
        let other = !digest.is_empty() && last.digest != digest;
        return (
            compared.clone(),
            requested || (other && last.phase.is_final()),
        );
    }
    let carries_on = !is_over
        && matches!(
            last.phase,
            RolloutPhase::Pending
                | RolloutPhase::Applying
                | RolloutPhase::Verifying
                | RolloutPhase::Succeeded
        );
    if !requested && carries_on && !digest.is_empty() && last.digest == digest {
        return (last.revision.clone(), false);
    }
    (compared.clone(), requested)
}

/// Whether it has not begun, for others have to come first: what they come to is the newest commit,
/// so that this one goes along. What somebody asked for stays as it was asked for.
fn waits(application: &Application, last: &Rollout) -> bool {
    last.phase == RolloutPhase::Pending
        && last.began_at.is_none()
        && !application.depends_on.is_empty()
        && application.policy.automated
        && last.trigger != Trigger::Sync
}

/// The wanted commit, and what it undoes. `compared` comes with the digest of what it asks for.
pub(super) async fn desired(
    core: &Core,
    target: &Target,
    application: &Application,
    (compared, digest): (&CommitId, &str),
    (last, request): (Option<&(Arc<Rollout>, rollout::Rollout)>, Option<&Request>),
) -> Result<Desired, client::Error> {
    let known = last.map(|(row, last)| (&**row, last.recalled || waits(application, row)));
    let (revision, requested) = wanted(compared, digest, known, request.is_some());
    let last = last.map(|(row, _)| &**row);
    let retried = last.is_some_and(|last| {
        let policy = application.policy.on_failure;
        is_retry(last, core.holds.takes_along(&last.id), policy, digest)
    });
    // Who brings what is there already undoes nothing, whatever the commit does elsewhere.
    let anew = |last: &&Rollout| last.revision != revision || request.is_some();
    let same = last.filter(anew).is_some_and(|last| brought(last, digest));
    let rollback = match last.filter(|last| last.revision == revision) {
        _ if same => None,
        // It is on record.
        Some(last) => last.rollback.clone(),
        None if retried => None,
        None if *target.revision() == revision => rollout::rollback(&target.commit.message),
        None => {
            let commit = news(core, application, last, &revision).await?;
            rollout::rollback(&commit.message)
        }
    };
    let rollback = rollback.filter(|it| it.concerns(&application.name));
    Ok(Desired {
        rollback,
        options: asked::options(&revision, last, request),
        revision,
        requested,
        by_hand: request.is_some(),
        retried,
    })
}

/// The commit that is new of those that the Application is brought to; the first of several.
pub(super) async fn news(
    core: &Core,
    application: &Application,
    last: Option<&Rollout>,
    revision: &CommitId,
) -> Result<Commit, client::Error> {
    let parts = revision.parts();
    let before = last.map(|last| last.revision.parts()).unwrap_or_default();
    let differs = |(index, part): &(usize, &CommitId)| before.get(*index) != Some(part);
    let index = parts.iter().enumerate().find(differs);
    let index = index.map_or(0, |(index, _)| index);
    let source = application.sources().nth(index);
    let source = core.repository(source.unwrap_or(&application.source));
    source.commit(&parts[index]).await.map_err(unread)
}

#[cfg(test)]
pub(super) mod tests {
    use engine::rollout::Options;
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::source::Person;

    pub(in super::super) fn row(revision: &str, digest: &str, phase: RolloutPhase) -> Rollout {
        Rollout {
            id: "web-1".into(),
            application: "web".into(),
            number: 1,
            push: None,
            revision: CommitId(revision.into()),
            previous: CommitId::default(),
            author: Person::default(),
            commit_message: String::new(),
            trigger: Trigger::Push,
            rollback_of: String::new(),
            rollback: None,
            digest: digest.into(),
            first_try: None,
            same_as_previous: false,
            phase,
            message: String::new(),
            changed: None,
            started_at: Timestamp::UNIX_EPOCH,
            began_at: None,
            deadline_at: None,
            finished_at: None,
            undone_at: None,
            taken_back: None,
            asked_by: None,
            options: Options::default(),
        }
    }

    #[test]
    fn a_commit_that_asks_for_the_same_is_no_new_one() {
        use RolloutPhase::{Failed, Succeeded, Superseded, Verifying};
        let check = |last: Option<Rollout>, asked: bool, expected: (&str, bool)| {
            let (revision, requested) = wanted(
                &CommitId("b".into()),
                "d",
                last.as_ref().map(|last| (last, false)),
                asked,
            );
            assert_eq!((revision.0.as_str(), requested), expected, "{last:?}");
        };
        let last = |revision, digest, phase| Some(row(revision, digest, phase));
        check(None, false, ("b", false));
        check(last("a", "d", Succeeded), false, ("a", false));
        check(last("a", "d", Verifying), false, ("a", false));
        check(last("a", "d", Succeeded), true, ("b", true));
        check(last("a", "other", Succeeded), false, ("b", false));
        // What failed or was given up is tried again with the next commit.
        check(last("a", "d", Failed), false, ("b", false));
        check(last("a", "d", Superseded), false, ("b", false));
        check(last("b", "d", Failed), false, ("b", false));
        check(last("b", "other", Succeeded), false, ("b", true));
        check(last("b", "other", Verifying), false, ("b", false));
    }

    #[test]
    fn who_waits_for_others_goes_along_to_the_newest_commit() {
        let spec = json!({"metadata": {"name": "api"},
            "spec": {"source": {"path": "api"}, "dependsOn": ["web"]}});
        let application = Application::from_object(&spec.into());
        let check = |change: fn(&mut Application, &mut Rollout), expected| {
            let (mut application, mut last) =
                (application.clone(), row("a", "d", RolloutPhase::Pending));
            change(&mut application, &mut last);
            assert_eq!(waits(&application, &last), expected, "{last:?}");
        };
        check(|_, _| {}, true);
        check(|_, last| last.phase = RolloutPhase::Applying, false);
        check(|_, last| last.began_at = Some(Timestamp::UNIX_EPOCH), false);
        check(|_, last| last.trigger = Trigger::Sync, false);
        check(|it, _| it.depends_on.clear(), false);
        check(|it, _| it.policy.automated = false, false);
        let last = row("a", "d", RolloutPhase::Pending);
        let (revision, _) = wanted(&CommitId("b".into()), "d", Some((&last, true)), false);
        assert_eq!(revision.0, "b");
    }
}
