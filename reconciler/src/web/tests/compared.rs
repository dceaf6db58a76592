//! Two states of an application, compared.

use std::collections::BTreeMap;

use serde_json::json;

use api::Object;
use engine::diff::changes;
use engine::plan::{self, Change, Plan, Sides};
use engine::{Origin, WaveNumber};

use super::sample::{Sample, ago, id, key};
use super::*;
use crate::service::{Error, PlanView, Side};

/// Values that must never be on a page.
const HIDDEN: [&str; 2] = ["aHVudGVyMg==", "c3dvcmRmaXNo"];

impl Sample {
    pub(super) fn compared(
        &self,
        application: &str,
        from: &str,
        to: &str,
    ) -> Result<PlanView, Error> {
        match to {
            "broken" => {
                return Err(Error::Refused(
                    self.text("movies/serving/api.yaml:7:3: unknown field spec.replica"),
                ));
            }
            "nowhere" => {
                return Err(Error::NotFound(
                    "revision \"nowhere\" in the cluster repository".into(),
                ));
            }
            _ => {}
        }
        let (plan, sides) = match application {
            _ if self.many > 0 && to == "whole" => sides_of(Self::many_changes()),
            _ if self.many > 0 && to == "big" => sides_of(Self::big_change(self.many * 4)),
            _ if self.many > 0 => (Self::many_changes(), Sides::default()),
            "ingestion" => (Plan::default(), Sides::default()),
            "training" => self.both(),
            _ => (self.plan_now(), Sides::default()),
        };
        let commit = self.commit();
        let side = |text: &str| match text {
            "live" => Side::default(),
            "12" => Side {
                rollout: self.all_rollouts().into_iter().next(),
                ..Side::of(&commit)
            },
            text => Side {
                unmerged: text == "try",
                ..Side::of(&commit)
            },
        };
        Ok(PlanView {
            application: application.into(),
            from: side(if from.is_empty() { "live" } else { from }),
            to: side(to),
            lines: plan::lines(&plan),
            commit,
            plan,
            sides,
        })
    }

    /// A plan with the whole objects that it is between.
    fn both(&self) -> (Plan, Sides) {
        let deployment = |image: &str, by: &str| -> Object {
            let env: Vec<_> = (0..30)
                .map(|at| json!({"name": format!("SETTING_{at}"), "value": self.text("on")}))
                .collect();
            json!({"apiVersion": "apps/v1", "kind": "Deployment",
                "metadata": {"name": "training", "namespace": "movies", "managedFields": [
                    {"manager": "kedge", "operation": "Apply", "time": ago(900).to_string(), "fieldsV1":
                        {"f:spec": {"f:template": {"f:spec": {"f:containers": {
                            "k:{\"name\":\"api\"}": {".": {}, "f:name": {}, "f:env": {}}}}}}}},
                    {"manager": by, "operation": "Update", "time": ago(60).to_string(), "fieldsV1":
                        {"f:spec": {"f:template": {"f:spec": {"f:containers": {
                            "k:{\"name\":\"api\"}": {"f:image": {}}}}}}}},
                    {"manager": "kube-controller-manager", "subresource": "scale", "fieldsV1":
                        {"f:spec": {"f:replicas": {}}}}]},
                "spec": {"replicas": 3, "revisionHistoryLimit": 10, "template": {"spec": {
                    "containers": [{"name": "api", "env": env, "image": image,
                        "imagePullPolicy": "IfNotPresent"}]}}}})
            .into()
        };
        let secret = |value: &str| -> Object {
            json!({"apiVersion": "v1", "kind": "Secret",
                "metadata": {"name": "token", "namespace": "movies"}, "data": {"token": value}})
            .into()
        };
        // As the commit has it: without what others set.
        let asked = |object: &Object| -> Object {
            let mut body = object.body.clone();
            if object.kind() == "Deployment" {
                let spec = body["spec"].as_object_mut().unwrap();
                spec.retain(|field, _| field == "template");
                let container = &mut spec["template"]["spec"]["containers"][0];
                container.as_object_mut().unwrap().remove("imagePullPolicy");
            }
            body.into()
        };
        let step =
            |kind: &str, resource: &str, name: &str, old: &Object, new: &Object| plan::Step {
                key: key(resource, name),
                kind: kind.into(),
                origin: Origin {
                    file: self.text("movies/training/api.yaml"),
                    line: 7,
                },
                object: asked(new),
                change: Change::Update(changes(old, new)),
            };
        let (was, is) = (
            deployment("movies/training:2.18.0", "kubectl-edit"),
            deployment("movies/training:2.18.1", "kedge"),
        );
        let (before, after) = (secret(HIDDEN[0]), secret(HIDDEN[1]));
        let keys = [key("deployments.apps", "training"), key("secrets", "token")];
        let plan = Plan {
            waves: vec![plan::Wave {
                stage: 0,
                number: WaveNumber::default(),
                steps: vec![
                    step("Deployment", "deployments.apps", "training", &was, &is),
                    step("Secret", "secrets", "token", &before, &after),
                ],
            }],
            ..Plan::default()
        };
        let side = |objects: [Object; 2]| -> BTreeMap<_, _> {
            keys.iter().cloned().zip(objects).collect()
        };
        let sides = Sides {
            old: side([was, before]),
            new: side([is, after]),
        };
        (plan, sides)
    }
}

/// Changes with the whole objects.
fn sides_of(mut plan: Plan) -> (Plan, Sides) {
    let mut sides = Sides::default();
    for step in &mut plan.waves[0].steps {
        let Change::Update(fields) = &step.change else {
            continue;
        };
        let object = |new: bool| -> Object {
            let data = fields.iter().map(|it| {
                let value = if new { &it.new } else { &it.old };
                (
                    it.path.trim_start_matches("data.").to_owned(),
                    value.clone(),
                )
            });
            json!({"apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": step.key.name}, "data": data.collect::<BTreeMap<_, _>>()})
            .into()
        };
        sides.old.insert(step.key.clone(), object(false));
        sides.new.insert(step.key.clone(), object(true));
    }
    (plan, sides)
}

const DIFF: &str = "/apps/training/diff";

#[tokio::test]
async fn a_comparison_says_what_it_is() {
    let site = Site::new(Sample::default()).await;
    let says = async |query: &str, expected: &[&str]| {
        let (status, page) = site.page(&format!("{DIFF}{query}")).await;
        assert_eq!(status, StatusCode::OK, "{query}");
        for text in expected {
            assert!(page.contains(text), "{query}: {text}: {page}");
        }
    };
    says("", &["Changed outside of Git by kubectl-edit"]).await;
    says("?to=try", &["Pending change", "Not merged", "commit ghost"]).await;
    says("?to=12", &["Rollout 12", ">rollout 12<"]).await;
    says(
        "?from=v1&to=v2",
        &["Between two commits", "7f3c2ab, rendered"],
    )
    .await;
    says(
        "?from=v1&to=live&view=unified",
        &[
            "value=\"v1\"",
            "href=\"?view=unified&#38;from=live&#38;to=v1\"",
            "name=\"view\" value=\"unified\"",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_comparison_has_all_lines_with_numbers_that_can_be_led_to() {
    let site = Site::new(Sample::default()).await;
    let (_, page) = site.page(DIFF).await;
    for text in [
        "id=\"deployment.movies.training:R",
        "<a href=\"#deployment.movies.training:L",
        "unchanged lines</label>",
        "<tbody class=\"hid\">",
        "2.18.<ins>1</ins>",
        ">2 defaulted fields hidden · <a class=\"link\" href=\"?defaults=1\">show</a>",
        ">1 managed field hidden · <a class=\"link\" href=\"?managed=1\">show</a>",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("revisionHistoryLimit") && !page.contains("replicas: 3"));
    let (_, page) = site
        .page(&format!("{DIFF}?defaults=1&managed=1&ctx=all&view=unified"))
        .await;
    for text in [
        "revisionHistoryLimit: 10<span class=\"note\">default</span>",
        "replicas: 3<span class=\"note\">kube-controller-manager</span>",
        "href=\"?view=unified&#38;managed=1&#38;ctx=all\">hide</a>",
        "diffgrid uni",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("unchanged lines"), "{page}");
}

#[tokio::test]
async fn values_of_secrets_are_in_no_comparison() {
    let site = Site::new(Sample::default()).await;
    for query in [
        "",
        "?defaults=1&managed=1&ctx=all",
        "?from=v1&to=v2",
        "?from=v1&to=live&view=unified",
        "?object=secret.movies.token",
    ] {
        let path = format!("{DIFF}{query}");
        let (_, page) = site.page(&path).await;
        let (_, answer) = site.json(&path).await;
        for text in [page, answer.to_string()] {
            for value in HIDDEN {
                assert!(!text.contains(value), "{query}: {text}");
            }
            assert!(text.contains("hidden, sha256"), "{query}: {text}");
        }
    }
}

#[tokio::test]
async fn a_comparison_is_a_patch_as_well() {
    let site = Site::new(Sample::default()).await;
    let (_, page) = site.page(&format!("{DIFF}?to=v1")).await;
    let link = "href=\"?to=v1&#38;format=patch\"";
    assert!(page.contains(link), "{page}");
    let (status, patch) = site.page(&format!("{DIFF}?to=v1&format=patch")).await;
    assert_eq!(status, StatusCode::OK);
    for line in [
        "# Live -> 7f3c2ab, as the server would store it\n",
        "\n--- a/movies/Deployment/training.yaml\n+++ b/movies/Deployment/training.yaml\n@@ -",
        "\n-        image: movies/training:2.18.0\n+        image: movies/training:2.18.1\n",
        "\n--- a/movies/Secret/token.yaml\n",
        "\n-  token: (hidden, sha256 ",
    ] {
        assert!(patch.contains(line), "{line}: {patch}");
    }
    let hidden = HIDDEN.iter().any(|value| patch.contains(value));
    assert!(!hidden && !patch.contains("managedFields"), "{patch}");
    let one = format!("{DIFF}?format=patch&object=secret.movies.token");
    let (_, one) = site.page(&one).await;
    assert!(!one.contains("training") && one.contains("token"), "{one}");
}

#[tokio::test]
async fn what_cannot_be_compared_is_told_where_it_was_asked_for() {
    let site = Site::new(Sample::default()).await;
    let (status, page) = site.page(&format!("{DIFF}?from=v1&to=nowhere")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    for text in [
        "Cannot be compared",
        "there is no revision &#34;nowhere&#34; in the cluster repository",
        "name=\"from\" value=\"v1\"",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let (status, page) = site.page(&format!("{DIFF}?to=broken")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("movies/serving/api.yaml:7:3"), "{page}");
    let (status, _) = site.json(&format!("{DIFF}?to=nowhere")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    for query in [
        "view=three",
        "ctx=101",
        "ctx=x",
        "defaults=yes",
        "format=html",
        "managed=2",
    ] {
        for path in [DIFF, "/rollouts/serving-12/diff"] {
            let (status, _) = site.page(&format!("{path}?{query}")).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{path}?{query}");
        }
        let (status, _) = site.json(&format!("{DIFF}?{query}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
    }
}

#[tokio::test]
async fn a_comparison_tells_programs_its_sides() {
    let site = Site::new(Sample::default()).await;
    let (_, answer) = site.json(DIFF).await;
    assert_eq!(answer["from"], "live");
    assert_eq!(answer["to"], id("7f3c2ab41d0c").0);
    assert!(answer["plan"].is_string());
    let (_, answer) = site.json(&format!("{DIFF}?from=v1&to=v2")).await;
    assert_eq!(answer["from"], id("7f3c2ab41d0c").0);
    assert!(answer["plan"].is_null());
    let (_, answer) = site.json(&format!("{DIFF}?from=v1&to=live")).await;
    assert_eq!(answer["to"], "live");
}

#[tokio::test]
async fn a_patch_of_a_rollout_is_that_of_its_commits() {
    let site = Site::new(Sample::default()).await;
    let (status, says) = site.page("/rollouts/serving-11/diff?format=patch").await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{says}");
    assert!(says.contains("/apps/serving/diff?from="), "{says}");
}
