//! One pod: why it is as it is, its containers, what happened to it.

use askama::Template;
use jiff::Timestamp;
use serde_json::Value;

use api::{Object, parse_time};
use engine::rollout::CommitId;
use engine::{HealthStatus, health};

use super::component::{CommitChip, Icon, State, Tone, encoded};
use super::time::{When, coarse, took};

/// Events on the page.
const EVENTS: usize = 20;

/// Name, state and where it runs.
#[derive(Debug, Template)]
#[template(path = "pod/head.html")]
pub(crate) struct Head {
    pub name: String,
    pub state: State,
    /// Name and address of its node; empty where it has none.
    pub node: (String, String),
    /// The commit that what made it is from; absent where that is not known.
    pub commit: Option<CommitChip>,
    /// The application it belongs to; empty where that is not known.
    pub app: String,
    pub restarts: i64,
    pub age: String,
    pub ip: String,
    /// The page about its fields; empty where its application is not known.
    pub fields: String,
}

/// The containers, init containers first.
#[derive(Debug, Template)]
#[template(path = "pod/containers.html")]
pub(crate) struct Containers {
    pub containers: Vec<Container>,
}

/// One container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Container {
    pub name: String,
    pub image: String,
    pub tone: Tone,
    pub icon: Icon,
    pub state: String,
    pub restarts: i64,
    /// Whether there is a log at all.
    pub started: bool,
    /// Whether its newest run ended badly, so that the run before is the one to read.
    pub failed_before: bool,
}

/// What was reported about it.
#[derive(Debug, Template)]
#[template(path = "pod/events.html")]
pub(crate) struct Events {
    pub events: Vec<Event>,
    pub error: String,
}

/// One report, perhaps many times.
#[derive(Debug)]
pub(crate) struct Event {
    pub tone: Tone,
    pub icon: Icon,
    pub reason: String,
    pub message: String,
    pub count: i64,
    pub when: Option<When>,
}

/// `commit` is what its template is from.
pub(crate) fn head(pod: &Object, app: &str, commit: Option<&CommitId>, now: Timestamp) -> Head {
    let containers = containers(pod).containers;
    Head {
        name: pod.name().into(),
        state: state(pod, now),
        node: match pod.text("/spec/nodeName") {
            "" => (String::new(), String::new()),
            node => (node.into(), format!("/nodes/{}", encoded(node))),
        },
        commit: commit.map(|id| CommitChip::new(id, super::commit::href(id))),
        app: app.into(),
        restarts: containers.iter().map(|container| container.restarts).sum(),
        age: parse_time(pod.creation_timestamp())
            .map(|born| took(born.duration_until(now)))
            .unwrap_or_default(),
        ip: pod.text("/status/podIP").into(),
        fields: if app.is_empty() {
            String::new()
        } else {
            let key = api::Collection::new("", "pods").key(pod.namespace(), pod.name());
            format!("{}?tab=yaml", super::object::href(app, "Pod", &key))
        },
    }
}

/// The state in the word that people search for: a container's reason, or the health.
fn state(pod: &Object, now: Timestamp) -> State {
    let health = health::assess(pod, now).unwrap_or_default();
    let mut state = State::health(health.status);
    if pod.is_deleting() {
        state.word = "Terminating".into();
    } else if health.status == HealthStatus::Healthy {
        state.word = match pod.text("/status/phase") {
            "Succeeded" => "Completed".into(),
            _ => "Running".into(),
        };
    } else if let Some(reason) = statuses(pod).find_map(|status| {
        let waiting = status["state"]["waiting"]["reason"].as_str();
        let ended = status["state"]["terminated"]["reason"].as_str();
        waiting
            .or(ended)
            .filter(|reason| !matches!(*reason, "Completed" | "PodInitializing"))
    }) {
        reason.clone_into(&mut state.word);
    }
    state
}

fn statuses(pod: &Object) -> impl Iterator<Item = &Value> {
    ["/status/initContainerStatuses", "/status/containerStatuses"]
        .into_iter()
        .filter_map(|pointer| pod.pointer(pointer).and_then(Value::as_array))
        .flatten()
}

pub(crate) fn containers(pod: &Object) -> Containers {
    let of = |pointer: &str, init: bool| -> Vec<Container> {
        let specs = pod.pointer(pointer).and_then(Value::as_array);
        specs
            .into_iter()
            .flatten()
            .map(|spec| container(pod, spec, init))
            .collect()
    };
    let mut containers = of("/spec/initContainers", true);
    containers.extend(of("/spec/containers", false));
    Containers { containers }
}

fn container(pod: &Object, spec: &Value, init: bool) -> Container {
    let name = spec["name"].as_str().unwrap_or_default();
    let status = statuses(pod).find(|status| status["name"] == name);
    let null = Value::Null;
    let status = status.unwrap_or(&null);
    let state = &status["state"];
    let restarts = status["restartCount"].as_i64().unwrap_or(0);
    let (tone, icon, mut text) = if let Some(waiting) = state["waiting"].as_object() {
        let reason = waiting.get("reason").and_then(Value::as_str);
        let reason = reason.unwrap_or("Waiting");
        match reason {
            "ContainerCreating" | "PodInitializing" => (Tone::Run, "run", reason.to_owned()),
            _ => (Tone::Bad, "bad", reason.to_owned()),
        }
    } else if let Some(ended) = state["terminated"].as_object() {
        let code = ended.get("exitCode").and_then(Value::as_i64).unwrap_or(0);
        match code {
            0 => (Tone::Ok, "ok", "done".to_owned()),
            code => (Tone::Bad, "bad", format!("exit {code}")),
        }
    } else if state["running"].is_object() {
        match status["ready"].as_bool() {
            ready if health::is_unheard(pod) => {
                let was = if ready == Some(true) {
                    "ready"
                } else {
                    "not ready"
                };
                (Tone::Unknown, "unk", format!("{was} when last heard of"))
            }
            Some(true) => (Tone::Ok, "ok", "ready".to_owned()),
            _ => (Tone::Run, "run", "not ready".to_owned()),
        }
    } else {
        (Tone::Unknown, "wait", "not started".to_owned())
    };
    match restarts {
        0 => {}
        1 => text.push_str(", 1 restart"),
        many => text = format!("{text}, {many} restarts"),
    }
    if init {
        text = format!("init, {text}");
    }
    let ran_before = status["lastState"]["terminated"].is_object();
    Container {
        name: name.into(),
        image: spec["image"].as_str().unwrap_or_default().into(),
        tone,
        icon: Icon(icon),
        state: text,
        restarts,
        started: ran_before || state["running"].is_object() || state["terminated"].is_object(),
        failed_before: ran_before && !state["running"].is_object(),
    }
}

/// The newest first.
pub(crate) fn events(all: &[Object], now: Timestamp) -> Events {
    let mut sorted: Vec<&Object> = all.iter().collect();
    // Times are whole seconds; the order in which they were written tells more.
    let written = |event: &Object| event.text("/metadata/resourceVersion").parse::<i64>().ok();
    sorted.sort_by_key(|event| std::cmp::Reverse((happened(event), written(event))));
    let event = |event: &&Object| {
        let (tone, icon) = super::events::tone(event);
        let count = [("/series/count"), ("/count")]
            .into_iter()
            .find_map(|pointer| event.pointer(pointer).and_then(Value::as_i64));
        Event {
            tone,
            icon,
            reason: event.text("/reason").into(),
            message: message(event).into(),
            count: count.unwrap_or(1),
            when: happened(event).map(|at| When {
                at,
                text: coarse(at.duration_until(now)),
            }),
        }
    };
    Events {
        events: sorted.iter().take(EVENTS).map(event).collect(),
        error: String::new(),
    }
}

/// `core/v1` has `message`, `events.k8s.io/v1` `note`.
pub(crate) fn message(event: &Object) -> &str {
    match event.text("/message") {
        "" => event.text("/note"),
        message => message,
    }
}

/// When it was last seen; every generation of writers has its own field.
pub(crate) fn happened(event: &Object) -> Option<Timestamp> {
    [
        "/series/lastObservedTime",
        "/lastTimestamp",
        "/deprecatedLastTimestamp",
        "/eventTime",
        "/firstTimestamp",
        "/metadata/creationTimestamp",
    ]
    .into_iter()
    .find_map(|pointer| parse_time(event.text(pointer)))
}

/// Names and values about the pod. `owner` is where what made it has a page; empty for nowhere.
pub(crate) fn summary(pod: &Object, owner: String) -> super::app::Summary {
    let (mut entries, mut linked) = (Vec::new(), Vec::new());
    let mut entry = |name, value: String| {
        if !value.is_empty() {
            entries.push((name, value));
        }
    };
    entry("Namespace", pod.namespace().into());
    if let Some(made_by) = pod.controller() {
        let title = format!("{} {}", made_by.kind, made_by.name);
        if owner.is_empty() {
            entry("Owner", title);
        } else {
            linked.push(("Owner", title, owner));
        }
    }
    for (name, pointer) in [
        ("Account", "/spec/serviceAccountName"),
        ("Priority", "/spec/priorityClassName"),
        ("Restarts", "/spec/restartPolicy"),
        ("Quality", "/status/qosClass"),
    ] {
        entry(name, pod.text(pointer).into());
    }
    super::app::Summary {
        proof: super::proven::Proof::default(),
        entries,
        linked,
    }
}
