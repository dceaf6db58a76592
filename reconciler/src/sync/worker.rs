//! One pass over one Application: observe, decide, execute, report. The driver runs them, one at
//! a time for each Application; waiting never holds a worker.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tracing::{Instrument, Span};

use api::ObjectKey;
use client::{Client, Context, Controller, Requeue, Watch};
use engine::application::NAMESPACE;
use engine::rollout::{self, RolloutPhase, SyncStatus};
use engine::{Application, Health, HealthStatus};

use super::core::{Core, SET};
use super::execute::{Execution, Next};
use super::memory::{Memories, Memory};
use super::observe::{Observation, Observe, observe};
use super::read::is_here;
use super::standing::Stand;
use super::target::Target;
use super::{project, remove, set};
use crate::history::{Trigger, Write};
use crate::service::{Standing, Trouble};
use crate::traces;

/// When an Application is looked at again that could not be compared.
const RETRY: Duration = Duration::from_secs(30);

/// Moves every Application toward its commit.
pub(crate) struct Worker {
    core: Arc<Core>,
    memories: Memories,
}

impl Worker {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self {
            core: core.clone(),
            memories: Memories::default(),
        }
    }

    async fn pass(
        &self,
        client: &dyn Client,
        target: &Target,
        application: Application,
    ) -> Result<Requeue, client::Error> {
        let name = application.name.clone();
        let mut memory = self.memories.take(&name);
        let passed = self
            .pass_with(client, target, application, &mut memory)
            .await;
        if passed.is_err() {
            (memory.sights, memory.proven) = (None, None);
        }
        self.memories.put(&name, memory);
        let requeue = passed?;
        // What changes at once again is shown once it rests.
        if requeue != Requeue::After(Duration::ZERO) {
            project::rollouts(&self.core, client, &name).await?;
        }
        Ok(requeue)
    }

    async fn pass_with(
        &self,
        client: &dyn Client,
        target: &Target,
        application: Application,
        memory: &mut Memory,
    ) -> Result<Requeue, client::Error> {
        let core = &*self.core;
        let name = application.name.clone();
        let mut observation = match observe(core, client, target, application, memory).await? {
            Observe::Seen(observation) => observation,
            Observe::Unknown(trouble) => {
                self.stand(client, target, &name, unknown(core, target, trouble))
                    .await?;
                return Ok(Requeue::After(RETRY));
            }
        };
        observation.rest(memory);
        let decisions = rollout::decide(&observation.observed());
        let mut execution = Execution::new(core, client, &observation, memory);
        execution.see(&decisions).await?;
        let next = execution.run(decisions).await?;
        forget_request(core, &observation).await?;
        let requeue = match next {
            Next::Again => Requeue::After(Duration::ZERO),
            Next::At(at) => Requeue::After(until(core.env.now(), at)),
            Next::Rest if observation.plan.is_err() => Requeue::After(RETRY),
            Next::Rest => Requeue::Done,
        };
        if next != Next::Again {
            let stand = stand(core, target, &observation, memory);
            self.stand(client, target, &name, stand).await?;
        }
        Ok(requeue)
    }

    /// A part of the trace of the rollout that runs, or that is about to begin.
    async fn span(&self, target: &Target, application: &Application) -> Span {
        if !telemetry::is_on() {
            return Span::none();
        }
        let span = tracing::info_span!("pass", kedge.application = application.name);
        let last = self.core.history.reader().last_rollout(&application.name);
        let last = last.await.ok().flatten();
        let trace = match last {
            Some(last) if !last.phase.is_final() => Some(traces::trace(&last.id, &last.revision.0)),
            last if is_here(application) => {
                let revision = target.revision();
                let is_new = last.as_ref().is_none_or(|last| last.revision != *revision);
                let number = last.map_or(1, |last| last.number + 1);
                let next = format!("{}-{number}", application.name);
                is_new.then(|| traces::trace(&next, &revision.0))
            }
            _ => None,
        };
        if let Some(trace) = trace {
            telemetry::join(&span, &trace);
        }
        span
    }

    /// Lets everybody know how the Application is.
    async fn stand(
        &self,
        client: &dyn Client,
        target: &Target,
        name: &str,
        stand: Stand,
    ) -> Result<(), client::Error> {
        let core = &*self.core;
        project::application(core, client, name, &stand.standing).await?;
        if core.standings.set(name, &stand) {
            for dependent in target.dependents(name) {
                core.wake(dependent);
            }
        }
        // Those that a commit does not concern are not woken by it, unless it came in between.
        if core
            .target()
            .is_some_and(|it| it.revision() != target.revision())
        {
            core.wake(name);
        }
        Ok(())
    }
}

#[async_trait]
impl Controller for Worker {
    type Key = String;

    fn name(&self) -> &'static str {
        "reconciler"
    }

    fn watches(&self) -> Vec<Watch<String>> {
        // Status is what is written here: only what others do to an Application wakes.
        let wake = |change: &client::Change| {
            let generation = |object: &Option<Arc<api::Object>>| {
                object
                    .as_ref()
                    .map(|it| (it.generation(), it.is_deleting()))
            };
            let object = change.object();
            if object.namespace() != NAMESPACE
                || generation(&change.before) == generation(&change.after)
            {
                return Vec::new();
            }
            vec![object.name().to_owned(), SET.to_owned()]
        };
        // They are records: whoever takes one away gets it back.
        let gone = |change: &client::Change| match &change.after {
            None if change.object().namespace() == NAMESPACE => {
                vec![project::application_of(change.object()).to_owned()]
            }
            _ => Vec::new(),
        };
        vec![
            Watch {
                cache: self.core.applications(),
                wake: Box::new(wake),
            },
            Watch {
                cache: self.core.rollouts(),
                wake: Box::new(gone),
            },
        ]
    }

    async fn reconcile(
        &self,
        key: &String,
        context: &Context<'_>,
    ) -> Result<Requeue, client::Error> {
        let Some(target) = self.core.target() else {
            return Ok(Requeue::Done);
        };
        if key == SET {
            return set::pass(&self.core, context.client, &target).await;
        }
        match self.core.application(&target, key) {
            Some(application) => {
                let span = self.span(&target, &application).await;
                let pass = self.pass(context.client, &target, application);
                Box::pin(pass.instrument(span)).await
            }
            None => remove::pass(&self.core, context.client, &target, key).await,
        }
    }
}

fn until(now: Timestamp, at: Timestamp) -> Duration {
    // A bit after, so that the moment is past when it is looked at.
    let wait = Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO);
    wait + Duration::from_millis(1)
}

/// A sync that was asked for while its commit is being rolled out is this rollout.
async fn forget_request(core: &Core, observation: &Observation) -> Result<(), client::Error> {
    let desired = &observation.desired;
    let running = observation.running();
    let same = running
        .is_some_and(|it| it.revision == desired.revision && it.options.cover(&desired.options));
    if observation.requester.is_none() || !same {
        return Ok(());
    }
    let application = observation.application.name.clone();
    core.commit(&[Write::RequestDone { application }]).await
}

fn stand(core: &Core, target: &Target, observation: &Observation, memory: &Memory) -> Stand {
    let name = &observation.application.name;
    let state = rollout::state(&observation.observed());
    let before = core.standings.get(name).unwrap_or_default().standing;
    let last = observation.last.as_ref().map(|(row, _)| &**row);
    let succeeded = last.is_some_and(|row| {
        row.phase == RolloutPhase::Succeeded
            && row.revision == observation.desired.revision
            && !row.options.is_partial()
            && !core.holds.of(&row.id)
    });
    let applied = match last {
        _ if succeeded => observation.compared.clone(),
        // It was whole, and went back with its commit.
        Some(row) if core.holds.of(&row.id) => row.previous.clone(),
        Some(row) if before.applied.0.is_empty() => match row.phase {
            RolloutPhase::Succeeded if !row.options.is_partial() && !core.holds.of(&row.id) => {
                row.revision.clone()
            }
            _ => row.previous.clone(),
        },
        _ => before.applied.clone(),
    };
    Stand {
        standing: Arc::new(Standing {
            sync: state.sync,
            sync_message: state.sync_message,
            health: state.health,
            revision: observation.compared.clone(),
            applied,
            on_hold: state.held,
            proof_stands: memory.proven.as_ref().is_some_and(|proven| {
                proven.stands && last.is_some_and(|last| last.id == proven.rollout)
            }),
            paused: rollout::pause(&observation.observed()),
            observed_at: Some(observation.now),
            trouble: trouble(core, observation),
        }),
        seen: target.revision().clone(),
        rolls_out: observation.running().map(|it| it.revision.clone()),
        retries: observation
            .running()
            .is_some_and(|it| it.trigger == Trigger::Retry),
        unconverged: unconverged(observation),
        holds_back: state.holds_back,
    }
}

/// Each object once, whatever is wrong with it.
fn unconverged(observation: &Observation) -> usize {
    let unwell = observation.health.iter();
    let unwell = unwell.filter(|(_, health)| !health.status.is_settled_well());
    let mut keys: BTreeSet<&ObjectKey> = unwell.map(|(key, _)| key).collect();
    if let Ok(plan) = &observation.plan {
        let changes = plan.steps().filter(|step| step.is_change());
        keys.extend(changes.map(|step| &step.key));
        keys.extend(plan.deletes.iter().map(|deletion| &deletion.key));
    }
    keys.len()
}

/// What concerns the Application alone comes first.
fn trouble(core: &Core, observation: &Observation) -> Option<Trouble> {
    let unbuilt = observation.plan.as_ref().err();
    let unbuilt = unbuilt.map(|it| Trouble::unbuilt(&observation.compared, it));
    let mut sources = observation.application.sources();
    unbuilt
        .or_else(|| sources.find_map(|it| core.sources.trouble(&it.repo)))
        .or_else(|| core.troubles.get())
}

fn unknown(core: &Core, target: &Target, trouble: Trouble) -> Stand {
    let why = trouble.message.clone();
    let health = Health::new(HealthStatus::Unknown, why.clone());
    Stand {
        standing: Arc::new(Standing {
            sync: SyncStatus::Unknown,
            sync_message: why,
            health: health.clone(),
            observed_at: Some(core.env.now()),
            trouble: Some(trouble),
            ..Standing::default()
        }),
        seen: target.revision().clone(),
        holds_back: Some(health),
        ..Stand::default()
    }
}
