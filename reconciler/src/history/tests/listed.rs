//! Rollouts by what became of them, and of one day.

use super::*;

#[tokio::test]
async fn rollouts_are_found_by_what_became_of_them() {
    let history = history().await;
    let with = |number: i64, change: fn(&mut Rollout)| {
        let mut one = rollout("web", number);
        one.rollback = None;
        change(&mut one);
        one
    };
    let mut all = Vec::new();
    let good = with(1, |_| {});
    let undone = with(2, |_| {});
    let back = with(3, |one| one.rollback_of = "web-2".into());
    let reverts = with(4, |one| {
        one.rollback = engine::rollout::rollback("This reverts commit 1234567.");
    });
    let part = with(5, |one| {
        one.options.objects = std::iter::once(key("a")).collect();
    });
    let failed = with(6, |_| {});
    let held = with(7, |_| {});
    let running = with(8, |_| {});
    for (one, phase) in [
        (&good, Some(RolloutPhase::Succeeded)),
        (&undone, Some(RolloutPhase::Succeeded)),
        (&back, Some(RolloutPhase::Superseded)),
        (&reverts, Some(RolloutPhase::Succeeded)),
        (&part, Some(RolloutPhase::Succeeded)),
        (&failed, Some(RolloutPhase::Failed)),
        (&held, Some(RolloutPhase::Held)),
        (&running, None),
    ] {
        all.push(Write::Rollout(Box::new(one.clone())));
        all.extend(phase.map(|phase| over(one, phase)));
    }
    all.push(Write::Undone {
        rollout: "web-2".into(),
        at: at(70),
    });
    for write in all {
        history.commit(&[write]).await.unwrap();
    }
    let found = async |query: RolloutQuery| -> Vec<i64> {
        let found = history.reader().rollouts(&query).await.unwrap();
        // What the statement says of them is what the rule says.
        let outcome = query.outcome;
        assert!(
            found
                .iter()
                .all(|one| outcome.is_none_or(|it| it.admits(one)))
        );
        found.iter().map(|one| one.number).collect()
    };
    let of = |outcome: Outcome| RolloutQuery {
        outcome: Some(outcome),
        ..RolloutQuery::default()
    };
    assert_eq!(found(of(Outcome::Running)).await, [8]);
    assert_eq!(found(of(Outcome::Held)).await, [7]);
    assert_eq!(found(of(Outcome::Failed)).await, [6]);
    assert_eq!(found(of(Outcome::Rollback)).await, [4, 3]);
    assert_eq!(found(of(Outcome::Good)).await, [4, 1]);
    let since = RolloutQuery {
        since: Some(at(6)),
        ..RolloutQuery::default()
    };
    assert_eq!(found(since).await, [8, 7, 6]);
    history.close().await;
}

#[tokio::test]
async fn a_rollout_knows_whether_the_commit_before_asked_for_the_same() {
    let history = history().await;
    let check = async |number: i64, previous: i64, digest: &str, expected: bool| {
        let mut one = rollout("web", number);
        one.previous = rollout("web", previous).revision;
        one.digest = digest.into();
        let done = over(&one, RolloutPhase::Succeeded);
        let begun = Write::Rollout(Box::new(one.clone()));
        history.commit(&[begun, done]).await.unwrap();
        let found = history.reader().rollout_detail(&one.id).await;
        let found = found.unwrap().unwrap();
        assert_eq!(
            found.rollout.same_as_previous, expected,
            "{number} after {previous}"
        );
    };
    check(1, 0, "two replicas", false).await;
    check(2, 1, "three replicas", false).await;
    check(3, 2, "three replicas", true).await;
    // What came between was never there: it is where it was.
    check(4, 1, "two replicas", true).await;
    history.close().await;
}

#[tokio::test]
async fn of_the_past_outcomes_are_those_of_then() {
    let history = history().await;
    let (failed, good) = (rollout("web", 1), rollout("api", 1));
    let undone = Write::Undone {
        rollout: good.id.clone(),
        at: at(100),
    };
    let writes = [
        Write::Rollout(Box::new(failed.clone())),
        over(&failed, RolloutPhase::Failed),
        Write::Rollout(Box::new(good.clone())),
        over(&good, RolloutPhase::Succeeded),
        undone,
    ];
    history.commit(&writes).await.unwrap();
    let check = async |second: i64, running: usize, failed: usize, good: usize| {
        let count = async |outcome: Outcome| {
            let query = RolloutQuery {
                outcome: Some(outcome),
                as_of: Some(at(second)),
                ..RolloutQuery::default()
            };
            history.reader().rollouts(&query).await.unwrap().len()
        };
        let found = (
            count(Outcome::Running).await,
            count(Outcome::Failed).await,
            count(Outcome::Good).await,
        );
        assert_eq!(found, (running, failed, good), "{second}");
    };
    check(30, 2, 0, 0).await;
    check(60, 0, 1, 1).await;
    check(100, 0, 1, 0).await;
}
