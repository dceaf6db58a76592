//! The plans of several Applications at once: the server is asked about all of them together, for
//! one may bring what another needs.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use api::ObjectKey;
use engine::application::Found;
use engine::definition::makes_room;
use engine::plan::{self, Input, Prune};
use engine::rollout::{CommitId, Options};
use engine::{Application, Manifest, Plan, Problems};

use super::core::Core;
use super::foreign;
use super::plan::{Answer, Missing, Stored, ask, findings, keys, ordered, respect};
use super::render::Render;
use super::same::{Asks, asks};
use crate::source::Location;

/// The server is asked about this many Applications at a time: its answers are large.
const PART: usize = 250;

/// What is asked for, all at once.
pub(super) struct Wanted<'a> {
    pub(super) location: &'a Location,
    pub(super) commit: &'a CommitId,
    pub(super) claims: &'a Claims<'a>,
    /// Those that would be rolled out, dependencies first.
    pub(super) order: Vec<&'a Application>,
    /// Objects that come before all others.
    pub(super) definitions: Vec<Manifest>,
}

/// Asks the server about all of it, and makes each plan.
pub(super) async fn plans(
    core: &Core,
    wanted: &Wanted<'_>,
) -> Result<Result<BTreeMap<String, Plan>, Problems>, client::Error> {
    let Wanted { order, claims, .. } = wanted;
    let definitions = &wanted.definitions;
    let opened = match opened(core, order, claims.renders) {
        Ok(opened) => opened,
        Err(problems) => return Ok(Err(problems)),
    };
    let respected = respected(core, order, &opened).await?;
    let all = order.iter().flat_map(|it| respected[&it.name].iter());
    let all = definitions.iter().chain(all);
    // Nobody fails for a namespace or a kind that another Application brings.
    let room: Vec<&Manifest> = all
        .filter(|manifest| makes_room(&manifest.object))
        .collect();
    for part in definitions.chunks(PART) {
        let asked = asked(core, &room, part.iter().collect()).await?;
        if let Answer::Refused(refused) = asked {
            return findings(wanted.location, wanted.commit, refused)
                .await
                .map(Err);
        }
    }
    let mut plans = BTreeMap::new();
    for part in order.chunks(PART) {
        let part = part.to_vec();
        let (stored, part) = match stored(core, wanted, &room, &respected, part).await? {
            Ok(stored) => stored,
            Err(problems) => return Ok(Err(problems)),
        };
        for application in part {
            let manifests = &respected[&application.name];
            let prune = Prune::of(application, &Options::default());
            match plan_one(core, application, manifests, &stored, claims, &prune).await? {
                Ok(plan) => plans.insert(application.name.clone(), plan),
                Err(problems) => return Ok(Err(problems)),
            };
        }
    }
    Ok(Ok(plans))
}

/// What the server would make of these Applications, and which of them it takes. One that it would
/// refuse although the commit asks for nothing new of it is left as it is: it waits for somebody, and
/// who pushes something else is not that person.
async fn stored<'a>(
    core: &Core,
    wanted: &Wanted<'_>,
    room: &[&Manifest],
    respected: &BTreeMap<String, Cow<'_, [Manifest]>>,
    mut part: Vec<&'a Application>,
) -> Result<Result<(Stored, Vec<&'a Application>), Problems>, client::Error> {
    loop {
        let own = part
            .iter()
            .flat_map(|it| ordered(&core.cluster, &respected[&it.name]));
        let refused = match asked(core, room, own.collect()).await? {
            Answer::Stored(stored) => return Ok(Ok((stored, part))),
            Answer::Unsaid => return Ok(Ok((Stored::default(), part))),
            Answer::Refused(refused) => refused,
        };
        let takes = part.len();
        part.retain(|it| {
            let is_at_fault = asks_for_one(&respected[&it.name], &refused);
            let digest = &wanted.claims.renders[&it.name].digest;
            !(is_at_fault && asks(core, &it.name, digest) != Asks::Anew)
        });
        if part.len() == takes {
            let found = findings(wanted.location, wanted.commit, refused).await?;
            return Ok(Err(found));
        }
    }
}

/// What the server says of these, where what makes room for them is there.
async fn asked(
    core: &Core,
    room: &[&Manifest],
    own: Vec<&Manifest>,
) -> Result<Answer, client::Error> {
    let mut manifests = room.to_vec();
    let own = own.into_iter();
    manifests.extend(own.filter(|manifest| !makes_room(&manifest.object)));
    ask(&core.cluster, &*core.client, &manifests, Missing::Refuse).await
}

/// Whether one of what was refused is among these.
fn asks_for_one(manifests: &[Manifest], refused: &[(Manifest, client::Error)]) -> bool {
    let is_refused = |it: &Manifest| {
        let mut refused = refused.iter();
        refused.any(|(other, _)| other.origin == it.origin && other.object == it.object)
    };
    manifests.iter().any(is_refused)
}

/// What each Application asks for, decrypted.
fn opened<'a>(
    core: &Core,
    applications: &[&Application],
    renders: &'a BTreeMap<String, Arc<Render>>,
) -> Result<BTreeMap<String, Cow<'a, [Manifest]>>, Problems> {
    let open = |application: &&Application| {
        let render = &renders[&application.name];
        let opened = core.renders.open(render, render.manifests())?;
        Ok((application.name.clone(), opened))
    };
    applications.iter().map(open).collect()
}

/// What each Application would have applied.
async fn respected<'a>(
    core: &Core,
    applications: &[&Application],
    opened: &'a BTreeMap<String, Cow<'a, [Manifest]>>,
) -> Result<BTreeMap<String, Cow<'a, [Manifest]>>, client::Error> {
    let mut respected = BTreeMap::new();
    for application in applications {
        let manifests = &*opened[&application.name];
        let live = if application.ignore.is_empty() {
            BTreeMap::new()
        } else {
            let keys = keys(&core.cluster.kinds(), manifests);
            core.cluster.live_as(&keys, manifests).await?
        };
        let manifests = respect(core, application, manifests, &live);
        respected.insert(application.name.clone(), manifests);
    }
    Ok(respected)
}

pub(super) async fn plan_one(
    core: &Core,
    application: &Application,
    manifests: &[Manifest],
    stored: &Stored,
    claims: &Claims<'_>,
    prune: &Prune,
) -> Result<Result<Plan, Problems>, client::Error> {
    let kinds = core.cluster.kinds();
    let inventory = core.inventory.of(&application.name);
    let mut wanted = keys(&kinds, manifests);
    wanted.extend(inventory.iter().map(|entry| entry.key.clone()));
    let live = core.cluster.live_as(&wanted, manifests).await?;
    let found = claims.found;
    let claim = |owner: &str, key: &ObjectKey| foreign::claim_beside(core, found, owner, key);
    if let Err(problems) = foreign::refuse(core, application, manifests, &live, claim)? {
        return Ok(Err(problems));
    }
    let planned = plan::build(&Input {
        kinds: &kinds,
        manifests,
        live: &live,
        stored: &stored.objects,
        renewed: &stored.renewed,
        inventory: &inventory,
        prune,
    });
    Ok(planned.map(|mut plan| {
        // What leaves is none of its own: whoever asks for it is another one.
        if !plan.deletes.is_empty() || !plan.kept.is_empty() {
            plan.hold(claims.all(), prune, inventory.len());
        }
        plan
    }))
}

/// What a commit asks for. The keys of all of it are made where somebody needs them.
pub(super) struct Claims<'a> {
    core: &'a Core,
    pub(super) found: &'a [Arc<Found>],
    renders: &'a BTreeMap<String, Arc<Render>>,
    all: OnceLock<BTreeSet<ObjectKey>>,
}

impl<'a> Claims<'a> {
    pub(super) fn new(
        core: &'a Core,
        found: &'a [Arc<Found>],
        renders: &'a BTreeMap<String, Arc<Render>>,
    ) -> Self {
        Self {
            core,
            found,
            renders,
            all: OnceLock::new(),
        }
    }

    fn all(&self) -> &BTreeSet<ObjectKey> {
        self.all.get_or_init(|| {
            let all = self.renders.values();
            keys(
                &self.core.cluster.kinds(),
                all.flat_map(|it| it.manifests()),
            )
        })
    }
}
