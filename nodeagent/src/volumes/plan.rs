//! What each volume of a pod is to hold. Pure: what it is made from is fetched before.

use std::collections::BTreeMap;
use std::path::PathBuf;

use api::Quantity;
use api::k8s::core::v1 as core;

use super::files::Files;
use crate::environment::{CONFIG_MAP, Downward, SECRET, Unknown};
use crate::pods::spec::items;

/// One file of a projected volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    pub data: Vec<u8>,
    pub mode: u32,
    /// The user who alone may read it, where that is not root.
    pub owner: Option<u32>,
}

/// Files by their path in the volume.
pub(crate) type Payload = BTreeMap<String, File>;

/// Where a volume's content comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// Empty at the start, gone with the pod.
    Empty,
    /// The same in memory, at most this many bytes.
    Memory { limit: Option<i64> },
    /// A path of the machine, of a kind Kubernetes names: empty, `DirectoryOrCreate`, `File`, …
    Host { path: PathBuf, kind: String },
    /// Files the agent writes and keeps up to date. Secret ones never touch a disk.
    Files { payload: Payload, is_secret: bool },
    /// A bound claim's directory. `create`: this cluster provisioned it, so it may be missing.
    Local {
        path: PathBuf,
        create: bool,
        read_only: bool,
    },
}

/// One volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    pub name: String,
    pub source: Source,
}

impl Plan {
    /// The name of its kind, part of its path.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.source {
            Source::Empty | Source::Memory { .. } => "empty-dir",
            Source::Host { .. } => "host-path",
            Source::Files { .. } => "files",
            Source::Local { .. } => "local",
        }
    }
}

/// A service-account token a pod wants.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TokenRequest {
    /// Empty: the API server's own.
    pub audience: String,
    pub expiration_seconds: i64,
}

/// What a claim is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bound {
    pub path: PathBuf,
    pub create: bool,
}

/// Everything volumes are made from, fetched. What is absent does not exist.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources {
    pub objects: BTreeMap<(&'static str, String), BTreeMap<String, Vec<u8>>>,
    pub tokens: BTreeMap<TokenRequest, String>,
    /// By claim name: what it is bound to, or why it cannot be used.
    pub claims: BTreeMap<String, Result<Bound, String>>,
    pub downward: Downward,
}

/// What a pod's volumes refer to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct References {
    pub objects: Vec<(&'static str, String)>,
    pub tokens: Vec<TokenRequest>,
    pub claims: Vec<String>,
}

/// A volume that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    #[error("MountVolume.SetUp failed for volume \"{volume}\" : {kind} \"{name}\" not found")]
    Missing {
        volume: String,
        kind: &'static str,
        name: String,
    },
    #[error(
        "MountVolume.SetUp failed for volume \"{volume}\" : references non-existent {kind} key: {key}"
    )]
    MissingKey {
        volume: String,
        kind: &'static str,
        key: String,
    },
    #[error("MountVolume.SetUp failed for volume \"{volume}\" : {reason}")]
    Claim { volume: String, reason: String },
    #[error("volume \"{volume}\" is of a kind this node cannot mount")]
    Unsupported { volume: String },
    #[error("MountVolume.SetUp failed for volume \"{volume}\"")]
    Field {
        volume: String,
        #[source]
        source: Unknown,
    },
    #[error("MountVolume.SetUp failed for volume \"{volume}\" : invalid path {path:?}")]
    Path { volume: String, path: String },
}

const DEFAULT_EXPIRATION: i64 = 3607;

fn volumes(pod: &core::Pod) -> &[core::Volume] {
    pod.spec
        .as_ref()
        .map(|spec| items(&spec.volumes))
        .unwrap_or_default()
}

pub(crate) fn references(pod: &core::Pod) -> References {
    let mut found = References::default();
    for volume in volumes(pod) {
        let map = volume.config_map.as_ref();
        found
            .objects
            .extend(map.map(|map| (CONFIG_MAP, map.name.clone())));
        let secret = volume
            .secret
            .as_ref()
            .and_then(|secret| secret.secret_name.clone());
        found.objects.extend(secret.map(|name| (SECRET, name)));
        let claim = volume.persistent_volume_claim.as_ref();
        found
            .claims
            .extend(claim.map(|claim| claim.claim_name.clone()));
        let sources = volume
            .projected
            .as_ref()
            .map(|projected| items(&projected.sources));
        for source in sources.unwrap_or_default() {
            let map = source.config_map.as_ref();
            found
                .objects
                .extend(map.map(|map| (CONFIG_MAP, map.name.clone())));
            let secret = source.secret.as_ref();
            found
                .objects
                .extend(secret.map(|secret| (SECRET, secret.name.clone())));
            found
                .tokens
                .extend(source.service_account_token.as_ref().map(token));
        }
    }
    found
}

/// Whether anything in the pod's volumes can change while it runs.
pub(crate) fn needs_refresh(pod: &core::Pod) -> bool {
    volumes(pod).iter().any(|volume| {
        volume.config_map.is_some()
            || volume.secret.is_some()
            || volume.projected.is_some()
            || volume.downward_api.is_some()
    })
}

pub(super) fn token(source: &core::ServiceAccountTokenProjection) -> TokenRequest {
    TokenRequest {
        audience: source.audience.clone().unwrap_or_default(),
        expiration_seconds: source.expiration_seconds.unwrap_or(DEFAULT_EXPIRATION),
    }
}

/// The volumes of a pod, in the order of its spec.
pub(crate) fn plan(pod: &core::Pod, sources: &Sources) -> Result<Vec<Plan>, Problem> {
    volumes(pod)
        .iter()
        .map(|volume| {
            Ok(Plan {
                name: volume.name.clone(),
                source: source(pod, volume, sources)?,
            })
        })
        .collect()
}

fn source(pod: &core::Pod, volume: &core::Volume, sources: &Sources) -> Result<Source, Problem> {
    if let Some(empty) = &volume.empty_dir {
        let limit = empty
            .size_limit
            .as_ref()
            .and_then(|q| q.0.parse::<Quantity>().ok());
        return Ok(match empty.medium.as_deref() {
            Some("Memory") => Source::Memory {
                limit: limit.map(Quantity::value).filter(|bytes| *bytes > 0),
            },
            _ => Source::Empty,
        });
    }
    if let Some(host) = &volume.host_path {
        return Ok(Source::Host {
            path: host.path.clone().into(),
            kind: host.type_.clone().unwrap_or_default(),
        });
    }
    if let Some(claim) = &volume.persistent_volume_claim {
        return bound(volume, claim, sources);
    }
    let (payload, is_secret) = Files::of(pod, volume, sources)?;
    Ok(Source::Files { payload, is_secret })
}

fn bound(
    volume: &core::Volume,
    claim: &core::PersistentVolumeClaimVolumeSource,
    sources: &Sources,
) -> Result<Source, Problem> {
    let failed = |reason: &str| Problem::Claim {
        volume: volume.name.clone(),
        reason: reason.to_owned(),
    };
    match sources.claims.get(&claim.claim_name) {
        Some(Ok(bound)) => Ok(Source::Local {
            path: bound.path.clone(),
            create: bound.create,
            read_only: claim.read_only.unwrap_or(false),
        }),
        Some(Err(reason)) => Err(failed(reason)),
        None => Err(failed(&format!(
            "persistentvolumeclaim \"{}\" not found",
            claim.claim_name
        ))),
    }
}
