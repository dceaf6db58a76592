use futures::StreamExt;
use serde_json::json;

use api::WatchEvent;
use api::discovery::GroupVersion;
use api::selector::{FieldSelector, LabelSelector};

use super::request::{Paths, Request, delete_body};
use super::send::refusal;
use super::*;
use crate::Propagation;

fn pods() -> Collection {
    Collection::new("", "pods")
}

#[test]
fn requests_keep_every_value_in_its_place() {
    let catalog = Catalog::built_in();
    let paths = Paths(&catalog);
    let key = Collection::new("apps", "deployments").key("default", "we/b?");
    assert_eq!(
        paths.target(&Target::status(key), "").unwrap(),
        "/apis/apps/v1/namespaces/default/deployments/we%2Fb%3F/status"
    );
    let node = Collection::new("", "nodes").key("", "n1");
    assert_eq!(paths.object(&node, "").unwrap(), "/api/v1/nodes/n1");
    let unknown = Collection::new("x.io", "ys").key("a", "b");
    assert!(paths.object(&unknown, "v1").unwrap_err().is_not_found());

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
fn what_is_sent_goes_where_its_version_is_and_the_rest_where_the_server_prefers() {
    let widget = |version: &str| {
        let rows = json!({"resources": [{"name": "widgets", "singularName": "widget",
            "namespaced": true, "kind": "Widget", "verbs": ["get"]}]});
        let at = GroupVersion {
            group: "x.io".into(),
            version: version.into(),
        };
        api::discovery::resources(&at, &rows)
    };
    let catalog = Catalog::new([widget("v1"), widget("v1beta1")].concat());
    let key = Collection::new("x.io", "widgets").key("shop", "a");
    let check = |version: &str, expected: &str| {
        let path = Paths(&catalog).object(&key, version).unwrap();
        assert_eq!(
            path,
            format!("/apis/x.io/{expected}/namespaces/shop/widgets/a")
        );
    };
    check("", "v1");
    check("v1", "v1");
    check("v1beta1", "v1beta1");
    // It was served yesterday: the server says what it thinks of it.
    check("v1alpha1", "v1");
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
    Paths(&Catalog::built_in()).take_items(&pods(), &mut page, &mut items);
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
