//! Carries actions out, one after another; what it learns goes back as notes. Decides nothing.

mod hook;
mod image;
mod start;
mod stop;

use std::sync::Arc;

use api::k8s::core::v1 as core;
use api::{Collection, Object};
use client::{DeleteOptions, EventType};
use futures::future::join_all;
use tokio::sync::mpsc;

use super::action::RuntimeAction;
use super::memory::Note;
use super::shared::Shared;
use super::spec;
use crate::build::sandbox_config;
use crate::host;
use crate::report::report;
use crate::runtime::{self, PodRecord, SandboxConfig, SandboxId};
use crate::volumes::{self, plan};

/// An action that failed in a way the pod's status does not show.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("cannot {operation}")]
    Runtime {
        operation: &'static str,
        #[source]
        source: runtime::Error,
    },
    #[error("cannot take back what the pod had on this machine")]
    Release(#[source] host::Error),
    #[error("cannot tell the API server that the pod is gone")]
    Delete(#[source] client::Error),
}

/// Whether to go on with the next action.
enum Next {
    GoOn,
    /// What follows depends on this: look at the pod again first.
    LookAgain,
}

/// The actions of one decision, with what they were decided from.
pub(super) struct Job {
    pub shared: Arc<Shared>,
    /// `None`: an orphan.
    pub pod: Option<PodView>,
    pub uid: api::Uid,
    pub record: PodRecord,
    pub actions: Vec<RuntimeAction>,
    pub notes: mpsc::Sender<Note>,
}

/// A pod as it was written, and as it is read.
#[derive(Clone)]
pub(super) struct PodView {
    pub object: Arc<Object>,
    pub pod: Arc<core::Pod>,
}

impl Job {
    /// Runs to the end or to the first failure; the next decision starts from what is there then.
    pub(super) async fn run(self) -> Result<(), Error> {
        let mut actions = self.actions.iter().peekable();
        while let Some(action) = actions.next() {
            if matches!(action, RuntimeAction::StopContainer { .. }) {
                let mut together = vec![action];
                while let Some(next) =
                    actions.next_if(|next| matches!(next, RuntimeAction::StopContainer { .. }))
                {
                    together.push(next);
                }
                let stops = join_all(together.into_iter().map(|action| self.stop(action))).await;
                stops.into_iter().collect::<Result<Vec<()>, Error>>()?;
                continue;
            }
            if let Next::LookAgain = self.step(action).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn step(&self, action: &RuntimeAction) -> Result<Next, Error> {
        let runtime = &self.shared.runtime;
        match action {
            RuntimeAction::Prepare => self.prepare().await,
            RuntimeAction::RunSandbox { attempt } => self.run_sandbox(*attempt).await,
            RuntimeAction::StopSandbox(id) => {
                done("stop a sandbox", runtime.stop_sandbox(id).await)
            }
            RuntimeAction::RemoveSandbox(id) => {
                done("remove a sandbox", runtime.remove_sandbox(id).await)
            }
            RuntimeAction::RemoveContainer(id) => {
                if let Some(container) = self.record.containers.iter().find(|c| c.id == *id) {
                    self.shared.host.forget_log(container).await;
                }
                done("remove a container", runtime.remove_container(id).await)
            }
            RuntimeAction::StartContainer {
                name,
                attempt,
                delay,
            } => {
                self.start(name, *attempt, *delay).await;
                Ok(Next::GoOn)
            }
            RuntimeAction::StopContainer { .. } => Ok(Next::GoOn),
            RuntimeAction::Release => self.release().await,
            RuntimeAction::DeleteObject => self.delete_object().await,
        }
    }

    async fn note(&self, note: Note) {
        // The worker that listens owns this job: it is gone only when nobody cares any more.
        let _ = self.notes.send(note).await;
    }

    fn event(&self, kind: EventType, reason: &str, message: &str) {
        if let Some(view) = &self.pod {
            self.shared
                .events
                .record(&view.object, kind, reason, message);
        }
    }

    async fn prepare(&self) -> Result<Next, Error> {
        let Some(view) = &self.pod else {
            return Ok(Next::LookAgain);
        };
        match self.volumes(view).await {
            Ok(plans) => match self.shared.host.prepare(&view.pod, &plans).await {
                Ok(()) => self.note(Note::Prepared).await,
                Err(error) => self.not_prepared(report(&error)).await,
            },
            Err(message) => self.not_prepared(message).await,
        }
        Ok(Next::LookAgain)
    }

    async fn not_prepared(&self, message: String) {
        self.event(EventType::Warning, "FailedMount", &message);
        self.note(Note::PrepareFailed(message)).await;
    }

    /// What the pod's volumes are to hold now; an error is for the pod's status.
    pub(super) async fn volumes(&self, view: &PodView) -> Result<Vec<volumes::Plan>, String> {
        volumes_of(&self.shared, view, &self.record).await
    }

    fn sandbox_config(&self, view: &PodView, attempt: u32) -> SandboxConfig {
        let shared = &self.shared;
        let parent = format!("{}/pod{}", shared.node.cgroup_root, self.uid);
        let pod = &view.pod;
        let logs = shared
            .paths
            .logs(spec::namespace(pod), spec::name(pod), &self.uid);
        sandbox_config(
            pod,
            attempt,
            &shared.dns,
            &shared.node.resolver,
            &parent,
            &logs,
        )
    }

    async fn run_sandbox(&self, attempt: u32) -> Result<Next, Error> {
        let Some(view) = &self.pod else {
            return Ok(Next::LookAgain);
        };
        let config = self.sandbox_config(view, attempt);
        let permit = self.shared.sandboxes.acquire().await;
        let outcome = self.shared.runtime.run_sandbox(&config).await;
        drop(permit);
        match outcome {
            Ok(SandboxId(_)) => self.note(Note::SandboxUp).await,
            Err(error) => {
                let message = format!("Failed to create pod sandbox: {}", report(&error));
                self.event(EventType::Warning, "FailedCreatePodSandBox", &message);
                self.note(Note::SandboxFailed(message)).await;
            }
        }
        Ok(Next::LookAgain)
    }

    async fn release(&self) -> Result<Next, Error> {
        self.shared
            .host
            .release(&self.uid)
            .await
            .map_err(Error::Release)?;
        self.shared.collector.forget(&self.uid);
        self.note(Note::Released).await;
        Ok(Next::GoOn)
    }

    async fn delete_object(&self) -> Result<Next, Error> {
        let Some(view) = &self.pod else {
            return Ok(Next::LookAgain);
        };
        let key = view.object.key(&Collection::new("", "pods"));
        let options = DeleteOptions {
            grace_period_seconds: Some(0),
            uid: Some(self.uid.clone()),
            ..DeleteOptions::default()
        };
        let answer = self.shared.client.delete(&key, &options).await;
        heard(answer).map_err(Error::Delete)?;
        self.note(Note::ObjectDeleted).await;
        Ok(Next::LookAgain)
    }
}

/// Whether the API server took the deletion, or knows no such pod. A conflict says neither: it is
/// asked again until the cache knows that the pod is gone, or another one of its name is there.
fn heard(answer: Result<Object, client::Error>) -> Result<(), client::Error> {
    match answer {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

fn done(operation: &'static str, outcome: Result<(), runtime::Error>) -> Result<Next, Error> {
    match outcome {
        Err(source) if !source.is_not_found() => Err(Error::Runtime { operation, source }),
        _ => Ok(Next::GoOn),
    }
}

/// What the volumes of a pod are to hold now; an error is for the pod's status.
pub(super) async fn volumes_of(
    shared: &Shared,
    view: &PodView,
    record: &PodRecord,
) -> Result<Vec<volumes::Plan>, String> {
    let downward = shared.downward(&view.pod, record);
    let sources = shared.collector.volumes(&view.pod, downward).await;
    let sources = sources.map_err(|error| report(&error))?;
    plan(&view.pod, &sources).map_err(|problem| report(&problem))
}

#[cfg(test)]
mod tests {
    use api::{Collection, Object, Status};

    use super::heard;

    #[test]
    fn a_conflict_does_not_mean_that_the_pod_is_gone() {
        let key = Collection::new("", "pods").key("default", "web");
        assert!(heard(Ok(Object::default())).is_ok());
        assert!(heard(Err(Status::not_found(&key).into())).is_ok());
        assert!(heard(Err(Status::conflict(&key, "written since").into())).is_err());
    }
}
