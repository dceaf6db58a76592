//! What a plan does that no later commit takes back.

use serde::{Deserialize, Serialize};

use super::reach::title;
use crate::Plan;
use crate::plan::Change;

/// Something that does not come back when the commit is reverted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Loss {
    /// `PersistentVolumeClaim shop/data`
    pub object: String,
    /// What is lost or done.
    pub what: String,
}

/// What is lost, and what is run.
pub(super) fn losses(plan: &Plan) -> Vec<Loss> {
    let gone = plan.deletes.iter().filter_map(|it| {
        Some(Loss {
            object: title(&it.kind, &it.key),
            what: content(&it.kind)?.into(),
        })
    });
    let renewed = plan.steps().filter_map(|it| {
        let goes = matches!(it.change, Change::Recreate | Change::Renew(_));
        Some(Loss {
            object: title(&it.kind, &it.key),
            what: content(&it.kind).filter(|_| goes)?.into(),
        })
    });
    let run = plan.steps().filter(|it| {
        let is_new = !matches!(it.change, Change::Unchanged | Change::Update(_));
        it.kind == "Job" && is_new
    });
    let run = run.map(|it| (it.kind.as_str(), &it.key));
    let hooks = plan.hooks.iter().map(|it| (it.object.kind(), &it.key));
    let done = run.chain(hooks).map(|(kind, key)| Loss {
        object: title(kind, key),
        what: "is run, and what it does stays done".into(),
    });
    gone.chain(renewed).chain(done).collect()
}

/// What goes with an object of this kind besides the object, which Git has.
fn content(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "PersistentVolumeClaim" => "goes with its data, unless the volume is retained",
        "PersistentVolume" => "goes, and with it the way to its data",
        "Namespace" => "goes with everything in it, also what is not in Git",
        "CustomResourceDefinition" => "goes with all objects of its kind, also those not in Git",
        _ => return None,
    })
}
