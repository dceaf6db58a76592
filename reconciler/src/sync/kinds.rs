//! Keeps up with the kinds the server has. It is asked at the start, when a definition of custom
//! kinds changes, and when something is asked for that no kind is known of: then again, less and
//! less often, until it is there or nobody can mean it any more.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tracing::{info, warn};

use api::{Catalog, GroupVersionKind, Object, kinds};
use client::Backoff;
use engine::{Kinds, Manifest};

use super::core::{Core, causes};
use super::install::install;
use crate::history::Trigger;

/// Between two looks for what is not there yet.
const AGAIN: Backoff = Backoff {
    first: Duration::from_secs(1),
    most: Duration::from_mins(5),
};
/// What changes at once is looked at once.
const SETTLE: Duration = Duration::from_millis(200);
/// A definition is known a moment before its kind is, and after: so many looks are taken.
const LOOKS: u32 = 3;
/// Looks for one kind, about an hour of them, before only a new mention has it looked for.
const TRIES: u32 = 20;
/// Kinds that are looked for at once.
const MOST: usize = 200;

/// Kinds that are asked for and that nobody has, and whether the server was ever asked. Cheap to
/// clone; all clones are one.
#[derive(Clone, Default)]
pub(crate) struct Lacking {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// With the looks that were taken for each.
    kinds: Mutex<BTreeMap<GroupVersionKind, u32>>,
    news: Notify,
    asked: watch::Sender<bool>,
}

impl Lacking {
    /// Has those looked for that are not there.
    pub(crate) fn note<'a>(
        &self,
        kinds: &Kinds,
        manifests: impl IntoIterator<Item = &'a Manifest>,
    ) {
        let gvks = manifests.into_iter().map(|it| it.object.gvk());
        for gvk in gvks.filter(|gvk| kinds.find(gvk).is_none()) {
            let mut lacking = self.lock();
            if lacking.len() < MOST && !lacking.contains_key(&gvk) {
                lacking.insert(gvk, 0);
                self.shared.news.notify_one();
            }
        }
    }

    /// Waits until the server has said once which kinds it has.
    pub(crate) async fn asked(&self) {
        let mut asked = self.shared.asked.subscribe();
        // The sender lives as long as this does.
        let _ = asked.wait_for(|asked| *asked).await;
    }

    /// Whether some of them are still to be looked for.
    fn remain(&self, catalog: &Catalog) -> bool {
        let mut lacking = self.lock();
        lacking.retain(|gvk, tries| {
            *tries += 1;
            *tries <= TRIES && catalog.by_kind(gvk).is_none()
        });
        !lacking.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<GroupVersionKind, u32>> {
        self.shared
            .kinds
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs until it is cancelled.
pub(crate) async fn follow(core: Arc<Core>) {
    let lacking = &core.cluster.lacking;
    let mut known = core.client.catalog();
    let (mut failures, mut looks) = (0_u32, 0_u32);
    let mut definitions = None;
    loop {
        let answered = look(&core, &mut known).await;
        if definitions.is_none() {
            definitions = follow_definitions(&core);
        }
        let is_open = !answered || lacks(&core, &known) || looks > 0;
        looks = looks.saturating_sub(1);
        failures = if is_open { failures + 1 } else { 0 };
        let delay = AGAIN.jittered(failures, &*core.env.ids);
        tokio::select! {
            () = lacking.shared.news.notified() => failures = 0,
            () = changed_one(&mut definitions) => (failures, looks) = (0, LOOKS),
            () = core.env.clock.sleep(delay), if is_open => {}
        }
        core.env.clock.sleep(SETTLE).await;
    }
}

/// Asks the server. Whether it had an answer.
async fn look(core: &Core, known: &mut Arc<Catalog>) -> bool {
    let asked = core.client.discover().await;
    let answered = match asked {
        Ok(catalog) => {
            if !Arc::ptr_eq(known, &catalog) {
                *known = catalog;
                changed(core);
            }
            true
        }
        Err(error) => {
            let error = causes(&error);
            warn!(error, "cannot ask the cluster which kinds it has");
            false
        }
    };
    let installed = if answered {
        install(core).await
    } else {
        Ok(())
    };
    if let Err(error) = &installed {
        let error = causes(error);
        warn!(
            error,
            "cannot define Application and Rollout: an administrator has to, with the output of `kedge crds`"
        );
    }
    if answered {
        core.cluster.lacking.shared.asked.send_replace(true);
    }
    answered && installed.is_ok()
}

/// Everything is read and compared again, the commit that was refused too.
fn changed(core: &Core) {
    info!(
        kinds = core.client.catalog().resources().len(),
        "the cluster has other kinds"
    );
    core.renders.forget();
    core.reads.forget();
    core.waker.wake(Trigger::Poll);
    core.wake_all();
}

/// Whether a kind is defined or asked for that the server does not have yet.
fn lacks(core: &Core, catalog: &Catalog) -> bool {
    let asked = core.cluster.lacking.remain(catalog);
    if catalog
        .by_collection(&kinds::definition_collection())
        .is_none()
    {
        return asked;
    }
    let defined = core.cluster.cache(&kinds::definition_collection()).all();
    asked || defined.iter().any(|it| is_missing(it, catalog))
}

/// Whether a definition that holds is of a kind that is not served.
fn is_missing(definition: &Object, catalog: &Catalog) -> bool {
    let holds = definition.condition("Established");
    if holds.is_none_or(|it| it.status != "True") || definition.is_deleting() {
        return false;
    }
    let spec = &definition.body["spec"];
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let versions = spec["versions"].as_array().into_iter().flatten();
    let mut served = versions.filter(|version| version["served"] == true);
    served.any(|version| {
        let (group, kind) = (text(&spec["group"]), text(&spec["names"]["kind"]));
        let gvk = GroupVersionKind::new(group, text(&version["name"]), kind);
        catalog.by_kind(&gvk).is_none()
    })
}

/// `None` where the server takes no definitions.
fn follow_definitions(core: &Core) -> Option<watch::Receiver<u64>> {
    let collection = kinds::definition_collection();
    core.client.catalog().by_collection(&collection)?;
    Some(core.cluster.cache(&collection).ticks())
}

/// Waits until a definition changes; for ever where there are none.
async fn changed_one(definitions: &mut Option<watch::Receiver<u64>>) {
    if let Some(ticks) = definitions
        && ticks.changed().await.is_ok()
    {
        return;
    }
    std::future::pending::<()>().await;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_definition_that_holds_has_its_kind_looked_for() {
        let definition = |established: &str, served: bool, kind: &str| -> Object {
            json!({
                "metadata": {"name": "x"},
                "spec": {"group": "apps", "names": {"kind": kind},
                    "versions": [{"name": "v1", "served": served}]},
                "status": {"conditions": [{"type": "Established", "status": established}]},
            })
            .into()
        };
        let check = |definition: Object, expected: bool| {
            let missing = is_missing(&definition, &Catalog::built_in());
            assert_eq!(missing, expected, "{definition:?}");
        };
        check(definition("True", true, "Widget"), true);
        check(definition("True", true, "Deployment"), false);
        check(definition("True", false, "Widget"), false);
        check(definition("False", true, "Widget"), false);
        check(json!({"spec": {}}).into(), false);
    }

    #[test]
    fn what_nobody_has_is_looked_for_so_many_times() {
        let lacking = Lacking::default();
        let manifest = |kind: &str| Manifest {
            object: json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "a"}}).into(),
            origin: engine::Origin::default(),
        };
        let known = Catalog::built_in();
        lacking.note(&Kinds::served(), &[manifest("ConfigMap")]);
        assert!(!lacking.remain(&known));
        lacking.note(&Kinds::served(), &[manifest("Widget")]);
        for _ in 0..TRIES {
            assert!(lacking.remain(&known));
        }
        assert!(!lacking.remain(&known));
    }
}
