//! Which commit an Application is to be brought to.

use engine::rollout::{self, CommitId, Desired, RolloutPhase};
use engine::{Application, application};

use super::asked;
use super::core::{Core, unread};
use super::read::{is_here, is_source_here};
use super::target::Target;
use crate::history::{Request, Rollout};
use crate::service::Trouble;
use crate::source::Source;

/// The newest commit that concerns the Application, signed as it asks for; those of all its
/// sources, where it has several.
pub(super) async fn compared(
    core: &Core,
    target: &Target,
    application: &Application,
) -> Result<Result<CommitId, Trouble>, client::Error> {
    let found = match commits(core, target, application, None).await? {
        Ok(found) => found,
        Err(trouble) => return Ok(Err(trouble)),
    };
    let asked = core.signatures.of(core, application, &found);
    Ok(asked.await?.map(|_signers| found))
}

/// What each source follows, `first` of the first one where it is given.
pub(crate) async fn commits(
    core: &Core,
    target: &Target,
    application: &Application,
    first: Option<&CommitId>,
) -> Result<Result<CommitId, Trouble>, client::Error> {
    if is_here(application) {
        let here = first.unwrap_or(target.revision());
        return Ok(Ok(here.clone()));
    }
    let mut all = Vec::new();
    for (index, source) in application.sources().enumerate() {
        let commit = match first.filter(|_| index == 0) {
            Some(first) => Ok(first.clone()),
            None => newest(core, target, source).await?,
        };
        match commit {
            Ok(commit) => all.push(commit),
            Err(trouble) => return Ok(Err(trouble)),
        }
    }
    Ok(Ok(CommitId::joined(&all)))
}

async fn newest(
    core: &Core,
    target: &Target,
    wanted: &application::Source,
) -> Result<Result<CommitId, Trouble>, client::Error> {
    if is_source_here(wanted) {
        return Ok(Ok(target.revision().clone()));
    }
    let source = core.source_at(wanted);
    let revision = &wanted.revision;
    let found = match source.resolve(revision).await {
        Ok(found) => found,
        // A mirror that was never fetched: the first fetch wakes the Application.
        Err(_) if !source.is_hosted() => None,
        Err(error) => return Err(unread(error)),
    };
    let name = if revision.is_empty() {
        "default branch".to_owned()
    } else {
        format!("revision {revision:?}")
    };
    let missing = || Trouble::missing(format!("there is no {name} in {}", source.name));
    let unfetched = || core.sources.trouble(&wanted.repo);
    Ok(found.ok_or_else(|| unfetched().unwrap_or_else(missing)))
}

/// Which commit is wanted, and whether somebody asked for it. A commit that asks for what the
/// last one asked for is that one, unless `last` is held although it went well.
fn wanted(
    compared: &CommitId,
    digest: &str,
    last: Option<(&Rollout, bool)>,
    requested: bool,
) -> (CommitId, bool) {
    let Some((last, recalled)) = last else {
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
    let carries_on = !recalled
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

/// The wanted commit, and what it undoes. `compared` comes with the digest of what it asks for.
pub(super) async fn desired(
    target: &Target,
    source: &Source,
    (compared, digest): (&CommitId, &str),
    last: Option<&(Rollout, rollout::Rollout)>,
    request: Option<&Request>,
) -> Result<Desired, client::Error> {
    let known = last.map(|(row, last)| (row, last.recalled));
    let (revision, requested) = wanted(compared, digest, known, request.is_some());
    let last = last.map(|(row, _)| row);
    let commit = if *target.revision() == revision {
        target.commit.clone()
    } else {
        source.commit(&revision).await.map_err(unread)?
    };
    Ok(Desired {
        rollback: rollout::rollback(&commit.message),
        options: asked::options(&revision, last, request),
        revision,
        requested,
        by_hand: request.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use engine::rollout::Options;
    use jiff::Timestamp;

    use super::*;
    use crate::history::Trigger;
    use crate::source::Person;

    fn row(revision: &str, digest: &str, phase: RolloutPhase) -> Rollout {
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
            phase,
            message: String::new(),
            changed: None,
            started_at: Timestamp::UNIX_EPOCH,
            began_at: None,
            deadline_at: None,
            finished_at: None,
            undone_at: None,
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
}
