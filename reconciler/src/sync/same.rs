//! Whether a commit asks of an Application what was asked of it before.

use engine::Application;
use engine::rollout::{CommitId, RolloutPhase};

use super::core::{Core, recorded};
use super::read::is_here;
use super::standing::Stand;
use crate::history::Rollout;

/// What a commit asks of an Application, beside what was asked of it before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    /// Something else, or nobody knows what was asked before.
    Anew,
    /// The same, and that is not done: it is on its way, failed, or was not looked at yet.
    Again,
    /// The same, and that is done.
    Nothing,
}

/// What it is, for a commit that asks for what `digest` names.
pub(super) fn asks(core: &Core, application: &str, digest: &str) -> Asks {
    let stand = core.standings.get(application);
    let before = || {
        let target = core.target()?;
        let current = target.application(application)?;
        let commit = read_at(current, target.revision(), stand.as_ref())?;
        core.renders.known(current, commit)
    };
    let before = before();
    let before = before.as_ref().map(|render| render.digest.as_str());
    judged(before, stand.as_ref(), digest)
}

/// Whether its newest rollout brought what `digest` names: then none begins for it, whatever others
/// changed since. What they changed is drift, and no commit's.
pub(super) async fn stands(
    core: &Core,
    application: &str,
    digest: &str,
) -> Result<bool, client::Error> {
    if !core.standings.is(application, is_done) {
        return Ok(false);
    }
    let last = core.history.reader().last_rollout(application).await;
    Ok(last
        .map_err(recorded)?
        .is_some_and(|last| brought(&last, digest)))
}

/// Whether a rollout brought what `digest` names, and that stays.
pub(super) fn brought(last: &Rollout, digest: &str) -> bool {
    let same = !digest.is_empty() && last.digest == digest;
    let whole = last.phase == RolloutPhase::Succeeded && !last.options.is_partial();
    same && whole && last.undone_at.is_none()
}

/// The commit that its manifests are from: the tracked one where all of them are there, else what
/// its last pass found in its own repositories.
fn read_at<'a>(
    current: &Application,
    tracked: &'a CommitId,
    stand: Option<&'a Stand>,
) -> Option<&'a CommitId> {
    if is_here(current) {
        return Some(tracked);
    }
    Some(&stand?.standing.revision)
}

fn judged(before: Option<&str>, stand: Option<&Stand>, digest: &str) -> Asks {
    if before != Some(digest) {
        return Asks::Anew;
    }
    match stand {
        Some(stand) if is_done(stand) => Asks::Nothing,
        _ => Asks::Again,
    }
}

/// Whether nothing is on its way, and nothing failed.
fn is_done(stand: &Stand) -> bool {
    stand.rolls_out.is_none() && !stand.standing.on_hold
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::super::desired::tests::row;
    use super::*;
    use crate::service::Standing;

    #[test]
    fn the_same_is_nothing_only_once_it_is_done() {
        let done = Stand::default();
        let rolls_out = Stand {
            rolls_out: Some(CommitId("a".into())),
            ..Stand::default()
        };
        let held = Stand {
            standing: Arc::new(Standing {
                on_hold: true,
                ..Standing::default()
            }),
            ..Stand::default()
        };
        assert_eq!(judged(Some("d"), Some(&done), "d"), Asks::Nothing);
        for stand in [None, Some(&rolls_out), Some(&held)] {
            assert_eq!(judged(Some("d"), stand, "d"), Asks::Again);
        }
        for stand in [None, Some(&done), Some(&rolls_out), Some(&held)] {
            assert_eq!(judged(Some("d"), stand, "e"), Asks::Anew);
            assert_eq!(judged(None, stand, "d"), Asks::Anew);
        }
    }

    #[test]
    fn what_the_newest_rollout_brought_is_there() {
        let last = row("a", "d", RolloutPhase::Succeeded);
        assert!(brought(&last, "d"));
        assert!(!brought(&last, "e") && !brought(&last, ""));
        assert!(!brought(&row("a", "d", RolloutPhase::Failed), "d"));
        assert!(!brought(&row("a", "d", RolloutPhase::Verifying), "d"));
        let undone = Rollout {
            undone_at: Some(last.started_at),
            ..last
        };
        assert!(!brought(&undone, "d"));
    }

    #[test]
    fn what_is_elsewhere_was_read_where_its_last_pass_found_it() {
        let (tracked, passed) = (CommitId("tracked".into()), CommitId("passed".into()));
        let stand = Stand {
            standing: Arc::new(Standing {
                revision: passed.clone(),
                ..Standing::default()
            }),
            ..Stand::default()
        };
        let application = |source| {
            let body = json!({"metadata": {"name": "web"}, "spec": {"source": source}});
            Application::from_object(&body.into())
        };
        let here = application(json!({"path": "web"}));
        let elsewhere = application(json!({"path": "web", "repo": "https://git.example.org/a"}));
        assert_eq!(read_at(&here, &tracked, Some(&stand)), Some(&tracked));
        assert_eq!(read_at(&here, &tracked, None), Some(&tracked));
        assert_eq!(read_at(&elsewhere, &tracked, Some(&stand)), Some(&passed));
        assert_eq!(read_at(&elsewhere, &tracked, None), None);
    }
}
