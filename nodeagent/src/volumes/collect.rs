//! Fetches what volumes and environments are made from, and keeps tokens fresh.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use api::k8s::core::v1 as core;
use api::{Collection, Object, Uid, local_volume};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use client::{Client, Env, Target};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::plan::{Bound, Sources, TokenRequest, references};
use crate::environment::{CONFIG_MAP, Downward};
use crate::pods::spec::{self, later};

/// A pod's objects, by kind and name.
pub(super) type Objects = BTreeMap<(&'static str, String), BTreeMap<String, Vec<u8>>>;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot read {kind} {namespace}/{name}")]
    Read {
        kind: &'static str,
        namespace: String,
        name: String,
        #[source]
        source: client::Error,
    },
    #[error("cannot get a token for service account {namespace}/{name}")]
    Token {
        namespace: String,
        name: String,
        #[source]
        source: client::Error,
    },
}

struct Token {
    text: String,
    /// From here on a new one is asked for.
    refresh_at: Timestamp,
}

/// Reads objects on behalf of pods.
pub(crate) struct Collector {
    client: Arc<dyn Client>,
    env: Env,
    /// Nobody reads the tokens of pods that only the clock runs: they are not asked for.
    is_simulated: bool,
    tokens: Mutex<BTreeMap<(Uid, TokenRequest), Token>>,
}

impl Collector {
    pub(crate) fn new(client: Arc<dyn Client>, env: Env) -> Self {
        Self {
            client,
            env,
            is_simulated: false,
            tokens: Mutex::default(),
        }
    }

    /// For pods without processes.
    pub(crate) fn simulated(client: Arc<dyn Client>, env: Env) -> Self {
        Self {
            is_simulated: true,
            ..Self::new(client, env)
        }
    }

    /// Everything the pod's volumes are made from.
    pub(crate) async fn volumes(
        &self,
        pod: &core::Pod,
        downward: Downward,
    ) -> Result<Sources, Error> {
        let wanted = references(pod);
        let namespace = spec::namespace(pod);
        let mut sources = Sources {
            objects: self.objects(namespace, &wanted.objects).await?,
            downward,
            ..Sources::default()
        };
        for request in wanted.tokens {
            let token = self.token(pod, &request).await?;
            sources.tokens.insert(request, token);
        }
        for claim in wanted.claims {
            if let Some(bound) = self.claim(namespace, &claim).await? {
                sources.claims.insert(claim, bound);
            }
        }
        Ok(sources)
    }

    /// The data of those objects that exist.
    pub(crate) async fn objects(
        &self,
        namespace: &str,
        wanted: &[(&'static str, String)],
    ) -> Result<Objects, Error> {
        let mut found = Objects::new();
        for (kind, name) in wanted {
            if let Some(object) = self.read(kind, namespace, name).await? {
                found.insert((kind, name.clone()), data(kind, &object));
            }
        }
        Ok(found)
    }

    /// Forgets the tokens of a pod.
    pub(crate) fn forget(&self, pod: &Uid) {
        self.tokens().retain(|(uid, _), _| uid != pod);
    }

    async fn read(
        &self,
        kind: &'static str,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Object>, Error> {
        let collection = Collection::new("", format!("{}s", kind.to_ascii_lowercase()));
        match self.client.get(&collection.key(namespace, name)).await {
            Ok(object) => Ok(Some(object)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(source) => Err(Error::Read {
                kind,
                namespace: namespace.to_owned(),
                name: name.to_owned(),
                source,
            }),
        }
    }

    /// A token for the pod's service account, asked for again once 80 % of its life are over.
    async fn token(&self, pod: &core::Pod, request: &TokenRequest) -> Result<String, Error> {
        if self.is_simulated {
            return Ok(String::new());
        }
        let id = (spec::uid(pod), request.clone());
        let now = self.env.now();
        if let Some(token) = self.tokens().get(&id)
            && token.refresh_at > now
        {
            return Ok(token.text.clone());
        }
        let namespace = spec::namespace(pod);
        let account = pod
            .spec
            .as_ref()
            .and_then(|spec| spec.service_account_name.as_deref());
        let account = account.unwrap_or("default");
        let key = Collection::new("", "serviceaccounts").key(namespace, account);
        let target = Target::subresource(key, "token");
        let answer = self
            .client
            .create_subresource(&target, &token_request(pod, request))
            .await
            .map_err(|source| Error::Token {
                namespace: namespace.to_owned(),
                name: account.to_owned(),
                source,
            })?;
        let text = answer.text("/status/token").to_owned();
        let expires = api::parse_time(answer.text("/status/expirationTimestamp"));
        let lifetime = expires.map_or(Duration::from_hours(1), |at| spec::between(now, at));
        let refresh_at = later(now, lifetime.mul_f64(0.8));
        self.tokens().insert(
            id,
            Token {
                text: text.clone(),
                refresh_at,
            },
        );
        Ok(text)
    }

    async fn claim(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Result<Bound, String>>, Error> {
        let Some(claim) = self.read("PersistentVolumeClaim", namespace, name).await? else {
            return Ok(None);
        };
        let volume = claim.text("/spec/volumeName");
        if volume.is_empty() || claim.text("/status/phase") != "Bound" {
            return Ok(Some(Err(format!(
                "persistentvolumeclaim \"{name}\" is not bound"
            ))));
        }
        let Some(volume) = self.read("PersistentVolume", "", volume).await? else {
            return Ok(Some(Err(format!(
                "persistentvolume \"{volume}\" not found"
            ))));
        };
        Ok(Some(bound(&volume)))
    }

    fn tokens(&self) -> std::sync::MutexGuard<'_, BTreeMap<(Uid, TokenRequest), Token>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn token_request(pod: &core::Pod, request: &TokenRequest) -> Object {
    let audiences: Vec<&str> = if request.audience.is_empty() {
        Vec::new()
    } else {
        vec![&request.audience]
    };
    json!({
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {
            "audiences": audiences,
            "expirationSeconds": request.expiration_seconds,
            "boundObjectRef": {
                "apiVersion": "v1", "kind": "Pod",
                "name": spec::name(pod), "uid": spec::uid(pod).0,
            },
        },
    })
    .into()
}

/// Where a persistent volume is on this machine.
fn bound(volume: &Object) -> Result<Bound, String> {
    let host = volume.text("/spec/hostPath/path");
    let local = volume.text("/spec/local/path");
    let creates = volume.text("/spec/hostPath/type") == "DirectoryOrCreate";
    let path = if host.is_empty() { local } else { host };
    if path.is_empty() {
        return Err(format!(
            "persistentvolume \"{}\" is of a kind this node cannot mount",
            volume.name()
        ));
    }
    Ok(Bound {
        path: path.into(),
        create: local_volume::is_own(volume) || creates,
    })
}

/// The keys of a `ConfigMap` or `Secret`.
fn data(kind: &str, object: &Object) -> BTreeMap<String, Vec<u8>> {
    let entries = |field: &str| {
        let map = object.pointer(field).and_then(Value::as_object);
        map.into_iter()
            .flatten()
            .filter_map(|(key, value)| Some((key.clone(), value.as_str()?)))
    };
    let decoded = |(key, text): (String, &str)| Some((key, STANDARD.decode(text).ok()?));
    if kind == CONFIG_MAP {
        let plain = entries("/data").map(|(key, text)| (key, text.as_bytes().to_vec()));
        plain
            .chain(entries("/binaryData").filter_map(decoded))
            .collect()
    } else {
        entries("/data").filter_map(decoded).collect()
    }
}
