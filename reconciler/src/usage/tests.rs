//! What is read of what the cluster measures, and what becomes of it over a day.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{Collection, Object};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::decide::{self, Days};
use super::{Amount, Point, Source, Used, line};

fn at(minutes: i64) -> Timestamp {
    let start: Timestamp = "2026-03-01T14:00:00Z".parse().unwrap();
    start + SignedDuration::from_mins(minutes)
}

fn amount(cpu_nanos: i64, memory_bytes: i64) -> Amount {
    Amount {
        cpu_nanos,
        memory_bytes,
    }
}

fn pod(name: &str, containers: &Value) -> Object {
    Object::from(json!({
        "kind": "PodMetrics", "metadata": {"namespace": "movies", "name": name},
        "containers": containers,
    }))
}

#[test]
fn a_pod_is_the_sum_of_its_containers_or_nothing() {
    let c = |name: &str, cpu: &str| json!({"name": name, "usage": {"cpu": cpu, "memory": "1Mi"}});
    let all = [
        pod("a", &json!([c("x", "1500u"), c("y", "250m")])),
        pod("b", &json!([c("x", "1"), c("y", "much")])),
        pod("c", &json!([])),
    ];
    let pods = decide::pods(&all);
    let used = Used {
        pods,
        ..Used::default()
    };
    assert_eq!(used.pod("movies", "a"), Some(amount(251_500_000, 2 << 20)));
    assert_eq!(used.pod("movies", "b"), None);
    let whose = |_: &str, name: &str| if name == "c" { "" } else { "serving" }.to_owned();
    let sums = decide::applications(&used.pods, whose);
    assert_eq!(
        sums,
        BTreeMap::from([("serving".into(), amount(251_500_000, 2 << 20))])
    );
    let node =
        Object::from(json!({"metadata": {"name": "n"}, "usage": {"cpu": "2", "memory": "1Gi"}}));
    let nodes = decide::nodes(&[node, Object::default()]);
    assert_eq!(
        nodes,
        BTreeMap::from([("n".into(), amount(2_000_000_000, 1 << 30))])
    );
}

#[test]
fn a_limit_is_one_where_all_have_one() {
    let pod_of = |limits: &[Value]| {
        let containers = limits.iter().map(|cpu| match cpu {
            Value::Null => json!({"name": "c"}),
            cpu => json!({"name": "c", "resources": {"limits": {"cpu": cpu}}}),
        });
        Object::from(json!({"spec": {"containers": containers.collect::<Vec<_>>()}}))
    };
    let limit = |limits: &[Value]| decide::cpu_limit(&pod_of(limits));
    assert_eq!(limit(&[json!("500m"), json!(1)]), Some(1_500_000_000));
    assert_eq!(limit(&[json!("500m"), Value::Null]), None);

    let all = ["a", "b", "c", "d"].map(|name| pod(name, &json!([])));
    let whose = |_: &str, name: &str| match name {
        "a" | "b" => "web".to_owned(),
        "c" => "db".to_owned(),
        _ => String::new(),
    };
    let limit = |_: &str, name: &str| (name != "c").then_some(5);
    let sums = decide::limits(&decide::pods(&all), whose, limit);
    assert_eq!(sums, BTreeMap::from([("web".to_owned(), 10)]));
}

#[test]
fn a_step_is_an_average_and_a_day_ends() {
    let mut days = Days::default();
    let web = |cpu| BTreeMap::from([("web".to_owned(), amount(cpu, 10))]);
    assert!(days.add(at(0), &web(100)).is_empty());
    assert!(days.add(at(9), &web(300)).is_empty());
    let point = |minutes, cpu| Point {
        at: at(minutes),
        amount: amount(cpu, 10),
    };
    // What is not over yet is shown, and not kept.
    assert_eq!(*days.shown()["web"], [point(0, 200)]);
    assert_eq!(
        days.add(at(11), &web(50)),
        [("web".to_owned(), point(0, 200))]
    );
    assert_eq!(*days.shown()["web"], [point(0, 200), point(10, 50)]);
    // Nothing was measured for a day: there is nothing to show of it.
    let late = 25 * 60;
    assert_eq!(days.add(at(late), &BTreeMap::new()).len(), 1);
    assert_eq!(days.add(at(late + 10), &web(7)), []);
    assert_eq!(*days.shown()["web"], [point(late + 10, 7)]);
}

#[test]
fn a_restart_goes_on_with_the_day() {
    let kept = |minutes, cpu| {
        let point = Point {
            at: at(minutes),
            amount: amount(cpu, 0),
        };
        ("web".to_owned(), point)
    };
    let mut days = Days::load(vec![kept(-20, 1), kept(-10, 2), kept(0, 3)]);
    let now = BTreeMap::from([("web".to_owned(), amount(9, 0))]);
    days.add(at(5), &now);
    let cpus = |days: &Days| -> Vec<i64> {
        let day = &days.shown()["web"];
        day.iter().map(|it| it.amount.cpu_nanos).collect()
    };
    assert_eq!(cpus(&days), [1, 2, 9]);
    assert_eq!(days.add(at(10), &now), [kept(0, 9)]);
    assert_eq!(cpus(&days), [1, 2, 9, 9]);
}

#[test]
fn whose_a_pod_is_follows_what_made_it() {
    let owned = |kind: &str, version: &str, name: &str| {
        json!({"metadata": {"ownerReferences": [
            {"apiVersion": version, "kind": kind, "name": name, "controller": true, "uid": "u"}]}})
    };
    let catalog = api::Catalog::built_in();
    let sets = Collection::new("apps", "replicasets").key("movies", "web-1");
    let find = |key: &api::ObjectKey| {
        let set = Object::from(owned("Deployment", "apps/v1", "web"));
        (*key == sets).then(|| Arc::new(set))
    };
    let key = Collection::new("", "pods").key("movies", "web-1-x");
    let pod = Object::from(owned("ReplicaSet", "apps/v1", "web-1"));
    let names = |object: &Object| -> Vec<String> {
        let line = line(&catalog, &find, &key, object);
        line.into_iter().map(|key| key.name).collect()
    };
    assert_eq!(names(&pod), ["web-1-x", "web-1", "web"]);
    assert_eq!(names(&Object::default()), ["web-1-x"]);
    let foreign = Object::from(owned("Widget", "example.org/v1", "w"));
    assert_eq!(names(&foreign), ["web-1-x"]);
}

#[test]
fn the_last_figures_stand_for_a_while() {
    let last = Used {
        source: Source::Answers,
        at: Some(at(0)),
        applications: BTreeMap::from([("web".to_owned(), amount(9, 0))]),
        ..Used::default()
    };
    let told = |source, minutes| {
        let told = decide::unanswered(&last, source, BTreeMap::new(), at(minutes));
        assert_eq!(told.source, source);
        (told.stale(), told.applications.len())
    };
    assert_eq!(told(Source::Silent, 1), (Some(at(0)), 1));
    assert_eq!(told(Source::Silent, 10), (Some(at(0)), 1));
    assert_eq!(told(Source::Silent, 11), (None, 0));
    // Nothing measures there any more.
    assert_eq!(told(Source::Absent, 1), (None, 0));
    assert_eq!(last.stale(), None);
}
