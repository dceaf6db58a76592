//! Makes a commit the one that is followed. Who sees that it asks nothing new of him is not
//! looked at: of ten thousand Applications a commit concerns few.

use std::collections::BTreeSet;
use std::sync::Arc;

use engine::rollout::{CommitId, SyncStatus};

use super::core::{Core, SET};
use super::read::is_here;
use super::standing::Stand;
use super::target::Target;

/// From here on the cluster is brought to `target`.
pub(crate) fn publish(core: &Core, target: Target) {
    let target = Arc::new(target);
    // Those that are not in the new one have to hear of it too.
    let mut names = core.everybody();
    names.extend(target.applications.keys().cloned());
    let kept: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    core.renders.retain(&kept);
    core.definitions.retain(|name| kept.contains(name));
    let before = core.target.send_replace(Some(target.clone()));
    let mut concerned = Vec::new();
    let mut carried = Vec::new();
    for name in &names {
        match &before {
            Some(before) if concerns_not(core, before, &target, name) => carried.push(name),
            _ => concerned.push(name),
        }
    }
    if let Some(before) = &before {
        let carried = carried.into_iter().map(String::as_str);
        core.standings
            .carry(carried, before.revision(), target.revision());
    }
    core.wake(SET);
    for name in concerned {
        core.wake(name);
    }
}

/// Whether the commit asks of an Application exactly what the one before asked, and the
/// Application has done that, or is about to.
fn concerns_not(core: &Core, before: &Target, target: &Target, name: &str) -> bool {
    let (Some(old), Some(new)) = (before.applications.get(name), target.applications.get(name))
    else {
        return false;
    };
    let is_same = Arc::ptr_eq(old, new) || old.application == new.application;
    // A signature that is asked for is of the commit, whatever is in it.
    let is_signed = new.application.sources().any(|it| it.verify.is_some());
    if !is_same || is_signed || !is_here(&new.application) {
        return false;
    }
    let known = |target: &Target| core.renders.known(&new.application, target.revision());
    let (Some(one), Some(other)) = (known(before), known(target)) else {
        return false;
    };
    let waits = !new.application.depends_on.is_empty();
    let done = |stand: &Stand| has_done(stand, before.revision(), waits);
    !one.digest.is_empty() && one.digest == other.digest && core.standings.is(name, done)
}

/// `waits` for others, whose commit may be another one by now.
fn has_done(stand: &Stand, revision: &CommitId, waits: bool) -> bool {
    let standing = &stand.standing;
    let is_at_rest = standing.sync == SyncStatus::Synced && standing.applied == *revision;
    stand.seen == *revision
        && standing.revision == *revision
        && !standing.on_hold
        && standing.trouble.is_none()
        && standing.paused.is_none()
        && if stand.rolls_out.is_some() {
            !waits
        } else {
            is_at_rest
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(stand: &mut Stand) -> &mut Standing {
        Arc::make_mut(&mut stand.standing)
    }
    use crate::service::{Standing, Trouble};

    #[test]
    fn who_has_done_what_a_commit_asks_for_need_not_hear_of_the_same_again() {
        let revision = CommitId("abc".into());
        let done = Stand {
            standing: Arc::new(Standing {
                sync: SyncStatus::Synced,
                revision: revision.clone(),
                applied: revision.clone(),
                ..Standing::default()
            }),
            seen: revision.clone(),
            ..Stand::default()
        };
        let check = |change: fn(&mut Stand), (alone, waiting): (bool, bool)| {
            let mut stand = done.clone();
            change(&mut stand);
            assert_eq!(has_done(&stand, &revision, false), alone, "{stand:?}");
            assert_eq!(has_done(&stand, &revision, true), waiting, "{stand:?}");
        };
        check(|_| {}, (true, true));
        check(|it| it.seen = CommitId::default(), (false, false));
        check(|it| standing(it).on_hold = true, (false, false));
        check(
            |it| standing(it).sync = SyncStatus::OutOfSync,
            (false, false),
        );
        // It failed, or was stopped: a new commit is a new try.
        check(
            |it| standing(it).applied = CommitId::default(),
            (false, false),
        );
        check(
            |it| standing(it).trouble = Some(Trouble::missing("gone".into())),
            (false, false),
        );
        check(
            |it| {
                it.rolls_out = Some(CommitId::default());
                standing(it).applied = CommitId::default();
            },
            (true, false),
        );
    }
}
