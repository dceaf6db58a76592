//! Which Applications going back would touch, as far as the history says: a commit that is undone
//! may have changed more than the Application whose page offers it. Pure.

use std::collections::BTreeSet;

use crate::history::Rollout;

/// The Applications that the commits changed which the rollback at `address` undoes. `newest` are
/// rollouts of all Applications; of what is older nothing is said.
pub(super) fn touched<'a>(address: &str, newest: &'a [Rollout]) -> BTreeSet<&'a str> {
    let undone = undone(address, newest);
    let of_them = newest.iter().filter(|one| {
        let is_undone = undone.iter().any(|it| it.revision == one.revision);
        is_undone && is_changed(one, newest)
    });
    of_them.map(|one| one.application.as_str()).collect()
}

/// The rollouts that are undone: of `/rollouts/{id}/rollback` that one, of
/// `/apps/{app}/rollback?to={id}` all later ones of the Application.
fn undone<'a>(address: &str, newest: &'a [Rollout]) -> Vec<&'a Rollout> {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let Some(page) = path.strip_suffix("/rollback") else {
        return Vec::new();
    };
    if let Some(id) = page.strip_prefix("/rollouts/") {
        return newest.iter().filter(|one| one.id == id).collect();
    }
    let (Some(name), Some(to)) = (page.strip_prefix("/apps/"), query.strip_prefix("to=")) else {
        return Vec::new();
    };
    let number = |id: &str| id.rsplit_once('-')?.1.parse::<i64>().ok();
    let stays = number(to).unwrap_or(0);
    let own = newest.iter().filter(|one| one.application == name);
    own.filter(|one| one.number > stays).collect()
}

/// Whether the commit asked for something else than the one before: an Application that is only
/// tried again has rollouts of commits that do not touch it.
fn is_changed(one: &Rollout, newest: &[Rollout]) -> bool {
    let is_before =
        |other: &&Rollout| other.application == one.application && other.number == one.number - 1;
    let before = newest.iter().find(is_before);
    let is_same = before.is_some_and(|it| !it.digest.is_empty() && it.digest == one.digest);
    one.changed != Some(false) && !is_same
}

#[cfg(test)]
mod tests {
    use engine::rollout::{CommitId, RolloutPhase};

    use super::*;
    use crate::web::view::tests::rollout;

    #[test]
    fn a_commit_of_several_touches_all_of_them() {
        let of = |application: &str, number: i64, commit: &str, digest: &str| Rollout {
            id: format!("{application}-{number}"),
            application: application.into(),
            number,
            revision: CommitId(commit.into()),
            digest: digest.into(),
            ..rollout(RolloutPhase::Succeeded, 100 - number)
        };
        let newest = [
            of("broken", 5, "d", "never"),
            of("ui", 4, "d", "four"),
            of("broken", 4, "c", "never"),
            of("serving", 2, "b", "two"),
            of("ui", 3, "b", "three"),
            of("ui", 2, "a", "two"),
        ];
        let check = |address: &str, expected: &[&str]| {
            let found: Vec<&str> = touched(address, &newest).into_iter().collect();
            assert_eq!(found, expected, "{address}");
        };
        // What is only tried again is not touched.
        check("/rollouts/ui-4/rollback", &["ui"]);
        check("/rollouts/ui-3/rollback", &["serving", "ui"]);
        check("/apps/ui/rollback?to=ui-3", &["ui"]);
        check("/apps/ui/rollback?to=ui-2", &["serving", "ui"]);
        check("/rollouts/ui-1/rollback", &[]);
        check("/apps/ui/sync", &[]);
    }
}
