use jiff::Timestamp;
use serde_json::json;

use api::Object;
use engine::rollout::{CommitId, RolloutPhase};

use super::rewrite::Rewrite;
use super::state::{Asked, Moment, Past, end, settled};
use super::{rewind, view};
use crate::history::{Rollout, Trigger};
use crate::source::Person;
use crate::web::markup::is_action;

fn at(text: &str) -> Timestamp {
    format!("2026-03-01T{text}Z").parse().unwrap()
}

fn rollout(number: i64, started: &str, finished: Option<&str>) -> Rollout {
    Rollout {
        id: format!("web-{number}"),
        application: "web".into(),
        number,
        push: None,
        revision: CommitId("a".repeat(40)),
        previous: CommitId::default(),
        author: Person::new("Ann", ""),
        commit_message: "web: new".into(),
        trigger: Trigger::Poll,
        rollback_of: String::new(),
        rollback: None,
        digest: String::new(),
        first_try: None,
        same_as_previous: false,
        phase: RolloutPhase::Succeeded,
        message: "all is well".into(),
        changed: Some(true),
        started_at: at(started),
        began_at: Some(at(started)),
        deadline_at: None,
        finished_at: finished.map(at),
        undone_at: None,
        taken_back: None,
        asked_by: None,
        options: engine::rollout::Options::default(),
    }
}

#[test]
fn an_address_names_a_time_or_a_commit() {
    let check = |query: &str, expected: Option<Moment>| {
        let asked = Asked::of(query);
        assert_eq!(asked.and_then(|it| it.moment()), expected, "{query}");
    };
    let time = Some(Moment::Time(at("10:00:00")));
    check("at=2026-03-01T10:00:00Z", time.clone());
    check("view=list&at=2026-03-01T10%3A00%3A00Z", time.clone());
    check("at=2026-03-01T12:00:00+02:00", time);
    check("at=7F3C2AB", Some(Moment::Commit("7f3c2ab".into())));
    check("at=yesterday", None);
    check("at=", None);
    check("that=7f3c2ab", None);
}

#[test]
fn a_commit_is_the_moment_when_all_of_it_was_done() {
    let now = at("12:00:00");
    let done = [
        rollout(1, "10:00:00", Some("10:01:00")),
        rollout(1, "10:00:00", Some("10:03:00")),
    ];
    assert_eq!(end(&done, now), Some(at("10:03:00")));
    assert_eq!(end(&[rollout(2, "11:59:00", None)], now), Some(now));
    assert_eq!(end(&[], now), None);
    let check = |near: &[Rollout], now: &str, expected: &str| {
        assert_eq!(settled(at("10:03:00"), near, at(now)), at(expected));
    };
    check(&[], "12:00:00", "10:03:02");
    check(&[], "10:03:01", "10:03:01");
    check(&[rollout(1, "10:02:00", None)], "12:00:00", "10:03:02");
    check(
        &[rollout(3, "10:03:01", None)],
        "12:00:00",
        "10:03:00.999999",
    );
}

#[test]
fn what_came_later_has_not_happened() {
    let check = |moment: &str, expected: Option<(RolloutPhase, bool, &str)>| {
        let whole = rollout(1, "10:00:00", Some("10:05:00"));
        let found = rewind::rollout(whole, at(moment));
        let found = found
            .as_ref()
            .map(|it| (it.phase, it.finished_at.is_some(), it.message.as_str()));
        assert_eq!(found, expected, "{moment}");
    };
    check("09:59:59", None);
    check("10:02:00", Some((RolloutPhase::Verifying, false, "")));
    check(
        "10:05:00",
        Some((RolloutPhase::Succeeded, true, "all is well")),
    );
}

#[test]
fn links_stay_in_the_past_and_actions_go() {
    let rewrite = Rewrite {
        at: "7f3c2ab",
        bar: "<b>bar</b>",
    };
    let check = |html: &str, expected: &str| assert_eq!(rewrite.page(html), expected);
    check(
        "<a class=\"x\" href=\"/apps/web\">w</a>",
        "<a class=\"x\" href=\"/apps/web?at=7f3c2ab\">w</a>",
    );
    check(
        "<a href=\"/apps?q=a#b\">w</a>",
        "<a href=\"/apps?q=a&amp;at=7f3c2ab#b\">w</a>",
    );
    check(
        "<a href=\"?by=cpu#map\">w</a>",
        "<a href=\"?by=cpu&amp;at=7f3c2ab#map\">w</a>",
    );
    check("<a href=\"#main\">w</a>", "<a href=\"#main\">w</a>");
    check("<a href=\"\">again</a>", "<a href=\"\">again</a>");
    check(
        "<a href=\"/nodes?by=cpu&amp;at=1\">w</a>",
        "<a href=\"/nodes?by=cpu&amp;at=1\">w</a>",
    );
    check("<a href=\"/apps/web/sync\"><i>Sync</i></a>!", "!");
    check(
        "<a href=\"/rollouts/web-1/rollback?through=web-2\">x</a>",
        "",
    );
    check(
        "<a href=\"https://x.example/\">x</a>",
        "<a href=\"https://x.example/\">x</a>",
    );
    check(
        "<a href=\"/apps\" data-now>n</a>",
        "<a href=\"/apps\" data-now>n</a>",
    );
    check(
        "<form method=\"post\" action=\"/apps/web/suspend\"><button>x</button></form>.",
        ".",
    );
    check(
        "<form action=\"/search\"><input></form>",
        "<form action=\"/search\"><input type=\"hidden\" name=\"at\" value=\"7f3c2ab\"><input></form>",
    );
    check(
        "<nav class=\"tape\" id=\"tape\"><a href=\"/x\">y</a></nav>z",
        "z",
    );
    check(
        "<main id=\"main\">x</main>",
        "<main id=\"main\"><b>bar</b>x</main>",
    );
    assert!(is_action("/rollback?to=1") && is_action("/apps/a/sync") && !is_action("/rollouts"));
}

#[test]
fn a_page_finds_itself_at_other_moments() {
    let check = |query: &str, moment: &str, expected: &str| {
        assert_eq!(view::address("/apps", query, moment), expected);
    };
    check("at=1", "", "/apps");
    check("q=a&at=1&view=list", "", "/apps?q=a&view=list");
    check("at=1&q=a", "7f3c2ab", "/apps?q=a&at=7f3c2ab");
    let near = [
        rollout(3, "11:00:00", None),
        rollout(2, "10:10:00", Some("10:20:00")),
        rollout(1, "10:00:00", Some("10:05:00")),
    ];
    let check = |moment: &str, before: Option<&str>, after: Option<&str>| {
        let found = view::neighbours(&near, at(moment));
        assert_eq!(found, (before.map(at), after.map(at)), "{moment}");
    };
    check("10:05:00", None, Some("10:20:00"));
    check("10:10:00", Some("10:05:00"), Some("10:20:00"));
    check("12:00:00", Some("10:20:00"), None);
}

#[test]
fn what_was_made_is_found_below_its_owner() {
    let object = |kind: &str, api: &str, name: &str, owner: &str| {
        let owners = if owner.is_empty() {
            json!([])
        } else {
            json!([{"apiVersion": "x/v1", "kind": "X", "name": "x", "uid": owner, "controller": true}])
        };
        Object::from(json!({"apiVersion": api, "kind": kind, "metadata": {
            "name": name, "namespace": "shop", "uid": name, "ownerReferences": owners}}))
    };
    let web = object("Deployment", "apps/v1", "web", "");
    let all = vec![
        web.clone(),
        object("ReplicaSet", "apps/v1", "web-1", "web"),
        object("Pod", "v1", "web-1-a", "web-1"),
        object("Pod", "v1", "other", ""),
        object("Unheard", "example.org/v1", "u", ""),
    ];
    let past = Past::new(at("10:00:00"), "7f3c2ab", CommitId::default(), all);
    let names: Vec<String> = past
        .descendants(&web)
        .iter()
        .map(|(key, _)| key.name.clone())
        .collect();
    assert_eq!(names, ["web-1", "web-1-a"]);
}

#[test]
fn a_service_that_led_nowhere_is_told_of() {
    let pod = json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "web-1", "namespace": "shop", "labels": {"app": "web"}},
        "spec": {"containers": [{"name": "web", "ports": [{"containerPort": 8080}]}]}});
    let other = json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "wbe-1", "namespace": "elsewhere", "labels": {"app": "wbe"}}});
    let all = vec![Object::from(pod), Object::from(other)];
    let past = Past::new(at("10:00:00"), "7f3c2ab", CommitId::default(), all);
    let check = |app: &str, port: u16, expected: &str| {
        let service = json!({"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"selector": {"app": app}, "ports": [{"port": 80, "targetPort": port}]}});
        assert_eq!(past.warning(&service.into()), expected);
    };
    check("web", 8080, "");
    check(
        "wbe",
        8080,
        "No pod in namespace shop has the labels app=wbe",
    );
    check(
        "web",
        9090,
        "Port 80 leads to 9090, which no container declares",
    );
}
