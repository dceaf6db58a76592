//! The life of one pod on this node: observe, decide, execute, publish, wait for news.
//!
//! One worker per pod, and at most one execution at a time in it. Status and probes go on while
//! an execution takes long.

use std::sync::Arc;
use std::time::Duration;

use api::Uid;
use api::k8s::core::v1 as core;
use client::EventType;
use futures::StreamExt;
use futures::future::{BoxFuture, OptionFuture};
use futures::stream::FuturesUnordered;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::{Notify, mpsc};
use tracing::{debug, warn};

use super::action::{Decision, RuntimeAction};
use super::admit::admit;
use super::brake::Brake;
use super::decide::decide;
use super::execute::{self, Job, PodView, volumes_of};
use super::memory::{Memory, Note};
use super::observe::Observer;
use super::observed::Observed;
use super::publish::{Newest, publish};
use super::shared::Shared;
use super::spec::{self, between, earlier, later};
use super::status::{next_change, status};
use super::verdict::verdict;
use crate::probes::{self, Due, Outcome, Settings, Tracks};
use crate::report::report;
use crate::runtime::{ContainerId, PodRecord};
use crate::volumes::needs_refresh;

const NOTES: usize = 64;

type Publication = Result<Option<(Value, api::Object)>, client::Error>;

/// What an execution was started for: it is dropped when this changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Alive,
    Deleting { grace: Duration },
    Orphan,
}

pub(super) struct Worker {
    shared: Arc<Shared>,
    uid: Uid,
    wake: Arc<Notify>,
    memory: Memory,
    observer: Observer,
    tracks: Tracks,
    newest: Newest,
    view: Option<PodView>,
    execution: Option<BoxFuture<'static, Result<(), execute::Error>>>,
    stage: Stage,
    publication: Option<BoxFuture<'static, Publication>>,
    probes: FuturesUnordered<BoxFuture<'static, (Due, Settings, Outcome)>>,
    refresh: Option<BoxFuture<'static, Result<(), String>>>,
    refresh_at: Timestamp,
    /// Labels and annotations the volumes were last written with.
    refreshed_metadata: Value,
    notes: (mpsc::Sender<Note>, mpsc::Receiver<Note>),
    acting: Brake,
    telling: Brake,
}

/// What one look at the pod led to.
enum Look {
    /// Nothing is left of it.
    Gone,
    Until(Option<Timestamp>),
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>, uid: Uid, wake: Arc<Notify>) -> Self {
        let now = shared.env.now();
        Self {
            refresh_at: later(now, shared.timing.volume_refresh),
            shared,
            uid,
            wake,
            memory: Memory::default(),
            observer: Observer::default(),
            tracks: Tracks::default(),
            newest: Newest::default(),
            view: None,
            execution: None,
            stage: Stage::Alive,
            publication: None,
            probes: FuturesUnordered::new(),
            refresh: None,
            refreshed_metadata: Value::Null,
            notes: mpsc::channel(NOTES),
            acting: Brake::new(now),
            telling: Brake::new(now),
        }
    }

    /// Until nothing is left of the pod. Dropping it at any point is safe.
    pub(super) async fn run(mut self) {
        loop {
            match self.look().await {
                Look::Gone => return,
                Look::Until(at) => self.wait(at).await,
            }
        }
    }

    async fn look(&mut self) -> Look {
        let record = match self.observer.observe(&self.shared, &self.uid).await {
            Ok(record) => record,
            Err(error) => {
                self.acting.failed(&self.shared.env);
                self.report(&error, "cannot observe the pod");
                return Look::Until(Some(self.acting.not_before));
            }
        };
        while let Ok(note) = self.notes.1.try_recv() {
            self.memory.apply(note, self.shared.env.now());
        }
        self.read_pod();
        if let (Some(view), Stage::Alive) = (&self.view, self.stage) {
            admit(&self.shared, &view.object, &record, &mut self.memory).await;
        }
        let now = self.shared.env.now();
        let pod = self.view.as_ref().map(|view| view.pod.clone());
        self.remember(pod.as_deref(), &record, now);
        let observed = Observed {
            pod: pod.as_deref(),
            record: &record,
            memory: &self.memory,
            now,
        };
        let (due, next_probe) = self.tracks.due(&observed);
        let decision = decide(&observed);
        let wanted = pod.as_deref().and_then(|pod| {
            let is_taken_away = spec::is_deleting(pod) && record.containers.is_empty();
            let facts = self.shared.facts();
            (!is_taken_away).then(|| status(&observed, pod, &facts))
        });
        let next_status = next_change(&self.memory, now);
        if pod.is_none()
            && record.is_empty()
            && decision.actions.is_empty()
            && self.execution.is_none()
        {
            self.shared.ledger.release(&self.uid);
            return Look::Gone;
        }
        for due in due {
            self.probe(due, &record);
        }
        let until = [next_probe, next_status]
            .into_iter()
            .fold(decision.look_again, earlier);
        let is_published = self.publish(wanted, now);
        self.refresh_volumes(&record, now);
        if self.acting.holds_until(now).is_none() {
            self.execute(decision, record, is_published);
        }
        Look::Until(self.next_look(until, now))
    }

    /// When to look again where nothing happens: at the latest at `until`.
    fn next_look(&self, mut until: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        for brake in [&self.acting, &self.telling] {
            until = earlier(until, brake.holds_until(now));
        }
        // Who does not refresh them does not move that moment, and would look again without end.
        if self.refreshes() {
            until = earlier(until, Some(self.refresh_at));
        }
        until
    }

    /// Takes the newest pod object in; an execution for another stage of its life is dropped.
    fn read_pod(&mut self) {
        let object = self.newest.of(&self.shared, &self.uid);
        self.view = object.and_then(|object| {
            let known = self.view.take();
            if let Some(known) = known
                && known.object.resource_version() == object.resource_version()
            {
                return Some(known);
            }
            match object.decode::<core::Pod>() {
                Ok(pod) => Some(PodView {
                    object,
                    pod: Arc::new(pod),
                }),
                Err(error) => {
                    warn!(%error, pod.name = object.name(), "cannot read the pod");
                    None
                }
            }
        });
        let stage = match &self.view {
            None => Stage::Orphan,
            Some(view) if spec::is_deleting(&view.pod) => Stage::Deleting {
                grace: spec::grace(&view.pod),
            },
            Some(_) => Stage::Alive,
        };
        if stage != self.stage {
            self.stage = stage;
            self.execution = None;
            self.acting.release(self.shared.env.now());
        }
    }

    /// Brings memory in line with what there is.
    fn remember(&mut self, pod: Option<&core::Pod>, record: &PodRecord, now: Timestamp) {
        let exists = |id: &ContainerId| record.containers.iter().any(|c| c.id == *id);
        self.memory.retain(exists);
        self.tracks.retain(exists);
        for container in record.running() {
            let reported = pod.and_then(|pod| spec::reported(pod, &container.name));
            self.memory
                .probes
                .entry(container.id.clone())
                .or_insert_with(|| probes::inherited(container, reported));
        }
        let observed = Observed {
            pod,
            record,
            memory: &self.memory,
            now,
        };
        let is_over = pod.is_some_and(|pod| verdict(&observed, pod).is_some());
        if is_over && record.running().next().is_none() {
            self.shared.ledger.release(&self.uid);
        }
        let ends = is_over || pod.is_none_or(spec::is_deleting);
        if ends && self.memory.ending_since.is_none() {
            self.memory.ending_since = Some(now);
        }
    }

    fn probe(&mut self, due: Due, record: &PodRecord) {
        let Some(view) = self.view.clone() else {
            return;
        };
        let Some((_, container)) = spec::container(&view.pod, &due.container) else {
            return;
        };
        let Some(probe) = due.kind.of(container) else {
            return;
        };
        let settings = Settings::of(probe);
        let address = self.shared.addresses(&view.pod, record).first().copied();
        let check = probes::check(probe, container, address);
        let host = self.shared.host.clone();
        self.probes.push(Box::pin(async move {
            let outcome = match check {
                Ok(check) => host.probe(&due.id, &check, settings.timeout).await,
                Err(error) => Outcome::Failure(error.to_string()),
            };
            (due, settings, outcome)
        }));
    }

    fn conclude(&mut self, due: &Due, settings: Settings, outcome: &Outcome) {
        let results = self.memory.probes.entry(due.id.clone()).or_default();
        self.tracks.conclude(due, settings, outcome, results);
        let (Outcome::Failure(text) | Outcome::Unknown(text)) = outcome else {
            return;
        };
        debug!(pod.uid = %self.uid, container = due.container, probe = due.kind.name(), text, "probe failed");
        if let (Some(view), Outcome::Failure(_)) = (&self.view, outcome) {
            let message = format!("{} probe failed: {text}", due.kind.name());
            self.shared
                .events
                .record(&view.object, EventType::Warning, "Unhealthy", &message);
        }
    }

    /// Starts to send the status if it is news. Answers whether the API server has it already.
    fn publish(&mut self, wanted: Option<Value>, now: Timestamp) -> bool {
        let (Some(view), Some(wanted)) = (&self.view, wanted) else {
            return self.publication.is_none();
        };
        let Some(news) = self.newest.news(&view.object, &wanted) else {
            return self.publication.is_none();
        };
        if self.publication.is_none() && self.telling.holds_until(now).is_none() {
            let sending = publish(self.shared.clone(), view.object.clone(), news);
            self.publication = Some(Box::pin(sending));
        }
        false
    }

    fn execute(&mut self, decision: Decision, record: PodRecord, is_published: bool) {
        let destroys = decision
            .actions
            .iter()
            .any(RuntimeAction::destroys_evidence);
        let must_wait = destroys && !is_published && self.view.is_some();
        if decision.actions.is_empty() || self.execution.is_some() || must_wait {
            return;
        }
        debug!(pod.uid = %self.uid, actions = ?decision.actions, "executing");
        let job = Job {
            shared: self.shared.clone(),
            pod: self.view.clone(),
            uid: self.uid.clone(),
            record,
            actions: decision.actions,
            notes: self.notes.0.clone(),
        };
        self.execution = Some(Box::pin(job.run()));
    }

    /// Whether the pod has volumes whose sources may change, and nothing better to do.
    fn refreshes(&self) -> bool {
        self.memory.prepared
            && self.stage == Stage::Alive
            && self.refresh.is_none()
            && self.view.iter().any(|view| needs_refresh(&view.pod))
    }

    /// Keeps configuration volumes up to date: on time, and when the pod's own metadata changed.
    fn refresh_volumes(&mut self, record: &PodRecord, now: Timestamp) {
        let Some(view) = self.view.clone() else {
            return;
        };
        let metadata = serde_json::json!([
            view.object.pointer("/metadata/labels"),
            view.object.pointer("/metadata/annotations"),
        ]);
        let is_due = now >= self.refresh_at || metadata != self.refreshed_metadata;
        if !is_due || !self.refreshes() {
            return;
        }
        self.refresh_at = later(now, self.shared.timing.volume_refresh);
        let is_first = self.refreshed_metadata.is_null();
        self.refreshed_metadata = metadata;
        if is_first {
            return;
        }
        let (shared, record) = (self.shared.clone(), record.clone());
        self.refresh = Some(Box::pin(async move {
            let plans = volumes_of(&shared, &view, &record).await?;
            let written = shared.host.refresh(&view.pod, &plans).await;
            written.map_err(|error| report(&error))
        }));
    }

    async fn wait(&mut self, until: Option<Timestamp>) {
        let now = self.shared.env.now();
        let pause = until.map(|at| self.shared.env.clock.sleep(between(now, at)));
        tokio::select! {
            biased;
            () = self.wake.notified() => {}
            Some(outcome) = OptionFuture::from(self.execution.as_mut()) => {
                self.execution = None;
                match outcome {
                    Ok(()) => self.acting.release(self.shared.env.now()),
                    Err(error) => {
                        self.acting.failed(&self.shared.env);
                        self.report(&error, "cannot act for the pod");
                    }
                }
            }
            Some(outcome) = OptionFuture::from(self.publication.as_mut()) => {
                self.publication = None;
                match outcome {
                    Ok(Some((news, object))) => {
                        self.telling.release(self.shared.env.now());
                        self.newest.answered(news, object);
                    }
                    Ok(None) => self.telling.failed(&self.shared.env),
                    Err(error) => {
                        self.telling.failed(&self.shared.env);
                        self.report(&error, "cannot publish the pod's status");
                    }
                }
            }
            Some(outcome) = OptionFuture::from(self.refresh.as_mut()) => {
                self.refresh = None;
                if let Err(message) = outcome {
                    debug!(pod.uid = %self.uid, message, "volumes stay as they are");
                }
            }
            Some((due, settings, outcome)) = self.probes.next(), if !self.probes.is_empty() => {
                self.conclude(&due, settings, &outcome);
            }
            Some(note) = self.notes.1.recv() => self.memory.apply(note, self.shared.env.now()),
            Some(()) = OptionFuture::from(pause) => {}
        }
    }

    fn report(&self, error: &dyn std::error::Error, what: &str) {
        warn!(pod.uid = %self.uid, error = report(error), "{what}");
    }
}
