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
    let other = hub.publish("app:other", &fragment("x"), now());
    assert_eq!(told(&hub, "app:other", other), Some(vec![]));
    assert_eq!(told(&hub, "app:unknown", other), None);
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
}

#[test]
fn only_pages_of_a_forgotten_topic_load_again() {
    let hub = Hub::new(now());
    let page = hub.publish("app:web", &fragment("one"), now());
    let open = hub.publish("app:open", &fragment("one"), now());
    for number in 0..2_000 {
        hub.publish(&format!("app:{number}"), &fragment("x"), now());
        // A page that is open renders its topic again and again.
        hub.is_due("app:open", now());
    }
    assert_eq!(told(&hub, "app:open", open), Some(vec![]));
    assert_eq!(told(&hub, "app:0", page), None);
    assert_eq!(told(&hub, "app:web", page), None);
    // Somebody else who opens it again does not say what happened in between.
    hub.publish("app:web", &fragment("two"), now());
    assert_eq!(told(&hub, "app:web", page), None);
    hub.publish("app:open", &fragment("two"), now());
    assert_eq!(told(&hub, "app:open", open), Some(vec!["two".into()]));
}

#[test]
fn a_quiet_page_outlives_what_is_forgotten_of_others() {
    let hub = Hub::new(now());
    let quiet = hub.publish("app:quiet", &fragment("one"), now());
    let busy = hub.publish("app:busy", &fragment("one"), now());
    for number in 0..3_000 {
        hub.publish("app:busy", &fragment(&number.to_string()), now());
    }
    assert_eq!(told(&hub, "app:busy", busy), None);
    assert_eq!(told(&hub, "app:quiet", quiet), Some(vec![]));
}
