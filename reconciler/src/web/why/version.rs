//! Of a process that ended: the version that its pod is of, and the rollout that brought it.

use jiff::{SignedDuration, Timestamp};

use api::{Object, ObjectKey, parse_time};
use engine::plan::Change;
use engine::why::{Came, Chain, Facts, LINES, Version, Written, asks_for, version};

use super::{PATIENCE, collection, commits, key_of};
use crate::history::{Rollout, RolloutQuery};
use crate::service::Error;
use crate::web::app::App;

/// Times of objects are written in whole seconds.
const SECOND: SignedDuration = SignedDuration::from_secs(1);
/// Rollouts among which that of a pod is looked for.
const ROLLOUTS: u16 = 20;

/// The rollout that its template is from: the newest of its application that had begun when its
/// `ReplicaSet` was made, or without one, the pod itself. Of several that may have been it, as that
/// moment is known to the second, the newest that made the workload ask for this template. `owners`
/// as in [`Facts`].
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
    let Some(born) = parse_time(born) else {
        return Ok(None);
    };
    let query = RolloutQuery {
        application: Some(application.to_owned()),
        before: Some(born + SECOND),
        limit: ROLLOUTS,
        ..RolloutQuery::default()
    };
    let rollouts = app.backend.rollouts(&query).await?;
    let mut may = candidates(rollouts, born).into_iter().peekable();
    while let Some(newer) = may.next() {
        let (Some(older), Some(set)) = (may.peek(), set) else {
            return Ok(Some(newer));
        };
        if led_to(app, owners, set, (older, &newer)).await? {
            return Ok(Some(newer));
        }
    }
    Ok(None)
}

/// Those that may have made what was born in this second: all that began in it, and the newest that
/// had begun before.
fn candidates(rollouts: Vec<Rollout>, born: Timestamp) -> Vec<Rollout> {
    let begun = |it: &Rollout| it.began_at.is_some_and(|at| at < born + SECOND);
    let begun: Vec<Rollout> = rollouts.into_iter().filter(begun).collect();
    let within = begun.iter().filter(|it| it.began_at >= Some(born)).count();
    begun.into_iter().take(within + 1).collect()
}

/// Whether the newer of two rollouts is what had the workload ask for this template.
async fn led_to(
    app: &App,
    owners: &[Object],
    set: &Object,
    (older, newer): (&Rollout, &Rollout),
) -> Result<bool, Error> {
    let root = owners.get(1).unwrap_or(set);
    let Some(key) = collection(root).map(|it| it.key(root.namespace(), root.name())) else {
        return Ok(false);
    };
    let (from, to) = (&older.revision.0, &newer.revision.0);
    let comparing = app.backend.compare(&newer.application, from, to);
    let Ok(between) = tokio::time::timeout(PATIENCE, comparing).await else {
        return Ok(false);
    };
    let between = between?;
    let mut changed = between
        .plan
        .steps()
        .filter(|it| it.change != Change::Unchanged);
    Ok(changed.any(|step| step.key == key && asks_for(&step.object, set)))
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

#[test]
fn what_began_in_the_same_second_may_have_made_it_too() {
    let born: Timestamp = "2026-03-01T14:00:05Z".parse().unwrap();
    let began = |millis: i64| Rollout {
        began_at: Some(born + SignedDuration::from_millis(millis)),
        ..crate::web::view::tests::rollout(engine::rollout::RolloutPhase::Succeeded, 60)
    };
    let check = |began_at: &[i64], count: usize| {
        let rollouts = began_at.iter().map(|millis| began(*millis)).collect();
        let found = candidates(rollouts, born);
        assert_eq!(found.len(), count, "{began_at:?}");
    };
    check(&[], 0);
    check(&[-60_000, -120_000], 1);
    check(&[-10, -5_000], 1);
    check(&[100, -5_000], 2);
    check(&[1_200, 800, 100, -5_000, -9_000], 3);
    check(&[800], 1);
}
