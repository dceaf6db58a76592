//! Life-cycle hooks.

use std::time::Duration;

use api::k8s::core::v1 as core;
use client::EventType;

use super::{Job, PodView};
use crate::pods::memory::Note;
use crate::pods::spec::items;
use crate::probes::http_check;
use crate::report::report;
use crate::runtime::ContainerId;

/// A `postStart` hook has no limit of its own; the container's grace period is not one either.
const POST_START_LIMIT: Duration = Duration::from_mins(10);

impl Job {
    /// Runs the hook; one that fails ends the container.
    pub(super) async fn post_start(
        &self,
        view: &PodView,
        container: &core::Container,
        id: &ContainerId,
    ) {
        let hook = container
            .lifecycle
            .as_ref()
            .and_then(|hooks| hooks.post_start.as_ref());
        let Some(hook) = hook else {
            return;
        };
        let note = match self.hook(view, container, id, hook, POST_START_LIMIT).await {
            Ok(()) => Note::PostStarted(id.clone()),
            Err(message) => {
                let text = format!("PostStartHook failed: {message}");
                self.event(EventType::Warning, "FailedPostStartHook", &text);
                Note::PostStartFailed(id.clone(), text)
            }
        };
        self.note(note).await;
    }

    /// Runs the hook within `limit`. One that fails changes nothing: the container ends anyway.
    pub(super) async fn pre_stop(
        &self,
        view: &PodView,
        container: &core::Container,
        id: &ContainerId,
        limit: Duration,
    ) {
        let hook = container
            .lifecycle
            .as_ref()
            .and_then(|hooks| hooks.pre_stop.as_ref());
        let Some(hook) = hook else {
            return;
        };
        if let Err(message) = self.hook(view, container, id, hook, limit).await {
            let text = format!("PreStopHook failed: {message}");
            self.event(EventType::Warning, "FailedPreStopHook", &text);
        }
    }

    async fn hook(
        &self,
        view: &PodView,
        container: &core::Container,
        id: &ContainerId,
        hook: &core::LifecycleHandler,
        limit: Duration,
    ) -> Result<(), String> {
        if let Some(exec) = &hook.exec {
            let command = items(&exec.command);
            let output = self.shared.runtime.exec_sync(id, command, limit).await;
            let output = output.map_err(|error| report(&error))?;
            if output.exit_code == 0 {
                return Ok(());
            }
            let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(format!(
                "command ended with code {}: {text}",
                output.exit_code
            ));
        }
        if let Some(http) = &hook.http_get {
            let address = self
                .shared
                .addresses(&view.pod, &self.record)
                .first()
                .copied();
            let check = http_check(http, container, address).map_err(|error| error.to_string())?;
            return self.shared.host.call(&check, limit).await;
        }
        if let Some(sleep) = &hook.sleep {
            let wanted = Duration::from_secs(u64::try_from(sleep.seconds).unwrap_or(0));
            self.shared.sleep(wanted.min(limit)).await;
            return Ok(());
        }
        Ok(())
    }
}
