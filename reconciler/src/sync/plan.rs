//! Asks the server what it would store, and makes the plan of it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use api::{Object, ObjectKey, Reason};
use client::{Client, Remedy};
use engine::apply::{self, Method};
use engine::hook::{self, Role};
use engine::rollout::CommitId;
use engine::{Application, Kinds, Manifest, Problem, Problems, ignore, order};

use super::cluster::Cluster;
use super::core::{Core, unread};
use super::problems;
use crate::config::MANAGER;
use crate::source::Location;

/// How many objects at fault one answer names.
const FINDINGS: usize = 20;

/// What the server says to a dry run.
#[derive(Debug)]
pub(crate) enum Answer {
    Stored(Stored),
    /// It cannot say yet: a namespace is missing, or on its way out.
    Unsaid,
    /// It will never take these.
    Refused(Vec<(Manifest, client::Error)>),
}

/// What would be stored.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    pub(crate) objects: BTreeMap<ObjectKey, Object>,
    /// What the server takes only if it is made anew, as its manifest allows.
    pub(crate) renewed: BTreeSet<ObjectKey>,
}

/// What a missing namespace means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// Another Application may bring it: wait.
    Wait,
    /// All there will be has been asked about: nobody brings it.
    Refuse,
}

/// Asks about `manifests`, which are applied in this order.
///
/// # Errors
/// Only where asking again may help.
pub(crate) async fn ask(
    cluster: &Cluster,
    client: &dyn Client,
    manifests: &[&Manifest],
    missing: Missing,
) -> Result<Answer, client::Error> {
    let mut left: Vec<&Manifest> = manifests.to_vec();
    let mut refused = Vec::new();
    let mut renewed = BTreeSet::new();
    loop {
        let objects: Vec<&Object> = left.iter().map(|manifest| &manifest.object).collect();
        let refusal = match cluster.stored(client, &objects).await {
            Ok(_) if !refused.is_empty() => return Ok(Answer::Refused(refused)),
            Ok(stored) => {
                let objects = by_key(&cluster.kinds(), stored);
                return Ok(Answer::Stored(Stored { objects, renewed }));
            }
            Err(refusal) => refusal,
        };
        let is_final = problems::is_final(&refusal.error)
            || (missing == Missing::Refuse && refusal.error.is_not_found());
        let at_fault = refusal.object.filter(|_| is_final);
        let Some(index) = at_fault else {
            return match refusal.error.remedy() {
                _ if !refused.is_empty() => Ok(Answer::Refused(refused)),
                Remedy::Transient => Err(refusal.error),
                Remedy::Conflict | Remedy::Invalid => Ok(Answer::Unsaid),
            };
        };
        let manifest = left.remove(index);
        if let Some(key) = renewable(cluster, manifest, &refusal.error) {
            renewed.insert(key);
            continue;
        }
        let ends = manifest.object.kind() == "Namespace" || refused.len() + 1 >= FINDINGS;
        refused.push((manifest.clone(), refusal.error));
        if ends {
            return Ok(Answer::Refused(refused));
        }
    }
}

/// A live object that may be deleted and made again, since the server does not take its change.
fn renewable(cluster: &Cluster, manifest: &Manifest, error: &client::Error) -> Option<ObjectKey> {
    let invalid = matches!(error, client::Error::Api(status) if status.reason == Reason::Invalid);
    let allowed = apply::checked(&manifest.object) == Method::Recreate;
    let key = cluster
        .kinds()
        .key(&manifest.object)
        .filter(|_| invalid && allowed)?;
    cluster
        .cache(&key.collection)
        .get(&key)
        .is_some()
        .then_some(key)
}

fn by_key(kinds: &Kinds, stored: Vec<Option<Object>>) -> BTreeMap<ObjectKey, Object> {
    let stored = stored.into_iter().flatten();
    stored
        .filter_map(|object| Some((kinds.key(&object)?, object)))
        .collect()
}

/// The findings, with their places in the files of the commit.
pub(crate) async fn findings(
    location: &Location,
    commit: &CommitId,
    refused: Vec<(Manifest, client::Error)>,
) -> Result<Problems, client::Error> {
    let commit = commit.clone();
    let placing = location.read(move |git| {
        let tree = git.tree(&commit)?;
        let of =
            |(manifest, error): &(Manifest, client::Error)| problems::of(&tree, manifest, error);
        Ok(refused.iter().flat_map(of).collect::<Vec<Problem>>())
    });
    placing.await.map(Problems).map_err(unread)
}

/// The manifests as they are applied: with the cluster's value in every field that is not Git's.
pub(crate) fn respect<'a>(
    core: &Core,
    application: &Application,
    manifests: &'a [Manifest],
    live: &BTreeMap<ObjectKey, Object>,
) -> Cow<'a, [Manifest]> {
    let (rules, kinds) = (&application.ignore, core.cluster.kinds());
    ignore::respect(rules, &kinds, manifests, live, MANAGER)
}

/// What the server is asked about, in the order of application. A wave that cannot be read is
/// found by the plan; a hook that has run is not applied over.
pub(crate) fn ordered<'a>(cluster: &Cluster, manifests: &'a [Manifest]) -> Vec<&'a Manifest> {
    let kinds = cluster.kinds();
    let is_there = |manifest: &Manifest| {
        let key = kinds.key(&manifest.object);
        key.is_some_and(|key| cluster.cache(&key.collection).get(&key).is_some())
    };
    let asks = |manifest: &&Manifest| match hook::role(manifest) {
        Ok(Role::Skipped) => false,
        Ok(Role::Hook(_)) => !is_there(manifest),
        Ok(Role::Kept) | Err(_) => true,
    };
    let mut ordered: Vec<&Manifest> = manifests.iter().filter(asks).collect();
    ordered.sort_by(|a, b| {
        let wave = |manifest| order::wave(manifest).unwrap_or_default();
        let waves = wave(a).cmp(&wave(b));
        waves.then_with(|| order::compare(&a.object, &b.object))
    });
    ordered
}

/// The keys of what a commit asks for.
pub(crate) fn keys<'a>(
    kinds: &Kinds,
    manifests: impl IntoIterator<Item = &'a Manifest>,
) -> BTreeSet<ObjectKey> {
    let manifests = manifests.into_iter();
    manifests.filter_map(|m| kinds.key(&m.object)).collect()
}
