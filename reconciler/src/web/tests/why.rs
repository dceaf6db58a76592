//! Why something is broken, from the symptom to the line.

use axum::http::StatusCode;
use engine::why::{Line, Open, Written};

use super::Site;
use super::sample::{Sample, ago, id};

impl Sample {
    /// What Git says of a field.
    pub(super) fn line(&self, field: &str) -> Written {
        Written {
            origin: engine::Origin {
                file: "movies/serving/api.yaml".into(),
                line: 41,
            },
            lines: vec![Line {
                number: 41,
                text: self.text(field),
                marked: true,
            }],
            exact: true,
            commit: id("7f3c2ab41d0c").0,
            subject: self.text("Read the model's address from config"),
            author: self.text("Mara Lindqvist"),
            at: Some(ago(360)),
            open: Some(Open {
                branch: self.text("fix-model"),
                pull: String::new(),
                commit: id("c41d9e0").0,
                subject: self.text("Name the key as it is"),
                author: self.text("Ines Kowal"),
            }),
            missing: String::new(),
        }
    }
}

#[tokio::test]
async fn the_chain_goes_from_the_pod_to_the_line_in_git() {
    let site = Site::new(Sample::default()).await;
    let pod = "/why/pods/movies/serving-7d9f6c8b54-x2x7k";
    let (status, chain) = site.json(pod).await;
    assert_eq!(status, StatusCode::OK, "{chain}");
    assert_eq!(chain["rule"], "config-key-missing", "{chain:#}");
    let headings: Vec<&str> = chain["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["heading"].as_str().unwrap())
        .collect();
    assert_eq!(
        headings,
        [
            "Pod movies/serving-7d9f6c8b54-x2x7k is degraded",
            "Container api exited with code 1 after 13 s",
            "The process ends itself",
            "MODEL_URL is empty because the key it names does not exist",
            "The line came with 7f3c2ab, 6 minutes ago",
            "Already proposed: branch fix-model changes this line",
        ]
    );
    let field =
        "spec.template.spec.containers[name=api].env[name=MODEL_URL].valueFrom.configMapKeyRef.key";
    assert_eq!(chain["field"]["path"], field);
    assert_eq!(chain["field"]["kind"], "Deployment");
    // The Deployment is broken for the same reason.
    let (_, above) = site.json("/why/deployments.apps/movies/serving").await;
    assert_eq!(above["rule"], "config-key-missing");
    assert_eq!(above["subject"], "Deployment movies/serving");
    let (_, text) = site.page("/why/deployments.apps/movies/serving").await;
    assert!(text.contains("movies/serving/api.yaml:41"), "{text}");
    let (status, _) = site.json("/why/pods/movies/nobody").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_application_is_explained_by_what_is_wrong_with_it() {
    let site = Site::new(Sample::default()).await;
    let (status, chain) = site.json("/apps/serving/why").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(chain["subject"], "Application serving");
    assert_eq!(chain["rule"], "config-key-missing", "{chain:#}");
    let (_, well) = site.json("/apps/features/why").await;
    assert_eq!(well["well"], true, "{well:#}");
    let (status, _) = site.json("/apps/nobody/why").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
