use futures::StreamExt;
use serde_json::json;

use api::WatchEvent;
use api::selector::{FieldSelector, LabelSelector};

use super::request::{Request, delete_body, object_path, take_items, target_path};
use super::send::refusal;
use super::*;
use crate::Propagation;

fn pods() -> Collection {
    Collection::new("", "pods")
}

#[test]
fn requests_keep_every_value_in_its_place() {
    let key = Collection::new("apps", "deployments").key("default", "we/b?");
    assert_eq!(
        target_path(&Target::status(key)).unwrap(),
        "/apis/apps/v1/namespaces/default/deployments/we%2Fb%3F/status"
    );
    let node = Collection::new("", "nodes").key("", "n1");
    assert_eq!(object_path(&node).unwrap(), "/api/v1/nodes/n1");
    assert!(
        object_path(&Collection::new("x.io", "ys").key("a", "b"))
            .unwrap_err()
            .is_not_found()
    );

    let labels = LabelSelector::parse("app=web,tier in (a,b)").unwrap();
    let request = Request::get("/api/v1/pods".into())
        .selectors(&labels, &FieldSelector::equals("spec.nodeName", "n1"))
        .writing(true, "me & you");
    assert_eq!(
        request.uri(),
        "/api/v1/pods?labelSelector=app%3Dweb%2Ctier%20in%20%28a%2Cb%29\
         &fieldSelector=spec.nodeName%3Dn1&dryRun=All&fieldManager=me%20%26%20you"
    );
}

#[test]
fn deletion_carries_its_preconditions() {
    let body = delete_body(&DeleteOptions {
        grace_period_seconds: Some(0),
        propagation: Some(Propagation::Foreground),
        uid: Some(api::Uid("u".into())),
        ..DeleteOptions::default()
    });
    assert_eq!(
        body,
        json!({
            "apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0,
            "propagationPolicy": "Foreground", "preconditions": {"uid": "u"},
        })
    );
}

#[test]
fn listed_items_get_their_type_back() {
    let mut page = json!({"items": [{"metadata": {"name": "a"}}]});
    let mut items = Vec::new();
    take_items(&pods(), &mut page, &mut items);
    assert_eq!(items[0].gvk().to_string(), "v1, Kind=Pod");
}

#[test]
fn refusals_keep_the_servers_words() {
    let status = Status::not_found(&pods().key("default", "a"));
    let json = status.to_json();
    assert_eq!(
        refusal(404, Some(&json), b"").to_string(),
        "pods \"a\" not found"
    );
    let plain = refusal(503, None, b"no leader\n");
    assert_eq!(plain.to_string(), "the server answered 503: no leader");
    assert_eq!(plain.remedy(), crate::Remedy::Transient);
}

#[tokio::test]
async fn events_are_cut_at_lines_wherever_the_network_cuts() {
    let text = concat!(
        r#"{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"1"}}}"#,
        "\n",
        r#"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"5","annotations":{"k8s.io/initial-events-end":"true"}}}}"#,
        "\n",
        r#"{"type":"ERROR","object":{"kind":"Status","reason":"Expired","message":"too old","code":410}}"#,
        "\n",
        r#"{"type":"ADD"#
    );
    for size in [1, 7, 4096] {
        let chunks: Vec<Result<Bytes, Error>> = text
            .as_bytes()
            .chunks(size)
            .map(|chunk| Ok(Bytes::copy_from_slice(chunk)))
            .collect();
        let events: Vec<_> = watch::events(futures::stream::iter(chunks), "GET".into())
            .map(|event| event.unwrap())
            .collect()
            .await;
        let [added, bookmark, error] = events.as_slice() else {
            panic!("{events:?}");
        };
        assert!(matches!(added, WatchEvent::Added(object) if object.name() == "a"));
        assert!(matches!(
            bookmark,
            WatchEvent::Bookmark {
                initial_end: true,
                ..
            }
        ));
        assert!(matches!(error, WatchEvent::Error(status) if status.code() == 410));
    }
}
