use engine::diff::FieldChange;

use super::*;

fn drift(second: i64, name: &str, actor: &str) -> Drift {
    Drift {
        at: at(second),
        last_at: at(second),
        times: 1,
        lasted_ms: None,
        application: "web".into(),
        key: key(name),
        kind: "ConfigMap".into(),
        what: "changed".into(),
        actor: actor.into(),
        writer: String::new(),
        written_at: Some(at(second - 1)),
        changes: vec![FieldChange {
            path: "data.k".into(),
            old: Some(json!("x")),
            new: Some(json!(second)),
        }],
        ended_at: None,
        ending: None,
    }
}

fn ended(second: i64, name: &str, ending: Ending) -> Write {
    Write::DriftEnded {
        application: "web".into(),
        keys: vec![key(name)],
        ending,
        at: at(second),
    }
}

#[tokio::test]
async fn what_drifts_again_is_another_drift() {
    let history = history().await;
    let all = DriftQuery::default();
    let write = async |write: Write| history.commit(&[write]).await.unwrap();
    let read = async |query: &DriftQuery| history.reader().drifts(query).await.unwrap();
    write(Write::Drift(drift(10, "a", "ann"))).await;
    assert_eq!(read(&all).await, [drift(10, "a", "ann")]);
    // Another field while it is there: what is newest, and no new entry.
    write(Write::Drift(drift(20, "a", "bob"))).await;
    let known = Drift {
        at: at(10),
        ..drift(20, "a", "bob")
    };
    assert_eq!(read(&all).await, [known]);
    assert_eq!(history.reader().open_drifts("web").await.unwrap().len(), 1);
    write(ended(30, "a", Ending::Corrected)).await;
    assert_eq!(read(&all).await[0].ending, Some(Ending::Corrected));
    assert!(
        history
            .reader()
            .open_drifts("web")
            .await
            .unwrap()
            .is_empty()
    );
    // It ended, and another end of nothing changes nothing.
    write(ended(31, "a", Ending::Gone)).await;
    assert_eq!(read(&all).await[0].ended_at, Some(at(30)));

    write(Write::Drift(drift(40, "a", "bob"))).await;
    write(ended(50, "a", Ending::Corrected)).await;
    // Each with its own values, its own beginning and its own end.
    let each: Vec<_> = read(&all).await;
    let each: Vec<_> = each
        .iter()
        .map(|it| (it.at, it.ended_at, it.lasted_ms, it.changes[0].new.clone()))
        .collect();
    let second = |at: i64| Some(json!(at));
    let apart = [
        (at(40), Some(at(50)), Some(10_000), second(40)),
        (at(10), Some(at(30)), Some(20_000), second(20)),
    ];
    assert_eq!(each, apart);
    write(Write::Drift(drift(60, "a", "ann"))).await;
    write(ended(61, "a", Ending::Gone)).await;
    write(Write::Drift(drift(60 + 3_700, "a", "ann"))).await;
    write(Write::Drift(drift(5_000, "b", "ann"))).await;
    let starts: Vec<_> = read(&all).await.iter().map(|it| it.at).collect();
    assert_eq!(starts, [at(5_000), at(3_760), at(60), at(40), at(10)]);
    let open_then = DriftQuery {
        application: Some("web".into()),
        before: Some(at(61)),
        open_at: Some(at(60)),
        ..DriftQuery::default()
    };
    assert_eq!(read(&open_then).await.len(), 1);
    let other = DriftQuery {
        application: Some("api".into()),
        ..DriftQuery::default()
    };
    assert!(read(&other).await.is_empty());
}

#[tokio::test]
async fn what_drifts_very_often_is_counted_and_added_up() {
    let history = history().await;
    for count in 0..15 {
        let both = [
            Write::Drift(drift(count * 100, "a", "ann")),
            ended(count * 100 + 3, "a", Ending::Corrected),
        ];
        history.commit(&both).await.unwrap();
    }
    let all = DriftQuery::default();
    let found = history.reader().drifts(&all).await.unwrap();
    assert_eq!(found.len(), 10);
    let newest = &found[0];
    assert_eq!(
        (newest.at, newest.times, newest.ended_at, newest.lasted_ms),
        (at(900), 6, Some(at(1_403)), Some(18_000))
    );
    assert_eq!((found[1].times, found[1].lasted_ms), (1, Some(3_000)));
}

#[tokio::test]
async fn of_one_application_so_many_drifts_stay() {
    let history = history().await;
    let all: Vec<Write> = (0..1_010)
        .map(|count| Write::Drift(drift(count, &format!("a{count}"), "ann")))
        .collect();
    history.commit(&all).await.unwrap();
    let query = DriftQuery {
        limit: 5_000,
        ..DriftQuery::default()
    };
    let left = history.reader().drifts(&query).await.unwrap();
    assert!((1_000..=1_001).contains(&left.len()), "{}", left.len());
    assert_eq!(left[0].at, at(1_009));
}
