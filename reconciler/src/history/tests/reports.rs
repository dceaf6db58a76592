//! Events that are kept.

use super::*;

fn report(uid: &str, second: i64, count: i64) -> Report {
    Report {
        uid: Uid(uid.into()),
        namespace: "shop".into(),
        kind: "Warning".into(),
        reason: "BackOff".into(),
        message: format!("it was seen {count} times"),
        component: "kubelet".into(),
        count,
        about_version: "v1".into(),
        about_kind: "Pod".into(),
        about_namespace: "shop".into(),
        about_name: "web-1".into(),
        first_at: at(0),
        last_at: at(second),
    }
}

fn scheduled(uid: &str, second: i64) -> Report {
    Report {
        kind: "Normal".into(),
        reason: "Scheduled".into(),
        about_kind: "Job".into(),
        ..report(uid, second, 1)
    }
}

async fn uids(history: &History, query: &ReportQuery) -> Vec<String> {
    let query = ReportQuery {
        limit: query.limit.max(1),
        ..query.clone()
    };
    let there = history.reader().reports(&query).await.unwrap();
    there.items.into_iter().map(|it| it.uid().0).collect()
}

fn ten() -> ReportQuery {
    ReportQuery {
        limit: 10,
        ..ReportQuery::default()
    }
}

#[tokio::test]
async fn an_event_is_one_row_however_often_it_is_seen() {
    let history = history().await;
    assert_eq!(history.reader().newest_report().await.unwrap(), None);
    history.keep_reports(&[report("a", 10, 3)]).await.unwrap();
    history.keep_reports(&[report("a", 20, 7)]).await.unwrap();
    // What comes late changes nothing.
    history.keep_reports(&[report("a", 15, 5)]).await.unwrap();
    history.keep_reports(&[]).await.unwrap();
    let there = history.reader().reports(&ten()).await.unwrap();
    let event = &there.items[0];
    assert_eq!(there.items.len(), 1);
    assert_eq!(event.body["count"], 7);
    assert_eq!(event.text("/message"), "it was seen 7 times");
    assert_eq!(event.text("/involvedObject/name"), "web-1");
    assert_eq!(event.text("/firstTimestamp"), at(0).to_string());
    assert_eq!(
        history.reader().newest_report().await.unwrap(),
        Some(at(20))
    );
    history.close().await;
}

#[tokio::test]
async fn events_are_found_by_kind_reason_and_time_page_by_page() {
    let history = history().await;
    // Three of one second: the pages know them apart.
    let all = [
        scheduled("a", 1),
        report("b", 2, 1),
        report("c", 2, 1),
        report("d", 2, 1),
        scheduled("e", 3),
    ];
    history.keep_reports(&all).await.unwrap();
    let check = async |query: ReportQuery, expected: &[&str]| {
        assert_eq!(uids(&history, &query).await, expected, "{query:?}");
    };
    check(ten(), &["e", "d", "c", "b", "a"]).await;
    check(
        ReportQuery {
            kind: "job".into(),
            ..ten()
        },
        &["e", "a"],
    )
    .await;
    check(
        ReportQuery {
            reason: "backoff".into(),
            ..ten()
        },
        &["d", "c", "b"],
    )
    .await;
    check(
        ReportQuery {
            kind: "Job".into(),
            reason: "BackOff".into(),
            ..ten()
        },
        &[],
    )
    .await;
    check(
        ReportQuery {
            until: Some(at(1)),
            ..ten()
        },
        &["a"],
    )
    .await;
    check(ReportQuery { limit: 2, ..ten() }, &["e", "d"]).await;
    let before = Some((at(2), Uid("d".into())));
    check(
        ReportQuery {
            before,
            limit: 2,
            ..ten()
        },
        &["c", "b"],
    )
    .await;
    let there = history.reader().reports(&ten()).await.unwrap();
    assert_eq!(there.kinds, [("Pod".into(), 3), ("Job".into(), 2)]);
    assert_eq!(
        there.reasons,
        [("BackOff".into(), 3), ("Scheduled".into(), 2)]
    );
    let warnings = ReportQuery {
        severity: "warning".into(),
        kind: "pod".into(),
        ..ten()
    };
    check(warnings.clone(), &["d", "c", "b"]).await;
    // Each is counted among what the other choices leave.
    let there = history.reader().reports(&warnings).await.unwrap();
    assert_eq!(there.kinds, [("Pod".into(), 3)]);
    assert_eq!(there.reasons, [("BackOff".into(), 3)]);
    assert_eq!(there.severities, [("Warning".into(), 3)]);
    let jobs = ReportQuery {
        kind: "Job".into(),
        ..ten()
    };
    let there = history.reader().reports(&jobs).await.unwrap();
    assert_eq!(there.reasons, [("Scheduled".into(), 2)]);
    assert_eq!(there.severities, [("Normal".into(), 2)]);
    assert_eq!(there.kinds.len(), 2, "{:?}", there.kinds);
    history.close().await;
}

#[tokio::test]
async fn what_is_old_or_too_much_is_swept_a_part_at_a_time() {
    let history = history().await;
    let all: Vec<Report> = (0..10)
        .map(|second| report(&format!("{second}"), second, 1))
        .collect();
    history.keep_reports(&all).await.unwrap();
    assert_eq!(history.sweep_reports(at(4), 100, 3).await.unwrap(), 3);
    assert_eq!(history.sweep_reports(at(4), 100, 3).await.unwrap(), 1);
    assert_eq!(history.sweep_reports(at(4), 100, 3).await.unwrap(), 0);
    assert_eq!(uids(&history, &ten()).await, ["9", "8", "7", "6", "5", "4"]);
    // Of more than three, the oldest go; the one that is just too many stays a while.
    assert_eq!(history.sweep_reports(at(0), 3, 100).await.unwrap(), 2);
    assert_eq!(uids(&history, &ten()).await, ["9", "8", "7", "6"]);
    history.close().await;
}

#[tokio::test]
async fn events_are_found_by_what_they_are_about() {
    let history = history().await;
    let other = Report {
        about_name: "web-2".into(),
        ..report("b", 20, 1)
    };
    let node = Report {
        about_kind: "Node".into(),
        about_namespace: String::new(),
        about_name: "web-1".into(),
        ..report("c", 30, 1)
    };
    let all = [report("a", 10, 1), other, node, report("d", 40, 1)];
    history.keep_reports(&all).await.unwrap();
    let about = async |subjects: &[(&str, &str, &str)], until: Option<i64>| -> Vec<String> {
        let own = |it: &(&str, &str, &str)| (it.0.into(), it.1.into(), it.2.into());
        let about = ReportsAbout {
            subjects: subjects.iter().map(own).collect(),
            until: until.map(at),
            limit: 10,
        };
        let found = history.reader().reports_about(&about).await.unwrap();
        found.into_iter().map(|it| it.uid().0).collect()
    };
    assert_eq!(about(&[("Pod", "shop", "web-1")], None).await, ["d", "a"]);
    assert_eq!(about(&[("Pod", "shop", "web-1")], Some(15)).await, ["a"]);
    assert_eq!(about(&[("Node", "", "web-1")], None).await, ["c"]);
    let several = [("Pod", "shop", "web-2"), ("Node", "", "web-1")];
    assert_eq!(about(&several, None).await, ["c", "b"]);
    assert!(about(&[], None).await.is_empty());
    history.close().await;
}
