use prometheus_client::registry::Registry;
use serde_json::{Value, json};

use super::sample::{apply, at, push, rollout};
use super::set::Metrics;
use super::spans::{Spans, spans};
use crate::history::{Apply, Push, Step, StepKind};
use crate::sync::{Renders, Stand, Standings};

fn step(kind: StepKind, data: Value) -> Step {
    Step {
        seq: 1,
        at: at(0),
        application: "shop".into(),
        rollout: None,
        push: None,
        kind,
        text: String::new(),
        data,
    }
}

#[test]
fn time_runs_from_the_push_to_the_last_wave_and_to_health() {
    let spans_are = |to_applied: Option<f64>, to_converged: f64| {
        Some(Spans {
            to_applied,
            to_converged,
        })
    };
    let applies = [
        apply(1, Some(4), ""),
        apply(2, Some(9), "refused"),
        apply(3, Some(7), ""),
        apply(4, None, ""),
    ];
    let over = rollout(3, Some(12));
    let pushed = push(2);
    let check = |push: Option<&Push>, applies: &[Apply], expected: Option<Spans>| {
        assert_eq!(spans(&over, push, applies), expected);
    };
    check(Some(&pushed), &applies, spans_are(Some(5.0), 10.0));
    check(None, &applies, spans_are(Some(4.0), 9.0));
    check(Some(&pushed), &[], spans_are(None, 10.0));
    // A clock was set back.
    check(Some(&push(20)), &[], spans_are(None, 0.0));
    assert_eq!(spans(&rollout(3, None), None, &applies), None);
}

#[test]
fn the_figures_have_the_names_of_the_contract() {
    let metrics = Metrics::new();
    for (kind, data) in [
        (StepKind::Accepted, Value::Null),
        (StepKind::Refused, Value::Null),
        (StepKind::Succeeded, Value::Null),
        (StepKind::Succeeded, Value::Null),
        (StepKind::Failed, Value::Null),
        (StepKind::Drifted, Value::Null),
        (
            StepKind::Pruned,
            json!({"objects": ["ConfigMap a/b", "ConfigMap a/c"]}),
        ),
        (StepKind::Progress, Value::Null),
    ] {
        metrics.count(&step(kind, data));
    }
    metrics.converged(Spans {
        to_applied: Some(0.25),
        to_converged: 3.0,
    });
    metrics.corrected(1.5);
    metrics.passed("done", 0.01);
    metrics.fetched("error", at(1), at(3));
    let mut registry = Registry::default();
    let standings = Standings::default();
    for (name, unconverged) in [("web", 2), ("db", 1)] {
        let stand = Stand {
            unconverged,
            ..Stand::default()
        };
        standings.set(name, &stand);
    }
    metrics.register(&mut registry, &standings, &Renders::default(), None);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    for line in [
        "kedge_reconciler_commit_to_applied_seconds_sum 0.25",
        "kedge_reconciler_commit_to_applied_seconds_bucket{le=\"0.3\"} 1",
        "kedge_reconciler_commit_to_converged_seconds_count 1",
        "kedge_reconciler_rollouts_total{result=\"succeeded\"} 2",
        "kedge_reconciler_rollouts_total{result=\"failed\"} 1",
        "kedge_reconciler_pushes_total{verdict=\"accepted\"} 1",
        "kedge_reconciler_pushes_total{verdict=\"refused\"} 1",
        "kedge_reconciler_drift_detected_total 1",
        "kedge_reconciler_drift_corrected_seconds_sum 1.5",
        "kedge_reconciler_pruned_total 2",
        "kedge_reconciler_sync_passes_total{result=\"done\"} 1",
        "kedge_reconciler_sync_pass_seconds_count 1",
        "kedge_reconciler_applications{sync=\"Unknown\",health=\"Healthy\"} 2",
        "kedge_reconciler_unconverged_objects 3",
        "kedge_reconciler_queue_depth 0",
        "kedge_reconciler_git_fetches_total{result=\"error\"} 1",
        "kedge_reconciler_git_fetches_total{result=\"done\"} 0",
        "kedge_reconciler_git_fetch_seconds_sum 2.0",
    ] {
        assert!(
            text.lines().any(|it| it == line),
            "{line} is not in\n{text}"
        );
    }
}
