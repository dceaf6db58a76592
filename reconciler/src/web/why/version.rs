//! Of a process that ended: the version that its pod is of, and the rollout that brought it.

use jiff::{SignedDuration, Timestamp};

use api::{Object, ObjectKey, parse_time};
use engine::why::{Came, Chain, Facts, LINES, Version, Written, version};

use super::{PATIENCE, commits, key_of};
use crate::history::{Rollout, RolloutQuery};
use crate::service::Error;
use crate::web::app::App;

/// Rollouts among which that of a pod is looked for.
const ROLLOUTS: u16 = 20;

/// The rollout that its template is from: the newest of its application that had begun when its
/// `ReplicaSet` was made, or without one, the pod itself. `owners` as in [`Facts`].
pub(super) async fn rollout(
    app: &App,
    pod: &Object,
    owners: &[Object],
    application: &str,
) -> Result<Option<Rollout>, Error> {
    if application.is_empty() {
        return Ok(None);
    }
    let set = owners.first().filter(|it| it.kind() == "ReplicaSet");
    let born = set.unwrap_or(pod).creation_timestamp();
    // Written in whole seconds.
    let Some(born) = parse_time(born).map(|it| it + SignedDuration::from_secs(1)) else {
        return Ok(None);
    };
    let query = RolloutQuery {
        application: Some(application.to_owned()),
        before: Some(born),
        limit: ROLLOUTS,
        ..RolloutQuery::default()
    };
    let rollouts = app.backend.rollouts(&query).await?;
    let begun = |it: &Rollout| it.began_at.is_some_and(|at| at < born);
    Ok(rollouts.into_iter().find(begun))
}

/// The chain with the version of the pod, where it ends at a process.
pub(super) async fn came(
    app: &App,
    facts: &Facts,
    chain: Chain,
    rollout: Result<Option<&Rollout>, &Error>,
) -> Chain {
    if !chain.ends_at_the_process(facts) {
        return chain;
    }
    let Some(version) = version(facts) else {
        return chain;
    };
    let reading = lines(app, facts, &version, rollout.unwrap_or_default());
    let lines = tokio::time::timeout(PATIENCE, reading).await;
    let came = match rollout {
        Ok(rollout) => told(rollout, version.made_at),
        Err(_) => Came::Unread,
    };
    chain.came(&version, &came, &lines.unwrap_or_default(), app.env.now())
}

/// Where Git has what is another one in this version. What cannot be read is not told.
async fn lines(
    app: &App,
    facts: &Facts,
    version: &Version,
    rollout: Option<&Rollout>,
) -> Vec<Written> {
    let mut found = Vec::new();
    let mut commits_of: Option<(ObjectKey, Vec<_>)> = None;
    for field in version.fields.iter().take(LINES) {
        let Some(key) = key_of(facts, field) else {
            continue;
        };
        if commits_of.as_ref().is_none_or(|(of, _)| *of != key) {
            let mut all: Vec<_> = rollout.map(|it| it.revision.clone()).into_iter().collect();
            all.extend(commits(app, facts, &key).await);
            commits_of = Some((key.clone(), all));
        }
        let all = commits_of.as_ref().map_or(&[][..], |(_, all)| all);
        if let Ok(Some(written)) = app.backend.written(&key, all, &field.path).await {
            found.push(written);
        }
    }
    found
}

/// Who made the version: a rollout is proven by the time, which lies within it.
fn told(rollout: Option<&Rollout>, made_at: Option<Timestamp>) -> Came {
    let (Some(rollout), Some(made_at)) = (rollout, made_at) else {
        return Came::Unknown;
    };
    if rollout.finished_at.is_some_and(|end| end < made_at) {
        return Came::Alone;
    }
    Came::With {
        rollout: rollout.id.clone(),
        commit: rollout.revision.0.clone(),
        subject: rollout.subject().to_owned(),
        author: rollout.author.name.clone(),
    }
}

#[test]
fn a_version_came_with_the_rollout_in_which_it_was_made() {
    let rollout = crate::web::view::tests::rollout(engine::rollout::RolloutPhase::Failed, 60);
    let end = rollout.finished_at;
    let after = end.map(|at| at + SignedDuration::from_secs(5));
    assert_eq!(told(Some(&rollout), after), Came::Alone);
    assert_eq!(told(None, end), Came::Unknown);
    assert!(matches!(told(Some(&rollout), end), Came::With { .. }));
}
