//! Stops one container: hook, signal and kill on one clock.

use std::time::Duration;

use client::EventType;

use super::{Error, Job};
use crate::pods::action::{RuntimeAction, StopReason};
use crate::pods::memory::Note;
use crate::pods::spec::{self, between};

/// What is left for the signal when the hook took all the time.
const LEAST: Duration = Duration::from_secs(2);

impl Job {
    pub(super) async fn stop(&self, action: &RuntimeAction) -> Result<(), Error> {
        let RuntimeAction::StopContainer {
            id,
            name,
            grace,
            reason,
            hook,
        } = action
        else {
            return Ok(());
        };
        self.event(EventType::Normal, "Killing", &text(name, reason));
        let began = self.shared.env.now();
        if *hook
            && let Some(view) = &self.pod
            && let Some((_, container)) = spec::container(&view.pod, name)
        {
            self.pre_stop(view, container, id, *grace).await;
            self.note(Note::PreStopped(id.clone())).await;
        }
        let left = grace
            .saturating_sub(between(began, self.shared.env.now()))
            .max(LEAST);
        match self.shared.runtime.stop_container(id, left).await {
            Err(source) if !source.is_not_found() => Err(Error::Runtime {
                operation: "stop a container",
                source,
            }),
            _ => Ok(()),
        }
    }
}

fn text(name: &str, reason: &StopReason) -> String {
    match reason {
        StopReason::PodEnds => format!("Stopping container {name}"),
        StopReason::SpecChanged => {
            format!("Container {name} definition changed, will be restarted")
        }
        StopReason::LivenessFailed => {
            format!("Container {name} failed liveness probe, will be restarted")
        }
        StopReason::StartupFailed => {
            format!("Container {name} failed startup probe, will be restarted")
        }
        StopReason::PostStartFailed(message) => format!("Container {name}: {message}"),
        StopReason::Unknown => format!("Container {name} is in an unknown state"),
    }
}
