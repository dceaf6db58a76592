//! Records every write that is asked for: who, what, when, from where, and what came of it. Never
//! what was written, and never in the way of a request: what cannot be recorded is counted.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use http::{HeaderMap, header};
use jiff::Timestamp;
use prometheus_client::metrics::counter::Counter;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use api::{Object, ObjectKey};
use client::{Env, Step, Tasks};
use tls::Peer;

use crate::registry::key_of;
use crate::registry::kinds::Served;
use crate::store::{Asked, Store};

use super::ApiError;
use super::request::{Query, ResourceRequest};

/// Rows that wait for the database; past that they are lost, and counted.
const QUEUE: usize = 16_384;
/// Rows of one statement.
const BATCH: usize = 1_000;
/// Between two tries, and how many there are.
const AGAIN: Duration = Duration::from_secs(1);
const TRIES: usize = 30;
/// Letters of a text; more is cut.
const LONGEST: usize = 256;

/// Where requests are told to. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Audit {
    queue: mpsc::Sender<Asked>,
    lost: Counter,
}

impl Audit {
    /// Records in the background, until the tasks end and what is queued is recorded.
    pub(crate) fn start(store: Arc<dyn Store>, lost: Counter, env: &Env, tasks: &Tasks) -> Self {
        let (sender, queue) = mpsc::channel(QUEUE);
        let recorder = Recorder {
            store,
            lost: lost.clone(),
            env: env.clone(),
            token: tasks.token().clone(),
        };
        tasks.spawn(recorder.run(queue));
        Self {
            queue: sender,
            lost,
        }
    }

    /// Tells of a request that was answered.
    pub(crate) fn answered(&self, asked: Asked, answer: &Result<Response, ApiError>) {
        for row in rows(asked, answer) {
            if self.queue.try_send(row).is_err() {
                self.lost.inc();
            }
        }
    }
}

struct Recorder {
    store: Arc<dyn Store>,
    lost: Counter,
    env: Env,
    token: CancellationToken,
}

impl Recorder {
    async fn run(self, mut queue: mpsc::Receiver<Asked>) {
        let mut batch = Vec::new();
        loop {
            tokio::select! {
                biased;
                count = queue.recv_many(&mut batch, BATCH) => if count == 0 { return },
                () = self.token.cancelled(), if !queue.is_closed() => queue.close(),
            }
            if !batch.is_empty() {
                self.record(&batch).await;
                batch.clear();
            }
        }
    }

    async fn record(&self, batch: &[Asked]) {
        for _ in 0..TRIES {
            match self.store.record(batch).await {
                Ok(()) => return,
                Err(error) => tracing::warn!(%error, "the audit was not written"),
            }
            tokio::select! {
                () = self.token.cancelled() => break,
                () = self.env.clock.sleep(AGAIN) => {}
            }
        }
        self.lost.inc_by(batch.len() as u64);
    }
}

/// The objects that a request was about where its path does not say: travels with the response.
#[derive(Debug, Clone, Default)]
pub(crate) struct Concerned(Vec<(&'static str, ObjectKey)>);

impl Concerned {
    pub(crate) fn objects<'a>(
        served: &Served,
        verb: &'static str,
        objects: impl IntoIterator<Item = &'a Object>,
    ) -> Self {
        let keys = objects
            .into_iter()
            .filter_map(|object| key_of(served, object).ok());
        Self(keys.map(|key| (verb, key)).collect())
    }

    pub(crate) fn steps(served: &Served, steps: &[Step]) -> Self {
        let deed = |step: &Step| {
            Some(match step {
                Step::Apply { object, .. } => ("patch", key_of(served, object).ok()?),
                Step::Restore { object } => ("update", key_of(served, object).ok()?),
                Step::Delete { key, .. } => ("delete", key.clone()),
            })
        };
        Self(steps.iter().filter_map(deed).collect())
    }

    pub(crate) fn on(self, mut response: Response) -> Response {
        response.extensions_mut().insert(self);
        response
    }
}

/// What is to be recorded of a request on a resource; `None` for one that writes nothing.
pub(crate) fn of_resource(resource: &ResourceRequest) -> Option<Asked> {
    let writes = ["create", "update", "patch", "delete", "deletecollection"];
    let group = resource.resource.group.as_str();
    let asks = matches!(group, "authorization.k8s.io" | "authentication.k8s.io");
    // They are opened by GET as well, and do more than many a write.
    let enters = ["exec", "attach", "portforward", "proxy"];
    let is_told =
        writes.contains(&resource.verb) || enters.contains(&resource.subresource.as_str());
    (is_told && !asks).then(|| Asked {
        verb: resource.verb,
        resource: resource.resource.collection().to_string(),
        namespace: text(&resource.namespace),
        name: text(&resource.name),
        subresource: text(&resource.subresource),
        ..Asked::default()
    })
}

/// What is known before the answer, but who asks.
pub(crate) fn arrived(asked: Asked, request: &Request, query: &Query, at: Timestamp) -> Asked {
    let peer = request.extensions().get::<Peer>();
    let agent = header_text(request.headers(), header::USER_AGENT.as_str());
    let manager = query.value("fieldManager").map(text);
    Asked {
        at,
        address: peer.map_or(String::new(), |peer| peer.address.ip().to_string()),
        manager: manager.unwrap_or_else(|| first_word(&agent)),
        agent,
        commit: text(query.value("commit").unwrap_or_default()),
        dry_run: query.value("dryRun").is_some_and(|value| !value.is_empty()),
        ..asked
    }
}

/// Who asks: the user that the request is made as, and the one who made it where that is another.
pub(crate) fn asked_by(asked: Asked, user: &str, authenticated: &str) -> Asked {
    let is_other = user != authenticated;
    Asked {
        writer: text(user),
        impersonator: if is_other {
            text(authenticated)
        } else {
            String::new()
        },
        ..asked
    }
}

fn rows(mut asked: Asked, answer: &Result<Response, ApiError>) -> Vec<Asked> {
    let concerned = match answer {
        Ok(response) => {
            asked.code = response.status().as_u16();
            response.extensions().get::<Concerned>()
        }
        Err(ApiError(status)) => {
            asked.code = status.code();
            asked.reason = format!("{:?}", status.reason);
            if asked.name.is_empty() {
                asked.name = text(&status.name);
            }
            None
        }
    };
    let rows = match concerned {
        None => vec![asked],
        Some(Concerned(deeds)) => deeds
            .iter()
            .map(|(verb, key)| Asked {
                verb,
                resource: key.collection.to_string(),
                namespace: key.namespace.clone(),
                name: key.name.clone(),
                ..asked.clone()
            })
            .collect(),
    };
    rows.into_iter()
        .filter(|row| !is_sign_of_life(row))
        .collect()
}

/// What says only that somebody lives or what happened, many times a second.
fn is_sign_of_life(asked: &Asked) -> bool {
    let kinds = [
        "leases.coordination.k8s.io",
        "events",
        "events.events.k8s.io",
    ];
    asked.code < 400 && kinds.contains(&asked.resource.as_str())
}

fn header_text(headers: &HeaderMap, name: &str) -> String {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    text(value.unwrap_or_default())
}

/// As the registry names who sends no field manager.
fn first_word(agent: &str) -> String {
    agent.split('/').next().unwrap_or_default().to_owned()
}

/// As the database takes it, and no longer than anybody needs.
fn text(text: &str) -> String {
    text.chars().filter(|c| *c != '\0').take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use api::{Reason, Status, resource};

    use super::*;

    fn asked(resource: &str, name: &str) -> Asked {
        Asked {
            verb: "create",
            resource: resource.into(),
            name: name.into(),
            ..Asked::default()
        }
    }

    fn told(asked: Asked, answer: &Result<Response, ApiError>) -> Vec<String> {
        let rows = rows(asked, answer).into_iter();
        rows.map(|row| {
            format!(
                "{} {} {} {} {}",
                row.verb, row.resource, row.name, row.code, row.reason
            )
        })
        .collect()
    }

    fn refused(reason: Reason) -> Result<Response, ApiError> {
        Err(ApiError(Status::new(reason, "no")))
    }

    #[test]
    fn every_object_of_a_request_is_a_row_and_signs_of_life_are_none() {
        let done = || Ok(Response::new(Body::empty()));
        assert_eq!(told(asked("pods", "a"), &done()), ["create pods a 200 "]);
        assert_eq!(
            told(asked("pods", "a"), &refused(Reason::Forbidden)),
            ["create pods a 403 Forbidden"]
        );
        assert_eq!(told(asked("events", "a"), &done()), [""; 0]);
        assert_eq!(
            told(asked("events", "a"), &refused(Reason::Forbidden)),
            ["create events a 403 Forbidden"]
        );
        let keys = ["x", "y"].map(|name| {
            let key = api::Collection::new("apps", "deployments").key("shop", name);
            Step::Delete { key, uid: None }
        });
        let answer = Concerned::steps(Served::built_in(), &keys).on(Response::new(Body::empty()));
        assert_eq!(
            told(asked("transactions.kedge.dev", ""), &Ok(answer)),
            [
                "delete deployments.apps x 200 ",
                "delete deployments.apps y 200 "
            ]
        );
    }

    #[test]
    fn writes_and_what_enters_a_pod_are_told() {
        let request = |plural: &str, group: &str, verb, subresource: &str| ResourceRequest {
            verb,
            resource: Arc::new(
                resource::by_collection(&api::Collection::new(group, plural))
                    .unwrap()
                    .clone(),
            ),
            kind: None,
            namespace: "shop".into(),
            name: "a".into(),
            subresource: subresource.into(),
        };
        for (request, expected) in [
            (request("pods", "", "get", ""), false),
            (request("pods", "", "watch", ""), false),
            (request("pods", "", "get", "exec"), true),
            (request("pods", "", "get", "log"), false),
            (request("pods", "", "patch", "status"), true),
            (request("pods", "", "deletecollection", ""), true),
        ] {
            assert_eq!(of_resource(&request).is_some(), expected, "{request:?}");
        }
    }
}
