//! Pod: running and ready, or the one sentence that says what is in the way.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use api::Object;

use super::{Health, HealthStatus, pull, unheard};

/// A pod that found no node for this long is counted as broken, not as on its way.
pub const SCHEDULING_PATIENCE: SignedDuration = SignedDuration::from_secs(15);

/// Why a container waits that nothing mends but a change.
const HOPELESS: [&str; 3] = [
    "CreateContainerConfigError",
    "ErrImageNeverPull",
    "InvalidImageName",
];

/// Starts that failed after the first one make a loop: once, what it needs may have come later.
const AGAIN: i64 = 2;

/// What is in a pod's way; the lowest severity is the most telling.
pub(super) struct Cause {
    pub(super) severity: Severity,
    /// `container web in pod web-7d4 cannot pull image x: not found`
    pub(super) sentence: String,
    pub(super) since: Option<Timestamp>,
    /// Whether it failed more than once, or can only fail: waiting alone has not mended it.
    pub(super) repeats: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    Broken,
    /// Its node does not report.
    Unheard,
    Unschedulable,
    NotReady,
}

/// What a container says about itself.
struct Trouble {
    severity: Severity,
    /// `cannot pull image x: not found`
    clause: String,
    /// As a [`Cause`] has it.
    repeats: bool,
}

/// The first trouble of a pod.
struct First {
    severity: Severity,
    /// `container web cannot pull image x: not found`
    clause: String,
    since: Option<Timestamp>,
    repeats: bool,
}

pub(super) fn assess(pod: &Object, now: Timestamp) -> Health {
    let cause = cause_without_pod(pod, now);
    let always = matches!(pod.text("/spec/restartPolicy"), "Always" | "");
    let told = |health: Health| match &cause {
        Some(first) => Health {
            message: first.clause.clone(),
            since: first.since,
            ..health
        },
        None => health,
    };
    match pod.text("/status/phase") {
        "Succeeded" => Health::healthy(),
        "Failed" => told(Health::degraded(failure(pod))).terminal(),
        "Running" if always && is_ready(pod) => Health::healthy(),
        "Running" if !always && cause.is_none() => Health::progressing("is running"),
        _ => match cause.as_ref().map(|first| first.severity) {
            Some(Severity::Broken | Severity::Unheard) => told(Health::degraded("")),
            Some(Severity::Unschedulable) => {
                let since = cause.as_ref().and_then(|first| first.since);
                let patient = since.is_none_or(|since| now < since + SCHEDULING_PATIENCE);
                told(if patient {
                    Health::progressing("")
                } else {
                    Health::degraded("")
                })
            }
            Some(Severity::NotReady) => told(Health::progressing("")),
            None => Health::progressing(coming(pod)),
        },
    }
}

/// What a pod waits for of which no container says anything.
fn coming(pod: &Object) -> String {
    match (pod.text("/status/phase"), pod.text("/spec/nodeName")) {
        (_, "") => "waits for a node".to_owned(),
        ("Running", _) => {
            let ready = pod.condition("Ready").map(|ready| ready.message);
            let message = ready.unwrap_or_default();
            match message.trim_end_matches('.') {
                "" => "is running, but not ready yet".to_owned(),
                message => format!("is running, but not ready: {message}"),
            }
        }
        (_, node) => format!("is starting on node {node}"),
    }
}

/// The same for whoever owns the pod: `None` where nothing is in its way.
pub(super) fn cause(pod: &Object, now: Timestamp) -> Option<Cause> {
    let health = assess(pod, now);
    if health.status == HealthStatus::Healthy {
        return None;
    }
    let name = pod.name();
    if pod.text("/status/phase") == "Failed" {
        return Some(Cause {
            severity: Severity::Broken,
            sentence: subject(&health.message, name),
            since: health.since,
            repeats: false,
        });
    }
    let first = cause_without_pod(pod, now)?;
    Some(Cause {
        severity: first.severity,
        sentence: subject(&first.clause, name),
        since: first.since,
        repeats: first.repeats,
    })
}

/// Puts the pod's name into the clause: behind the container where it begins with one.
fn subject(clause: &str, pod: &str) -> String {
    let words: Vec<&str> = clause.splitn(4, ' ').collect();
    match words.as_slice() {
        ["container", container, rest @ ..] => {
            format!("container {container} in pod {pod} {}", rest.join(" "))
        }
        ["init", "container", container, rest] => {
            format!("init container {container} in pod {pod} {rest}")
        }
        _ => format!("pod {pod} {clause}"),
    }
}

fn cause_without_pod(pod: &Object, _now: Timestamp) -> Option<First> {
    if unheard::is_unheard(pod) {
        let (clause, since) = unheard::clause(pod);
        return Some(First {
            severity: Severity::Unheard,
            clause,
            since,
            repeats: false,
        });
    }
    if let Some(scheduled) = pod.condition("PodScheduled")
        && scheduled.status == "False"
    {
        let since = scheduled.last_transition_time.as_deref();
        let why = if scheduled.message.is_empty() {
            scheduled.reason
        } else {
            scheduled.message
        };
        return Some(First {
            severity: Severity::Unschedulable,
            clause: format!("cannot be scheduled: {}", why.trim_end_matches('.')),
            since: since.and_then(api::parse_time),
            repeats: false,
        });
    }
    let groups = [
        ("/status/initContainerStatuses", "init container"),
        ("/status/containerStatuses", "container"),
    ];
    let mut found: Vec<Trouble> = Vec::new();
    for (pointer, word) in groups {
        let statuses = pod.pointer(pointer).and_then(Value::as_array);
        for status in statuses.into_iter().flatten() {
            let name = status["name"].as_str().unwrap_or_default();
            if let Some(trouble) = trouble(pod, status, word == "init container") {
                found.push(Trouble {
                    clause: format!("{word} {name} {}", trouble.clause),
                    ..trouble
                });
            }
        }
    }
    let since = pod
        .condition("Ready")
        .and_then(|ready| ready.last_transition_time);
    let first = found.into_iter().min_by_key(|trouble| trouble.severity)?;
    Some(First {
        severity: first.severity,
        clause: first.clause,
        since: since.as_deref().and_then(api::parse_time),
        repeats: first.repeats,
    })
}

fn trouble(pod: &Object, status: &Value, init: bool) -> Option<Trouble> {
    let waiting = &status["state"]["waiting"];
    let last = &status["lastState"]["terminated"];
    let image = status["image"].as_str().unwrap_or_default();
    let message = waiting["message"].as_str().unwrap_or_default();
    let reason = waiting["reason"].as_str().unwrap_or_default();
    let broken = |clause: String| {
        Some(Trouble {
            severity: Severity::Broken,
            clause,
            repeats: reason.ends_with("BackOff") || HOPELESS.contains(&reason),
        })
    };
    match reason {
        "ErrImagePull" | "ImagePullBackOff" | "ImageInspectError" | "RegistryUnavailable" => {
            let image = wanted_image(pod, status).unwrap_or(image);
            let cause = pull::cause(message);
            broken(if cause.is_empty() {
                format!("cannot pull image {image}")
            } else {
                format!("cannot pull image {image}: {cause}")
            })
        }
        "ErrImageNeverPull" => broken(format!(
            "needs image {image}, which is not on the node, and may not pull it"
        )),
        "InvalidImageName" => broken(format!("has an invalid image name {image:?}")),
        "CrashLoopBackOff" => broken(crash(pod, status, last)),
        "CreateContainerConfigError" => broken(format!("cannot be configured: {message}")),
        "" | "ContainerCreating" | "PodInitializing" => quiet(pod, status, last, init),
        reason
            if reason.starts_with("Err")
                || reason.ends_with("Error")
                || reason.ends_with("BackOff") =>
        {
            broken(format!(
                "cannot start: {}",
                if message.is_empty() { reason } else { message }
            ))
        }
        _ => None,
    }
}

/// A container that is not waiting for a named reason.
fn quiet(pod: &Object, status: &Value, last: &Value, init: bool) -> Option<Trouble> {
    let ended = &status["state"]["terminated"];
    if ended.is_object() && ended["exitCode"] != 0 {
        return Some(Trouble {
            severity: Severity::Broken,
            clause: exit(pod, status, ended),
            repeats: restarts(status) >= AGAIN,
        });
    }
    let ready = status["ready"] == true || init || ended.is_object();
    if ready {
        return None;
    }
    if last.is_object() && last["exitCode"] != 0 {
        return Some(Trouble {
            severity: Severity::Broken,
            clause: crash(pod, status, last),
            repeats: restarts(status) >= AGAIN,
        });
    }
    status["state"]["running"].is_object().then(|| Trouble {
        severity: Severity::NotReady,
        clause: if status["started"] == false {
            "is running, but its startup probe has not passed yet".into()
        } else {
            "is running, but its readiness probe has not passed yet".into()
        },
        repeats: false,
    })
}

fn restarts(status: &Value) -> i64 {
    status["restartCount"].as_i64().unwrap_or(0)
}

fn crash(pod: &Object, status: &Value, last: &Value) -> String {
    let restarts = restarts(status);
    let times = super::deployment::plural(restarts, "time", "times");
    let what = if last.is_object() {
        exit(pod, status, last)
    } else {
        "keeps ending".to_owned()
    };
    format!("{what}, restarted {restarts} {times}")
}

fn exit(pod: &Object, status: &Value, ended: &Value) -> String {
    let said = ended["message"]
        .as_str()
        .and_then(|message| message.lines().rfind(|line| !line.trim().is_empty()))
        .map(|line| format!(": {}", line.trim()))
        .unwrap_or_default();
    if ended["reason"] == "OOMKilled" {
        return match memory_limit(pod, status) {
            Some(limit) => format!("ran out of memory (its limit is {limit})"),
            None => "ran out of memory".to_owned(),
        };
    }
    match (ended["exitCode"].as_i64(), ended["signal"].as_i64()) {
        (_, Some(signal)) if signal != 0 => format!("was ended by signal {signal}{said}"),
        (Some(code), _) => format!("exited with code {code}{said}"),
        (None, _) => format!("ended{said}"),
    }
}

fn container<'a>(pod: &'a Object, status: &Value) -> Option<&'a Value> {
    ["/spec/containers", "/spec/initContainers"]
        .into_iter()
        .filter_map(|pointer| pod.pointer(pointer)?.as_array())
        .flatten()
        .find(|container| container["name"] == status["name"])
}

/// As the author wrote it; the status may hold it resolved.
fn wanted_image<'a>(pod: &'a Object, status: &Value) -> Option<&'a str> {
    container(pod, status)?["image"].as_str()
}

fn memory_limit<'a>(pod: &'a Object, status: &Value) -> Option<&'a str> {
    container(pod, status)?["resources"]["limits"]["memory"].as_str()
}

fn is_ready(pod: &Object) -> bool {
    pod.condition("Ready")
        .is_some_and(|ready| ready.status == "True")
}

/// Why a pod as a whole failed: eviction and the like, or its container's exit.
fn failure(pod: &Object) -> String {
    match (pod.text("/status/reason"), pod.text("/status/message")) {
        ("", "") => "failed".to_owned(),
        (reason, "") => format!("failed: {reason}"),
        (_, message) => format!("failed: {message}"),
    }
}
