//! Which probes are due, and what a series of outcomes means. No clock, no I/O.

use std::collections::BTreeMap;
use std::time::Duration;

use api::k8s::core::v1 as core;
use jiff::Timestamp;

use crate::pods::Observed;
use crate::pods::spec::{self, later};
use crate::runtime::{Container, ContainerId};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Startup,
    Liveness,
    Readiness,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Startup => "Startup",
            Self::Liveness => "Liveness",
            Self::Readiness => "Readiness",
        }
    }

    pub(crate) fn of(self, container: &core::Container) -> Option<&core::Probe> {
        match self {
            Self::Startup => container.startup_probe.as_ref(),
            Self::Liveness => container.liveness_probe.as_ref(),
            Self::Readiness => container.readiness_probe.as_ref(),
        }
    }
}

/// What one run of a probe found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Success,
    Failure(String),
    /// The probe itself could not be run: says nothing about the container.
    Unknown(String),
}

/// What is concluded of a container. `None`: nothing yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Results {
    pub startup: Option<bool>,
    pub liveness: Option<bool>,
    pub readiness: Option<bool>,
}

impl Results {
    fn of(&mut self, kind: Kind) -> &mut Option<bool> {
        match kind {
            Kind::Startup => &mut self.startup,
            Kind::Liveness => &mut self.liveness,
            Kind::Readiness => &mut self.readiness,
        }
    }
}

/// The numbers of one probe, with Kubernetes' defaults for what is not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settings {
    pub initial_delay: Duration,
    pub period: Duration,
    pub timeout: Duration,
    pub successes: u32,
    pub failures: u32,
}

impl Settings {
    pub(crate) fn of(probe: &core::Probe) -> Self {
        let seconds = |value: Option<i32>, default: u64| {
            let value = value.and_then(|v| u64::try_from(v).ok()).filter(|v| *v > 0);
            Duration::from_secs(value.unwrap_or(default))
        };
        let count = |value: Option<i32>, default: u32| {
            let value = value.and_then(|v| u32::try_from(v).ok()).filter(|v| *v > 0);
            value.unwrap_or(default)
        };
        Self {
            initial_delay: seconds(probe.initial_delay_seconds, 0),
            period: seconds(probe.period_seconds, 10),
            timeout: seconds(probe.timeout_seconds, 1),
            successes: count(probe.success_threshold, 1),
            failures: count(probe.failure_threshold, 3),
        }
    }
}

/// A probe that should run now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Due {
    pub id: ContainerId,
    pub container: String,
    pub kind: Kind,
}

/// The series of one probe of one container.
#[derive(Debug, Clone, Copy, Default)]
struct Track {
    last_run: Option<Timestamp>,
    is_running: bool,
    last: Option<bool>,
    in_a_row: u32,
}

/// The series of all probes of one pod.
#[derive(Debug, Default)]
pub(crate) struct Tracks {
    tracks: BTreeMap<(ContainerId, Kind), Track>,
}

impl Tracks {
    /// The probes to run now (they count as running from here on) and when the next is due.
    pub(crate) fn due(&mut self, observed: &Observed) -> (Vec<Due>, Option<Timestamp>) {
        let (mut due, mut next) = (Vec::new(), None::<Timestamp>);
        let Some(pod) = observed.pod else {
            return (due, next);
        };
        for (_, container) in spec::containers(pod) {
            let Some(running) = observed.current(&container.name).filter(|c| c.is_running()) else {
                continue;
            };
            for kind in [Kind::Startup, Kind::Liveness, Kind::Readiness] {
                let Some(at) = self.next_run(observed, pod, container, running, kind) else {
                    continue;
                };
                if at > observed.now {
                    next = Some(next.map_or(at, |before| before.min(at)));
                    continue;
                }
                let track = self.tracks.entry((running.id.clone(), kind)).or_default();
                track.is_running = true;
                track.last_run = Some(observed.now);
                due.push(Due {
                    id: running.id.clone(),
                    container: container.name.clone(),
                    kind,
                });
            }
        }
        (due, next)
    }

    /// When a probe runs next; `None` while it must not, or does already.
    fn next_run(
        &self,
        observed: &Observed,
        pod: &core::Pod,
        container: &core::Container,
        running: &Container,
        kind: Kind,
    ) -> Option<Timestamp> {
        let settings = Settings::of(kind.of(container)?);
        let results = observed.memory.probes.get(&running.id).copied();
        let results = results.unwrap_or_default();
        let is_on_hold = results.startup == Some(false) || results.liveness == Some(false);
        let is_wanted = match kind {
            Kind::Startup => results.startup.is_none() && !spec::is_deleting(pod),
            Kind::Liveness => observed.is_started(running, container) && !spec::is_deleting(pod),
            Kind::Readiness => observed.is_started(running, container),
        };
        let track = self.tracks.get(&(running.id.clone(), kind)).copied();
        let track = track.unwrap_or_default();
        if is_on_hold || !is_wanted || track.is_running {
            return None;
        }
        let first = later(running.started_at()?, settings.initial_delay);
        let again = track.last_run.map(|last| later(last, settings.period));
        Some(again.map_or(first, |again| again.max(first)))
    }

    /// Takes an outcome in; answers whether `results` changed.
    pub(crate) fn conclude(
        &mut self,
        due: &Due,
        settings: Settings,
        outcome: &Outcome,
        results: &mut Results,
    ) -> bool {
        let Some(track) = self.tracks.get_mut(&(due.id.clone(), due.kind)) else {
            return false;
        };
        track.is_running = false;
        let success = match outcome {
            Outcome::Success => true,
            Outcome::Failure(_) => false,
            Outcome::Unknown(_) => return false,
        };
        track.in_a_row = if track.last == Some(success) {
            track.in_a_row + 1
        } else {
            1
        };
        track.last = Some(success);
        let threshold = if success {
            settings.successes
        } else {
            settings.failures
        };
        let result = results.of(due.kind);
        if track.in_a_row < threshold || *result == Some(success) {
            return false;
        }
        // The first failures of readiness say nothing new: without a result it is not ready.
        let changed = !(due.kind == Kind::Readiness && result.is_none() && !success);
        *result = Some(success);
        changed
    }

    /// Forgets containers that are no more.
    pub(crate) fn retain(&mut self, exists: impl Fn(&ContainerId) -> bool) {
        self.tracks.retain(|(id, _), _| exists(id));
    }
}

/// What was known of a container before this agent started: without it every pod of the node
/// would be unready for a moment after each restart of the agent.
pub(crate) fn inherited(
    container: &Container,
    reported: Option<&core::ContainerStatus>,
) -> Results {
    let same = reported.filter(|status| {
        status.container_id.as_deref().map(spec::bare_id) == Some(container.id.0.as_str())
    });
    Results {
        startup: same
            .filter(|status| status.started == Some(true))
            .map(|_| true),
        liveness: None,
        readiness: same.filter(|status| status.ready).map(|_| true),
    }
}
