//! What others changed, as the pages tell it.

use serde_json::json;

use engine::diff::FieldChange;

use super::sample::{ago, key};
use super::*;
use crate::history::{Drift, DriftQuery, Ending};

impl Sample {
    /// As the history answers: one that is there still, and one that was put back.
    pub(super) fn asked_drifts(&self, query: &DriftQuery) -> Vec<Drift> {
        if self.empty {
            return Vec::new();
        }
        let drift = |at: i64, name: &str, end: Option<i64>| Drift {
            at: ago(at),
            last_at: ago(at),
            times: 1,
            lasted_ms: end.map(|end| (at - end) * 1_000),
            application: "serving".into(),
            key: key("deployments.apps", name),
            kind: "Deployment".into(),
            what: "changed".into(),
            actor: self.text("kubectl-edit"),
            writer: self.text("ann"),
            written_at: Some(ago(at + 1)),
            changes: vec![FieldChange {
                path: "spec.replicas".into(),
                old: Some(json!(2)),
                new: Some(json!(5)),
            }],
            ended_at: end.map(ago),
            ending: end.map(|_| Ending::Corrected),
        };
        let mut all = vec![
            drift(2_460, "worker", None),
            drift(35_000, "api", Some(34_940)),
        ];
        let name = query.application.as_ref();
        all.retain(|one| name.is_none_or(|name| one.application == *name));
        all.retain(|one| query.since.is_none_or(|since| one.at >= since));
        all.retain(|one| query.before.is_none_or(|before| one.at < before));
        let is_open = |one: &Drift, at| one.ended_at.is_none_or(|ended| ended > at);
        all.retain(|one| query.open_at.is_none_or(|at| is_open(one, at)));
        all
    }
}

#[tokio::test]
async fn drift_is_told_where_the_application_and_its_history_are() {
    let site = Site::new(Sample::default()).await;
    let (_, page) = site.page("/apps/serving").await;
    for text in [
        "Deployment worker changed by ann with kubectl-edit",
        "not put back",
        "put back after 1 min",
        "/apps/serving/objects/deployment.apps/movies/worker",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let (_, page) = site.page("/apps/serving/history").await;
    let triangle = "<path d=\"M0-5L5 4H-5z\" class=\"f-warn\"/>";
    let (tape, list) = page.split_at(page.find("id=\"history\"").unwrap());
    assert_eq!(list.matches(triangle).count(), 2, "{page}");
    assert!(tape.contains(triangle), "{page}");
    let newest = page.find("Deployment worker").unwrap();
    let rollout = page.find("/rollouts/serving-12\"").unwrap();
    let older = page.find("href=\"/rollouts/serving-11\"").unwrap();
    assert!(page.contains("/apps/serving/diff"), "{page}");
    assert!(rollout < newest && newest < older, "{page}");

    let (_, alone) = site.page("/apps/serving/history?outcome=drift").await;
    assert!(
        alone.contains("Put back") && !alone.contains("/rollback?to"),
        "{alone}"
    );
    let (_, failed) = site.page("/apps/serving/history?outcome=failed").await;
    assert!(!failed.contains("Put back"), "{failed}");
    let (_, all) = site.page("/apps").await;
    let label = "serving drift: Deployment api changed by ann";
    assert!(all.contains(label) && all.contains(triangle), "{all}");
}

#[tokio::test]
async fn programs_get_drift_with_the_history() {
    let site = Site::new(Sample::default()).await;
    let (_, data) = site.json("/apps/serving/history").await;
    let drifts = data["drifts"].as_array().unwrap();
    assert_eq!((drifts.len(), &drifts[0]["writer"]), (2, &json!("ann")));
    assert_eq!(drifts[1]["ending"], "corrected");
    let (_, alone) = site.json("/apps/serving/history?outcome=drift").await;
    assert_eq!(alone["items"], json!([]));
    assert_eq!(alone["drifts"].as_array().unwrap().len(), 2);
    // Then the older one was there still.
    let then = ago(34_970).to_string();
    let (_, past) = site.json(&format!("/apps/serving/history?at={then}")).await;
    let drifts = past["drifts"].as_array().unwrap();
    assert_eq!((drifts.len(), &drifts[0]["endedAt"]), (1, &json!(null)));
}
