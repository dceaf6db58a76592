use http_body_util::BodyExt;

use super::*;

fn openapi() -> OpenApi {
    OpenApi::new(Makers {
        v2: |_| json!({"swagger": "2.0"}),
        v2_protobuf: |_| vec![1_u8, 2],
        v3: || {
            let v3 = json!({"openapi": "3.0.0"});
            Box::new(std::iter::once(("apis/apps/v1".to_owned(), v3)))
        },
        v3_custom: |_| Box::new(std::iter::empty()),
    })
}

fn ask(path: &str, hash: Option<&str>, accept: &str) -> Result<Response, ApiError> {
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT, accept.parse().unwrap());
    openapi().respond(Served::built_in(), path, hash, &headers)
}

#[tokio::test]
async fn the_index_leads_to_documents_that_never_change() {
    let index = ask("/openapi/v3", None, "application/json").unwrap();
    let bytes = index.into_body().collect().await.unwrap().to_bytes();
    let index: Value = serde_json::from_slice(&bytes).unwrap();
    let url = index["paths"]["apis/apps/v1"]["serverRelativeURL"]
        .as_str()
        .unwrap();
    let (path, hash) = url.split_once("?hash=").unwrap();

    let document = ask(path, Some(hash), "application/json").unwrap();
    assert_eq!(document.headers()["cache-control"], FOR_EVER);
    let other = ask(path, Some("0A"), "application/json").unwrap();
    assert_eq!(other.status(), StatusCode::MOVED_PERMANENTLY);
    assert_eq!(other.headers()["location"], url);
    let unnamed = ask(path, None, "application/json").unwrap();
    assert_eq!(unnamed.headers()["cache-control"], "no-cache, private");
    assert_eq!(
        ask("/openapi/v3/api/v9", None, "").unwrap_err().0.code(),
        404
    );
}

#[test]
fn version_two_in_both_forms() {
    let protobuf = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
    let content_type = |accept: &str| {
        let response = ask("/openapi/v2", None, accept).unwrap();
        response.headers()["content-type"]
            .to_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(content_type(protobuf), protobuf.replace('@', "."));
    assert_eq!(content_type("application/json"), "application/json");
    assert_eq!(
        ask("/openapi/v2", None, "image/png").unwrap_err().0.code(),
        406
    );
}
