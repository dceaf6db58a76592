use jiff::{SignedDuration, Timestamp};

use super::*;

fn now() -> Timestamp {
    "2026-03-01T14:00:00Z".parse().unwrap()
}

fn fragment(html: &str) -> [Fragment; 1] {
    [Fragment::new("truth", html.to_owned())]
}

fn told(hub: &Hub, topic: &str, after: u64) -> Option<Vec<String>> {
    let events = hub.since(&[topic.to_owned()], after)?;
    Some(events.iter().map(|event| event.html.to_string()).collect())
}

#[test]
fn tells_what_changed_since_a_page_was_made_and_only_that() {
    let hub = Hub::new(now());
    let page = hub.publish("app:web", &fragment("one"), now());
    assert_eq!(told(&hub, "app:web", page), Some(vec![]));
    let same = hub.publish("app:web", &fragment("one"), now());
    assert_eq!(same, page);
    hub.publish("app:web", &fragment("two"), now());
    let newest = hub.publish("app:web", &fragment("three"), now());
    assert_eq!(told(&hub, "app:web", page), Some(vec!["three".into()]));
    assert_eq!(told(&hub, "app:web", newest), Some(vec![]));
    assert_eq!(told(&hub, "app:other", page), Some(vec![]));
}

#[test]
fn what_is_as_before_wakes_nobody() {
    let hub = Hub::new(now());
    hub.publish("app:web", &fragment("one"), now());
    let newest = hub.newest();
    hub.publish("app:web", &fragment("one"), now());
    assert!(!newest.has_changed().unwrap());
    hub.publish("app:web", &fragment("two"), now());
    assert!(newest.has_changed().unwrap());
}

#[test]
fn a_page_from_too_long_ago_is_loaded_again() {
    let hub = Hub::new(now());
    let page = hub.publish("app:web", &fragment("one"), now());
    hub.publish("app:web", &fragment("two"), now());
    let later = now() + SignedDuration::from_mins(11);
    let newest = hub.publish("app:web", &fragment("three"), later);
    assert_eq!(told(&hub, "app:web", page), None);
    assert_eq!(told(&hub, "app:web", newest), Some(vec![]));
    let restarted = Hub::new(later);
    assert_eq!(told(&restarted, "app:web", newest), None);
    assert_eq!(told(&hub, "app:web", newest + 1), None);
}

#[test]
fn a_topic_is_rendered_for_all_its_pages_together() {
    let hub = Hub::new(now());
    assert!(hub.is_due("app:web", now()));
    assert!(!hub.is_due("app:web", now()));
    assert!(hub.is_due("app:other", now()));
    assert!(hub.is_due("app:web", now() + SignedDuration::from_millis(250)));
}

#[test]
fn what_is_remembered_is_bounded() {
    let hub = Hub::new(now());
    let page = hub.publish("app:web", &fragment("one"), now());
    for number in 0..3_000 {
        hub.publish("app:web", &fragment(&number.to_string()), now());
    }
    assert_eq!(told(&hub, "app:web", page), None);
    let other = Hub::new(now());
    let page = other.publish("app:web", &fragment("one"), now());
    for number in 0..600 {
        other.publish(&format!("app:{number}"), &fragment("x"), now());
    }
    assert_eq!(told(&other, "app:web", page), None);
}
