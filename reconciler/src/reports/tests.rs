//! What is kept of Events, and which of very many.

use serde_json::{Value, json};

use api::Object;

use super::decide::{BATCH, ROOM, Waiting, report};
use crate::history::Report;

fn event(uid: &str, kind: &str) -> Report {
    let event = json!({"apiVersion": "v1", "kind": "Event",
        "metadata": {"name": "e", "namespace": "shop", "uid": uid}, "type": kind,
        "lastTimestamp": "2026-03-01T14:00:00Z", "involvedObject": {"kind": "Pod", "name": "web"}});
    report(&event.into()).unwrap()
}

#[test]
fn both_versions_of_an_event_say_the_same() {
    let of = |body: Value| report(&Object::from(body));
    let about =
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "web"});
    let metadata = json!({"name": "e", "namespace": "shop", "uid": "u", "creationTimestamp": "2026-03-01T13:00:00Z"});
    let old = of(
        json!({"metadata": metadata, "type": "Warning", "reason": "BackOff", "message": "again",
        "count": 4, "firstTimestamp": "2026-03-01T13:30:00Z", "lastTimestamp": "2026-03-01T14:00:00Z",
        "source": {"component": "kubelet"}, "involvedObject": about}),
    );
    let new = of(
        json!({"metadata": metadata, "type": "Warning", "reason": "BackOff", "note": "again",
        "eventTime": "2026-03-01T13:30:00Z", "series": {"count": 4, "lastObservedTime": "2026-03-01T14:00:00Z"},
        "reportingComponent": "kubelet", "regarding": about}),
    );
    assert_eq!(old, new);
    let old = old.unwrap();
    assert_eq!((old.count, old.about_kind.as_str()), (4, "Deployment"));
    assert!(old.first_at < old.last_at);
    // One that was never seen twice has the time when it was made.
    let once = of(json!({"metadata": metadata, "involvedObject": about})).unwrap();
    assert_eq!((once.first_at, once.count), (once.last_at, 1));
    assert_eq!(of(json!({"metadata": metadata})), None, "about nothing");
    assert_eq!(
        of(json!({"metadata": {"uid": "u"}, "involvedObject": about})),
        None,
        "at no time"
    );
    let long = "\u{0}".to_owned() + &"ä".repeat(2_000);
    let long = of(json!({"metadata": metadata, "message": long, "involvedObject": about})).unwrap();
    assert_eq!(long.message.len(), 1_024);
}

#[test]
fn a_storm_loses_what_is_no_warning_first() {
    let mut waiting = Waiting::default();
    for number in 0..ROOM {
        waiting.add(event(&format!("normal-{number}"), "Normal"));
    }
    // The same again is the same.
    waiting.add(event("normal-1", "Normal"));
    assert_eq!(waiting.lost, 0);
    waiting.add(event("one-more", "Normal"));
    waiting.add(event("warning", "Warning"));
    assert_eq!(waiting.lost, 2);
    let first = waiting.batch();
    assert_eq!((first.len(), first[0].uid.0.as_str()), (BATCH, "warning"));
    // What could not be written is written again, unless something newer is there.
    let newer = Report {
        count: 9,
        ..event("warning", "Warning")
    };
    waiting.add(newer);
    waiting.again(first);
    let second = waiting.batch();
    assert_eq!((second[0].uid.0.as_str(), second[0].count), ("warning", 9));
    let mut rest = 0;
    while !waiting.is_empty() {
        rest += waiting.batch().len();
    }
    assert_eq!(second.len() + rest, ROOM);
}
