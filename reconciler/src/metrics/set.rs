//! What is measured, by the names dashboards know.

use client::WorkQueue;
use jiff::Timestamp;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::spans::{Spans, seconds};
use super::state::States;
use crate::history::{Step, StepKind};
use crate::sync::{Renders, Standings};

/// Seconds: from what a small push takes to the longest deadline.
const SECONDS: [f64; 15] = [
    0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0,
];

/// Counters by one label, whose values are few.
type By = Family<[(&'static str, &'static str); 1], Counter>;

/// All figures of the reconciler. Cheap to clone: clones count together.
#[derive(Clone)]
pub(crate) struct Metrics {
    commit_to_applied: Histogram,
    commit_to_converged: Histogram,
    rollouts: By,
    pushes: By,
    drift_detected: Counter,
    drift_corrected: Histogram,
    pruned: Counter,
    passes: By,
    pass_seconds: Histogram,
    fetches: By,
    fetch_seconds: Histogram,
}

/// From zero on: where a series begins with its first event, nobody sees that it rose.
fn counters(label: &'static str, values: &[&'static str]) -> By {
    let family = By::default();
    for value in values {
        family.get_or_create(&[(label, *value)]).inc_by(0);
    }
    family
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            commit_to_applied: Histogram::new(SECONDS),
            commit_to_converged: Histogram::new(SECONDS),
            rollouts: counters("result", &["succeeded", "failed", "superseded", "held"]),
            pushes: counters("verdict", &["accepted", "refused"]),
            drift_detected: Counter::default(),
            drift_corrected: Histogram::new(SECONDS),
            pruned: Counter::default(),
            passes: counters("result", &["done", "error"]),
            pass_seconds: Histogram::new(SECONDS),
            fetches: counters("result", &["done", "error"]),
            fetch_seconds: Histogram::new(SECONDS),
        }
    }

    /// Makes them known under `kedge_reconciler_…`. The encoder adds `_total` to counters.
    pub(crate) fn register(
        &self,
        registry: &mut Registry,
        standings: &Standings,
        renders: &Renders,
        queue: Option<WorkQueue<String>>,
    ) {
        let registry = registry.sub_registry_with_prefix("kedge_reconciler");
        registry.register_collector(Box::new(States {
            standings: standings.clone(),
            queue,
        }));
        registry.register(
            "commit_to_applied_seconds",
            "From a commit's arrival until the last of an application's waves was applied",
            self.commit_to_applied.clone(),
        );
        registry.register(
            "commit_to_converged_seconds",
            "From a commit's arrival until an application was healthy at it",
            self.commit_to_converged.clone(),
        );
        let rollouts = "Rollouts that are over, by result";
        registry.register("rollouts", rollouts, self.rollouts.clone());
        let pushes = "Commits that arrived, by verdict";
        registry.register("pushes", pushes, self.pushes.clone());
        let detected = "Objects that others changed or deleted";
        registry.register("drift_detected", detected, self.drift_detected.clone());
        registry.register(
            "drift_corrected_seconds",
            "From the sight of an application's drift until it was put back",
            self.drift_corrected.clone(),
        );
        let pruned = "Objects deleted because they left the commit";
        registry.register("pruned", pruned, self.pruned.clone());
        let passes = "Looks at an application, by result";
        registry.register("sync_passes", passes, self.passes.clone());
        let rendered = "Applications rendered, because what they are made of was new or changed";
        registry.register("renders", rendered, renders.rendered.clone());
        let reused = "Renders found to hold for one more commit";
        registry.register("renders_reused", reused, renders.reused.clone());
        let seconds = "How long one look at an application took";
        registry.register("sync_pass_seconds", seconds, self.pass_seconds.clone());
        let fetches = "Fetches from repositories elsewhere, by result";
        registry.register("git_fetches", fetches, self.fetches.clone());
        let seconds = "How long a fetch from a repository elsewhere took";
        registry.register("git_fetch_seconds", seconds, self.fetch_seconds.clone());
    }

    /// Counts what a step of the history says by itself.
    pub(super) fn count(&self, step: &Step) {
        let one = |family: &By, label, value| {
            family.get_or_create(&[(label, value)]).inc();
        };
        match step.kind {
            StepKind::Accepted => one(&self.pushes, "verdict", "accepted"),
            StepKind::Refused => one(&self.pushes, "verdict", "refused"),
            StepKind::Succeeded => one(&self.rollouts, "result", "succeeded"),
            StepKind::Failed if step.is_recall() => {}
            StepKind::Failed => one(&self.rollouts, "result", "failed"),
            StepKind::Superseded => one(&self.rollouts, "result", "superseded"),
            StepKind::Held => one(&self.rollouts, "result", "held"),
            StepKind::Drifted => {
                self.drift_detected.inc();
            }
            StepKind::Pruned => {
                let objects = step.data["objects"].as_array().map_or(1, Vec::len);
                self.pruned.inc_by(objects as u64);
            }
            _ => {}
        }
    }

    pub(super) fn converged(&self, spans: Spans) {
        if let Some(seconds) = spans.to_applied {
            self.commit_to_applied.observe(seconds);
        }
        self.commit_to_converged.observe(spans.to_converged);
    }

    pub(super) fn corrected(&self, seconds: f64) {
        self.drift_corrected.observe(seconds);
    }

    /// A fetch from a repository elsewhere.
    pub(crate) fn fetched(&self, result: &'static str, from: Timestamp, to: Timestamp) {
        self.fetches.get_or_create(&[("result", result)]).inc();
        self.fetch_seconds.observe(seconds(from, to));
    }

    /// `result` is one of few words.
    pub(super) fn passed(&self, result: &'static str, seconds: f64) {
        self.passes.get_or_create(&[("result", result)]).inc();
        self.pass_seconds.observe(seconds);
    }
}
