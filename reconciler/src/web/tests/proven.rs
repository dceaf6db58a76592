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

#[tokio::test]
async fn what_was_rolled_back_and_who_asked_is_told_everywhere() {
    let site = Site::new(Sample::default()).await;
    let (_, data) = site.json("/apps/serving/history").await;
    let items = data["items"].as_array().unwrap();
    let gone = items.iter().find(|it| it["id"] == "serving-5").unwrap();
    assert_eq!(gone["takenBack"]["rollout"], "serving-10", "{gone}");
    let (_, data) = site.json("/rollouts").await;
    let items = data["items"].as_array().unwrap();
    let synced = items.iter().find(|it| it["id"] == "training-4").unwrap();
    assert_eq!(
        (&synced["askedBy"]["name"], &synced["author"]["name"]),
        (&"Bea".into(), &"Jonas Berg".into())
    );
    let said = async |path: &str, texts: &[&str]| {
        let (_, page) = site.page(path).await;
        for text in texts {
            assert!(page.contains(text), "{text}: {page}");
        }
    };
    said("/apps/serving/history", &["Rolled back"]).await;
    let by = "rolled back by <a class=\"link\" href=\"/rollouts/serving-10\">serving-10</a>";
    said("/rollouts/serving-5", &["Rolled back", by]).await;
    said("/rollouts", &["</span>Bea</span>"]).await;
    let asked = ["Bea asked for it", "commit by Jonas Berg", "Asked for"];
    said("/rollouts/training-4", &asked).await;
}
