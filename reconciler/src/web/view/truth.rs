//! The one sentence about an application: what is waited for, since when, until when, and what
//! happens then. Nothing is said that the records do not say.

use engine::HealthStatus;
use engine::health::{Brief, Fault, brief, silent_node};
use engine::rollout::{Pause, SyncStatus};
use jiff::Timestamp;

use super::facts::Facts;
use crate::history::Rollout;

/// Letters of what a container or a server said that are told here.
const LETTERS: usize = 160;

/// What is said of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Told {
    pub heading: String,
    /// What is waited for, or what is wrong; may be empty.
    pub details: String,
    pub since: Option<Timestamp>,
    /// When what is waited for is waited for no longer.
    pub until: Option<Timestamp>,
    /// What happens then, or what has to happen.
    pub then: String,
}

impl Told {
    /// `details`, until when, and `then` for where there is one line.
    pub(crate) fn line(&self) -> String {
        let until = self
            .until
            .map(|at| at.strftime("Its time ends at %H:%M:%S UTC.").to_string());
        let parts = [
            self.details.as_str(),
            until.as_deref().unwrap_or_default(),
            &self.then,
        ];
        let told: Vec<&str> = parts.into_iter().filter(|it| !it.is_empty()).collect();
        told.join(" ")
    }
}

impl Facts {
    /// The sentence about the worst of it.
    pub(crate) fn truth(&self) -> Told {
        let told = if self.held.is_some() {
            self.held_truth()
        } else if let Some(running) = self.running() {
            self.running_truth(running)
        } else if let Some(pause) = self.suspended() {
            self.suspended_truth(pause)
        } else if self.observed_at.is_none() {
            Told {
                heading: format!("{} has not been looked at yet", self.name),
                details: "The reconciler has just started; its first look decides.".into(),
                ..Told::default()
            }
        } else if self.health == HealthStatus::Missing && self.paused.is_some() {
            // It was never made, and is not made by itself.
            self.sync_truth()
        } else if !self.health.is_settled_well() {
            self.health_truth()
        } else if self.sync == SyncStatus::Synced && self.health == HealthStatus::Suspended {
            self.standstill()
        } else {
            self.sync_truth()
        };
        Told {
            details: sentence(&told.details),
            ..told
        }
    }

    fn held_truth(&self) -> Told {
        let hold = self.held.clone().expect("only asked of what is held");
        let undone = self.last.as_ref().is_some_and(|it| it.undone_at.is_some());
        let back = if undone {
            "What it wrote was undone. "
        } else {
            ""
        };
        let first = self.last.as_ref().and_then(|last| last.first_try.clone());
        let (revision, since) = match &first {
            Some(first) => (first.revision.short(), first.started_at),
            None => (hold.revision.short(), hold.since),
        };
        let again = if first.is_some() {
            ", and failed again with each newer one"
        } else {
            ""
        };
        let is_held = format!("commit {revision} failed and is not applied again{again}");
        let name = &self.name;
        let elsewhere = failed_elsewhere(&hold.reason);
        let (heading, more) = match (self.fault(), elsewhere) {
            // What is wrong with itself is what somebody has to look at, whoever failed first.
            (Some(own), _) => (self.ails(&own), own.more),
            (None, Some(other)) => (
                format!("{name} is held: commit {revision} failed elsewhere"),
                other.to_owned(),
            ),
            (None, None) => match brief(&hold.reason) {
                Some(own) => (format!("{name} is held: {}", cut(&own.what)), own.more),
                None => (format!("{name} is held: {is_held}"), String::new()),
            },
        };
        Told {
            details: if heading.ends_with(&is_held) {
                String::new()
            } else {
                [sentence(&cut(&more)), sentence(&is_held)]
                    .join(" ")
                    .trim_start()
                    .to_owned()
            },
            heading,
            since: Some(since),
            until: None,
            then: format!("{back}It stays so until a newer commit comes, or somebody syncs it."),
        }
    }

    fn running_truth(&self, running: &Rollout) -> Told {
        let (name, to) = (&self.name, running.revision.short());
        let then = if running.deadline_at.is_some() {
            "If it is not healthy by then, the rollout fails and the commit is held."
        } else {
            "Its deadline counts from when it begins to write."
        };
        let fault = self
            .fault()
            .filter(|_| self.health == HealthStatus::Degraded);
        Told {
            heading: match &fault {
                Some(own) => format!("{name} is Degraded on its way to {to}: {}", cut(&own.what)),
                None if self.health == HealthStatus::Degraded => {
                    format!("{name} is Degraded on its way to {to}")
                }
                None => format!("{name} is going to {to}"),
            },
            details: cut(match &fault {
                Some(own) => &own.more,
                None if running.message.is_empty() => &self.health_message,
                None => &running.message,
            }),
            since: Some(running.started_at),
            until: running.deadline_at,
            then: then.into(),
        }
    }

    fn suspended_truth(&self, pause: &Pause) -> Told {
        let well = self.health.is_settled_well();
        let and = match (well, self.sync) {
            (false, _) => format!(", and {}", self.health),
            (true, SyncStatus::OutOfSync) => ", and not what Git says".into(),
            (true, _) => String::new(),
        };
        let ends = if self.resumes() {
            "somebody resumes it"
        } else {
            "spec.suspend is false in Git"
        };
        let more = if well { "" } else { &self.health_message };
        Told {
            heading: format!("{} is suspended{and}", self.name),
            details: [sentence(&pause.message), sentence(more)]
                .join(" ")
                .trim_end()
                .to_owned(),
            since: self.since("Paused"),
            until: None,
            then: format!("Nothing is rolled out, healed or deleted until {ends}."),
        }
    }

    fn health_truth(&self) -> Told {
        let then = match self.health {
            HealthStatus::Degraded if silent_node(&self.health_message).is_some() => {
                "It stays so until the node reports again, or its pods are made on another one."
            }
            HealthStatus::Missing if self.policy().is_none() => {
                "What is missing comes back by itself where selfHeal is on, else with a sync or \
                 a commit that changes the application."
            }
            HealthStatus::Missing if self.policy().is_some_and(|it| it.self_heal) => {
                "Kedge makes again what is missing."
            }
            HealthStatus::Missing => {
                "selfHeal is off: what is missing comes with a sync, or with a commit that \
                 changes the application."
            }
            HealthStatus::Progressing => {
                "No rollout runs, so no deadline does: Kedge looks again with every change."
            }
            HealthStatus::Degraded => {
                "No rollout runs, so no deadline does: it stays so until it recovers, or a \
                 commit mends it."
            }
            _ => "Kedge looks again with every change.",
        };
        let fault = self.fault();
        Told {
            heading: match &fault {
                Some(own) => self.ails(own),
                None => format!("{} is {}", self.name, self.health),
            },
            details: fault.map(|own| cut(&own.more)).unwrap_or_default(),
            since: self.since("Healthy"),
            until: None,
            then: then.into(),
        }
    }

    /// What is wrong with its own objects now; `None` where nothing is, or nobody says what.
    pub(crate) fn fault(&self) -> Option<Brief> {
        let unwell = self.observed_at.is_some() && !self.health.is_settled_well();
        brief(&self.health_message).filter(|_| unwell)
    }

    /// `checkout is Degraded: container api exits with code 1`
    fn ails(&self, own: &Brief) -> String {
        match own.fault {
            Fault::NoRoom => format!("{} waits: {}", self.name, own.what),
            _ => format!("{} is {}: {}", self.name, self.health, cut(&own.what)),
        }
    }

    /// Healthy, and asked to stand still.
    fn standstill(&self) -> Told {
        let details = match self.health_message.as_str() {
            "" => "An object of it is paused or suspended, as Git says",
            message => message,
        };
        Told {
            heading: format!("{} is Suspended", self.name),
            details: details.into(),
            since: self.since("Healthy"),
            until: None,
            then: "It stays so until a commit lets it go on.".into(),
        }
    }

    fn sync_truth(&self) -> Told {
        let name = &self.name;
        let (heading, then) = match (self.sync, self.paused.as_ref()) {
            (SyncStatus::Synced, _) => (format!("{name} matches Git"), ""),
            (SyncStatus::OutOfSync, paused) => {
                (format!("{name} is not what Git says"), self.ends(paused))
            }
            (SyncStatus::Unknown, _) => (
                format!("{name} cannot be compared with Git"),
                "Kedge tries again by itself.",
            ),
        };
        let details = once(&self.sync_message, self.paused.as_ref());
        let is_synced = self.sync == SyncStatus::Synced;
        Told {
            heading,
            details,
            since: self.since("Synced").filter(|_| !is_synced),
            until: None,
            then: then.into(),
        }
    }

    /// What ends it that Git and the cluster differ.
    fn ends(&self, paused: Option<&Pause>) -> &'static str {
        match paused {
            Some(pause) if pause.asks() => "Nothing happens before somebody says so.",
            Some(_) => "It goes on by itself once nothing is in the way.",
            None if self.policy().is_some_and(|policy| !policy.self_heal) => {
                "selfHeal is off: it stays so until a sync, or a commit that changes the application."
            }
            None => "Kedge brings it back by itself.",
        }
    }

    /// When a condition became what it is.
    fn since(&self, condition: &str) -> Option<Timestamp> {
        let found = self.conditions.iter().find(|it| it.kind == condition)?;
        api::parse_time(found.last_transition_time.as_deref()?)
    }
}

/// The sentence about the application whose failure took this one along; `None` where it failed by
/// itself.
pub(crate) fn failed_elsewhere(reason: &str) -> Option<&str> {
    let (first, _) = reason
        .split_once(", and until then ")
        .unwrap_or((reason, ""));
    reason.starts_with("application ").then_some(first)
}

/// So much that it can be read in passing: the explanation has the whole.
fn cut(text: &str) -> String {
    match text.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// Why it is not what Git says, with what it waits for: once, where one begins with the other.
fn once(sync: &str, paused: Option<&Pause>) -> String {
    let Some(pause) = paused else {
        return sync.to_owned();
    };
    let waits = &pause.message;
    match sync.strip_prefix(waits.as_str()) {
        // How many objects wait is in the sentence already.
        Some(_) if pause.reason == Pause::APPROVAL => waits.clone(),
        Some(_) => sync.to_owned(),
        None if sync.is_empty() => waits.clone(),
        None => format!("{} {}", sentence(sync), sentence(waits)),
    }
}

/// With a capital at its start and a full stop at its end. A file or a host is called what it is called.
pub(crate) fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let word = text.split(' ').next().unwrap_or_default();
    let is_name = word.contains(['/', ':']) || word.trim_end_matches('.').contains('.');
    let first: String = match characters.next() {
        Some(first) if is_name => first.to_string(),
        first => first.into_iter().flat_map(char::to_uppercase).collect(),
    };
    let ends = text.is_empty() || text.ends_with(['.', '!', '?', '…']);
    let stop = if ends { "" } else { "." };
    format!("{first}{}{stop}", characters.as_str())
}

#[cfg(test)]
mod tests;
