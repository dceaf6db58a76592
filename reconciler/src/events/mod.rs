//! Kubernetes Events on Applications: what people see with `kubectl describe application`. Best
//! effort, and never the truth: that is the history.

mod decide;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use api::{Condition, Object};
use client::{Client, Env, EventRecorder, EventType, Tasks};
use engine::application::NAMESPACE;

use crate::history::{self, Feed, Reader, Step, StepKind};
use crate::sync::core::{Core, application_collection};
use decide::{Budgets, Told, Tone, of_conditions, of_step, of_wave};

/// Before the history is read again after a failure.
const PAUSE: Duration = Duration::from_secs(5);
/// Who says it.
const COMPONENT: &str = "kedge-reconciler";

/// Records Events on Applications. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Events {
    recorder: EventRecorder,
    budgets: Arc<Mutex<Budgets>>,
    env: Env,
}

impl Events {
    pub(crate) fn new(client: &Arc<dyn Client>, env: &Env, tasks: &Tasks) -> Self {
        Self {
            recorder: EventRecorder::start(client.clone(), env, COMPONENT, "", tasks),
            budgets: Arc::default(),
            env: env.clone(),
        }
    }

    /// What turned, from what the Application said of itself before.
    pub(crate) fn turned(&self, application: &Object, after: &[Condition]) {
        let before = application.body["status"]["conditions"].clone();
        let before: Vec<Condition> = serde_json::from_value(before).unwrap_or_default();
        for told in of_conditions(&before, after) {
            self.tell(application, &told);
        }
    }

    fn tell(&self, application: &Object, told: &Told) {
        let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        if !budgets.take(application.name(), self.env.now()) {
            return;
        }
        let kind = match told.tone {
            Tone::Normal => EventType::Normal,
            Tone::Warning => EventType::Warning,
        };
        self.recorder
            .record(application, kind, told.reason, &told.message);
    }
}

/// Tells of every step of `feed` that matters, without end.
pub(crate) async fn follow(core: Arc<Core>, mut feed: Feed) {
    let reader = core.history.reader().clone();
    loop {
        let error = match feed.next().await {
            Ok(Some(step)) => match of(&reader, &step).await {
                Ok(all) => {
                    let key = application_collection().key(NAMESPACE, &step.application);
                    if let Some(application) = core.applications().get(&key) {
                        for told in &all {
                            core.events.tell(&application, told);
                        }
                    }
                    continue;
                }
                Err(error) => error,
            },
            Ok(None) => return,
            Err(error) => error,
        };
        tracing::warn!(error = %error, "events are missing a step of the history");
        core.env.clock.sleep(PAUSE).await;
    }
}

async fn of(reader: &Reader, step: &Step) -> Result<Vec<Told>, history::Error> {
    match (step.kind, &step.rollout, step.data["wave"].as_i64()) {
        (StepKind::Applied, Some(rollout), Some(wave)) => {
            Ok(of_wave(wave, &reader.objects(rollout).await?))
        }
        _ => Ok(of_step(step).into_iter().collect()),
    }
}
