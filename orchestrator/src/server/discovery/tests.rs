use http::StatusCode;
use http_body_util::BodyExt;
use serde_json::Value;

use super::*;
use crate::registry::kinds::Served;

const V2: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
                  application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,\
                  application/json";

fn ask(path: &str, accept: &str, known: &str) -> Result<Response, ApiError> {
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT, accept.parse().unwrap());
    if !known.is_empty() {
        headers.insert(header::IF_NONE_MATCH, known.parse().unwrap());
    }
    Discovery::new(Served::built_in().resources()).respond(path, &headers)
}

async fn body(response: Response) -> Value {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn every_path_answers_with_its_kind() {
    for (path, accept, kind) in [
        ("/api", "application/json", "APIVersions"),
        ("/api", V2, "APIGroupDiscoveryList"),
        ("/apis", "*/*", "APIGroupList"),
        ("/apis/", V2, "APIGroupDiscoveryList"),
        ("/apis/apps", V2, "APIGroup"),
        ("/apis/apps/v1", "", "APIResourceList"),
        ("/api/v1", "application/json, */*", "APIResourceList"),
        (
            "/apis/kedge.dev/v1alpha1",
            "application/json",
            "APIResourceList",
        ),
    ] {
        let answer = body(ask(path, accept, "").unwrap()).await;
        assert_eq!(answer["kind"], kind, "{path}");
    }
    for path in ["/apis/nowhere", "/apis/apps/v2", "/api/v2"] {
        assert_eq!(ask(path, "", "").unwrap_err().0.code(), 404, "{path}");
    }
    assert_eq!(ask("/apis", "image/png", "").unwrap_err().0.code(), 406);
}

#[tokio::test]
async fn aggregated_discovery_is_complete() {
    let response = ask("/apis", V2, "").unwrap();
    assert_eq!(
        response.headers()["content-type"],
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    );
    let list = body(response).await;
    let apps = &list["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|g| g["metadata"]["name"] == "apps")
        .unwrap();
    let deployments = apps["versions"][0]["resources"].as_array().unwrap();
    let deployments = deployments
        .iter()
        .find(|r| r["resource"] == "deployments")
        .unwrap();
    assert_eq!(deployments["responseKind"]["kind"], "Deployment");
    assert_eq!(deployments["shortNames"], serde_json::json!(["deploy"]));
    let scale = &deployments["subresources"][0];
    assert_eq!(
        (&scale["subresource"], &scale["responseKind"]["group"]),
        (&"scale".into(), &"autoscaling".into())
    );

    let core = body(ask("/api", V2, "").unwrap()).await;
    assert_eq!(core["items"].as_array().unwrap().len(), 1);
    // The same resources in both forms.
    let plain = body(ask("/api/v1", "", "").unwrap()).await;
    let names: Vec<&str> = plain["resources"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|r| r["name"].as_str())
        .collect();
    let nested = core["items"][0]["versions"][0]["resources"]
        .as_array()
        .unwrap();
    let count: usize = nested
        .iter()
        .map(|r| 1 + r["subresources"].as_array().map_or(0, Vec::len))
        .sum();
    assert_eq!(names.len(), count);
    assert!(names.contains(&"pods/eviction") && names.contains(&"serviceaccounts/token"));
}

#[tokio::test]
async fn what_the_client_has_is_not_sent_again() {
    let first = ask("/apis", V2, "").unwrap();
    let tag = first.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(first.headers()["vary"], "Accept");
    assert_eq!(
        ask("/apis", V2, &tag).unwrap().status(),
        StatusCode::NOT_MODIFIED
    );
    assert_eq!(
        ask("/apis", "application/json", &tag).unwrap().status(),
        StatusCode::OK
    );
}
