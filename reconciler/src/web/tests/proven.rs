//! What was proven, where the applications and their history are.

use super::*;

#[tokio::test]
async fn what_is_proven_is_told_beside_the_application_and_leads_to_its_proof() {
    let site = Site::new(Sample::default()).await;
    let (_, page) = site.page("/apps/serving").await;
    let proof = "href=\"/proofs/e2a9c14bb01f/serving\"";
    for said in [
        "<dt>Proof</dt>",
        "class=\"proof k-warn\" href=\"/rollouts/serving-12\"",
        "match 7f3c2ab",
        "<dt>Last proven</dt>",
        proof,
        ", 14 of 14</a>",
        ">again <time",
        "Live <a class=\"commit\" href=\"/commits/e2a9c14",
        "Converging to <a class=\"commit\" href=\"/commits/7f3c2ab",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let (_, data) = site.json("/apps/serving").await;
    assert_eq!(data["proven"]["objects"], 14, "{data}");
    let (_, list) = site.page("/apps").await;
    for said in ["of 5</b> proven at", "<span class=\"sr\">Proven </span>"] {
        assert!(list.contains(said), "{said}: {list}");
    }
}

#[tokio::test]
async fn the_history_says_how_many_objects_and_points_at_what_came_back() {
    let site = Site::new(Sample::default()).await;
    let (_, page) = site.page("/apps/serving/history").await;
    for said in [
        ">Objects</th>",
        "<i>+1</i> <u>~4</u> <s>−2</s>",
        "stroke-linejoin=\"round\"/>",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
}

#[tokio::test]
async fn which_object_it_is_is_blamed_like_every_other_line() {
    let site = Site::new(Sample::default()).await;
    let path = "/apps/serving/objects/deployment.apps/movies/serving";
    let (_, data) = site.json(path).await;
    let fields = data["fields"].as_array().unwrap();
    let commit = |name: &str| {
        let field = fields.iter().find(|it| it["field"] == name);
        field.unwrap()["owner"]["commit"].as_str().unwrap()
    };
    for name in ["apiVersion", "kind", "metadata.name"] {
        assert!(commit(name).starts_with("5d0be77aa210"), "{name}: {data}");
    }
}
