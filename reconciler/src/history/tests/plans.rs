use super::*;
use crate::forge::{Change, Report, Verdict as Says};

fn plan(branch: &str, commit: &str, base: &str, second: i64) -> Change {
    Change {
        repository: "shop".into(),
        branch: branch.into(),
        revision: CommitId(commit.into()),
        base: CommitId(base.into()),
        pull: String::new(),
        planned_at: at(second),
        verdict: Says::Passed,
        digest: format!("{commit} on {base}"),
        report: Report::default(),
    }
}

#[tokio::test]
async fn plans_of_branches_are_known_as_they_stood() {
    let history = history().await;
    history.put_change(&plan("a", "1", "m", 10)).await.unwrap();
    history.put_change(&plan("b", "9", "m", 15)).await.unwrap();
    // The same again, then on another base, then gone.
    history.put_change(&plan("a", "1", "m", 20)).await.unwrap();
    history.put_change(&plan("a", "1", "n", 30)).await.unwrap();
    let gone = history.remove_change("shop", "a", at(40));
    gone.await.unwrap();
    let of = async |second: i64| {
        let found = history.reader().changes_at("shop", at(second)).await;
        let mut found: Vec<String> = found
            .unwrap()
            .iter()
            .map(|it| format!("{} {} {}", it.branch, it.digest, it.planned_at.as_second()))
            .collect();
        found.sort();
        found
    };
    let base = Timestamp::UNIX_EPOCH.duration_until(at(0)).as_secs();
    let told =
        |branch: &str, digest: &str, second: i64| format!("{branch} {digest} {}", base + second);
    assert_eq!(of(9).await, [""; 0]);
    assert_eq!(of(12).await, [told("a", "1 on m", 10)]);
    let b = told("b", "9 on m", 15);
    assert_eq!(of(25).await, [told("a", "1 on m", 20), b.clone()]);
    assert_eq!(of(35).await, [told("a", "1 on n", 30), b.clone()]);
    assert_eq!(of(40).await, [b]);
    assert!(
        history
            .reader()
            .changes_at("other", at(35))
            .await
            .unwrap()
            .is_empty()
    );

    history.remove_repository("shop", at(50)).await.unwrap();
    assert_eq!(of(60).await, [""; 0]);
    assert_eq!(of(45).await.len(), 1);
    // A month later it is gone for good.
    let late = 50 + 31 * 24 * 3600;
    history
        .put_change(&plan("c", "2", "m", late))
        .await
        .unwrap();
    assert_eq!(of(45).await, [""; 0]);
}

#[tokio::test]
async fn branches_are_where_pushes_put_them() {
    let history = history().await;
    let push = |second: i64, branch: &str, new: &str, verdict: Verdict| RefUpdate {
        at: at(second),
        push: format!("push-{second}"),
        repository: "shop".into(),
        name: format!("refs/heads/{branch}"),
        old: String::new(),
        new: new.into(),
        pusher: "ann".into(),
        token: String::new(),
        verdict,
        reason: String::new(),
    };
    let all = [
        push(10, "x/y", "1", Verdict::Accepted),
        push(20, "x/y", "2", Verdict::Refused),
        push(30, "x/y", "3", Verdict::Accepted),
        push(40, "x/y", "", Verdict::Accepted),
    ];
    history.pushing(&all).await.unwrap();
    let of = async |second: i64| {
        let found = history.reader().heads_at(at(second)).await.unwrap();
        let told = found
            .iter()
            .map(|(name, branch, it)| format!("{name} {branch} {it}"));
        told.collect::<Vec<_>>()
    };
    assert_eq!(of(9).await, [""; 0]);
    assert_eq!(of(25).await, ["shop x/y 1"]);
    assert_eq!(of(30).await, ["shop x/y 3"]);
    assert_eq!(of(40).await, [""; 0]);
    // What had the name before is nobody's.
    history.add_repository("shop", "ann", at(50)).await.unwrap();
    assert_eq!(of(35).await, [""; 0]);
}
