use super::*;

const SERVING: &str = "/apps/serving/objects/deployment.apps/movies/serving";

#[tokio::test]
async fn an_object_says_how_it_is_and_what_it_has_to_do_with_others() {
    let site = Site::new(Sample::default()).await;
    let (status, text) = site.page(SERVING).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    for said in [
        "movies/serving",
        "made",
        "serving-7d9f6c8b54",
        "Fields and owners",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let (_, list) = site.page("/apps/serving").await;
    assert!(list.contains(&format!("href=\"{SERVING}\"")), "{list}");
}

#[tokio::test]
async fn each_field_has_its_owner_beside_it() {
    let site = Site::new(Sample::default()).await;
    let (_, text) = site.page(&format!("{SERVING}?tab=yaml")).await;
    for said in [
        "replicas: 4",
        "ann",
        "href=\"/commits/7f3c2ab",
        "api.yaml:",
        "kedge blame deployment/serving -n movies",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let (status, data) = site.json(SERVING).await;
    assert_eq!(status, StatusCode::OK);
    let fields = data["fields"].as_array().unwrap();
    let replicas = fields
        .iter()
        .find(|it| it["field"] == "spec.replicas")
        .unwrap();
    assert_eq!(replicas["owner"]["sort"], "person", "{replicas}");
    assert_eq!(replicas["owner"]["name"], "ann", "{replicas}");
}

#[tokio::test]
async fn what_was_deleted_is_gone_with_its_last_state() {
    let site = Site::new(Sample::default()).await;
    let gone = "/apps/serving/objects/configmap/movies/old-flags";
    let (status, text) = site.page(gone).await;
    assert_eq!(status, StatusCode::GONE, "{text}");
    for said in [
        "movies/old-flags is gone",
        "e2a9c14",
        "color: blue",
        "kedge undelete configmap/old-flags",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let (status, data) = site.json(gone).await;
    assert_eq!(status, StatusCode::GONE);
    assert_eq!(data["object"]["data"]["color"], "blue", "{data}");
    let (status, _) = site
        .page("/apps/serving/objects/configmap/movies/never")
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = site.page("/apps/serving/objects/thing/movies/x").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_part_that_fails_leaves_the_rest_and_names_its_request() {
    let site = Site::new(Sample::default()).await;
    let request = Request::get("/apps/ui")
        .header(header::COOKIE, site.cookie())
        .header(header::ACCEPT, "text/html");
    let response = site.send(request.body(Body::empty()).unwrap()).await;
    let name = response.headers()["x-request-id"].to_str().unwrap();
    let name = name.to_owned();
    let (status, text) = read(response).await;
    assert_eq!(status, StatusCode::OK);
    for said in [
        "The objects cannot be read: the cluster did not answer",
        "Recent rollouts",
        &format!("under request <span class=\"mono\">{name}</span>"),
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[tokio::test]
async fn an_object_is_shown_at_its_own_application_only() {
    let site = Site::new(Sample::default()).await;
    let check = async |path: &str, expected: StatusCode| {
        let (status, text) = site.page(path).await;
        assert_eq!(status, expected, "{path}: {text}");
        text
    };
    // From Git, and made by what is.
    check(SERVING, StatusCode::OK).await;
    let pod = "/apps/serving/objects/pod/movies/serving-7d9f6c8b54-x2x7k";
    check(pod, StatusCode::OK).await;
    // Kedge's own record of it, and of another.
    let record = "/objects/application.kedge.dev/kedge/serving";
    check(&format!("/apps/serving{record}"), StatusCode::OK).await;
    check(&format!("/apps/training{record}"), StatusCode::SEE_OTHER).await;
    // At another application's address it leads to its own.
    let other = SERVING.replace("/apps/serving", "/apps/training");
    check(&other, StatusCode::SEE_OTHER).await;
    let gone = "/apps/training/objects/configmap/movies/old-flags";
    check(gone, StatusCode::SEE_OTHER).await;
    // In the cluster, and nobody's.
    let nobody_s = "/apps/serving/objects/configmap/movies/serving-env";
    let text = check(nobody_s, StatusCode::NOT_FOUND).await;
    assert!(text.contains("neither from this application"), "{text}");
    check(&format!("{nobody_s}?tab=yaml"), StatusCode::NOT_FOUND).await;
    let (status, _) = site.json(nobody_s).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
