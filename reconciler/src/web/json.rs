//! The same data for programs: every page's address answers these with
//! `Accept: application/json`. The command line reads nothing else, so the shapes are kept.
//!
//! | address | shape |
//! |---|---|
//! | `GET /apps` | [`Applications`] |
//! | `GET /apps/{app}` | [`ApplicationPage`] |
//! | `GET /apps/{app}/diff?from=STATE&to=STATE` | [`Diff`]: of what is live, revisions and rollouts |
//! | `GET /apps/{app}/sync?objects=KIND/NAME,…&prune=true` | [`Diff`]: what a sync would do |
//! | `POST /apps/{app}/sync` (form: as above, and `plan`: only if that is what it does) | [`Asked`] |
//! | `POST /apps/{app}/suspend` (form: `reason` or empty), `POST /apps/{app}/resume` | [`Asked`] |
//! | `GET /apps/{app}/objects/{kind.group}/{namespace}/{name}` (`-` for no namespace) | [`ObjectPage`]; [`GoneObject`] with status 410 |
//! | `GET /apps/{app}/events`, `GET /events?reason=…&kind=…` | [`Events`] |
//! | `GET /apps/{app}/logs` | [`Logs`]: the newest lines of all pods |
//! | `GET /apps/{app}/settings` | [`Settings`] |
//! | `GET /commits/{sha}` | [`CommitPage`] |
//! | `GET /nodes/{name}` | [`NodePage`] |
//! | `GET /apps/{app}/history?before=TIME`, `GET /rollouts` | [`Rollouts`] |
//! | `GET /rollouts/{id}` | [`crate::history::RolloutDetail`] with `next` ([`Coming`]) and `proof` |
//! | `GET /rollouts/{id}/diff` | [`Diff`] |
//! | `GET /rollouts/{id}/rollback?through=ID`, `GET /apps/{app}/rollback?to=POINT`, `GET /rollback?to=POINT` | [`RollbackPage`] |
//! | `POST` to the same (form: `reason`; `parent` and `plan`, or empty) | [`Done`] |
//! | `GET /proofs/{commit}/{app}` (`newest` for the newest commit; also `….json`, and a badge as `….svg`) | [`crate::service::ProofView`] |
//! | `GET /pods/{namespace}/{name}` | [`Pod`] |
//! | `GET /why/{kind.group}/{namespace}/{name}`, `GET /apps/{app}/why` | [`super::why::Explained`] |
//! | `GET /nodes` | [`Nodes`] |
//! | `GET /origins?commit=…&group=…&resource=…&namespace=…&name=…&fields=LINES` | [`Origins`] |
//! | `GET /names?kind=…&namespace=…` | [`Names`] |
//! | `GET /search?q=…` | [`Hits`] |
//! | `GET /repos`, `GET /repos/{name}` | [`Repositories`], [`crate::service::RepositoryView`] |
//! | `GET /changes?repository=NAME` | `items` of [`crate::forge::Change`]: plans of branches, newest first |
//! | `GET /changes/{branch}?repository=NAME` | [`crate::forge::Change`], made again where something moved since |
//! | `GET /settings/preferences` | [`Preferences`] |
//! | `GET /settings/tokens` | `items` of [`crate::githost::Token`] |
//! | any of the reads with `at=TIME` or `at=COMMIT` | the same, as it was then |
//! | any failure | `{"error": {"status": 404, "message": "…"}}` |

mod coming;
mod found;
mod more;
mod object;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use api::{Object, ObjectKey};
use engine::Origin;
use engine::diff::{self, FieldChange, clean, is_secret, masked};
use engine::plan::{Change, Counts, Kept, Step, counts};
use engine::rollout::CommitId;

use crate::history::{Action, Counted, Drift, ObjectResult, Rollout, RolloutDetail};
use crate::service::{ApplicationView, ObjectNode, PlanView, Side, Tracked};
use crate::source::Commit;
use crate::usage::Point;
use crate::web::view::checks::Check;
use crate::web::view::object::Sort;
use crate::web::view::proof::Proven;

pub use coming::{Coming, ComingItem, Effect, Need, Needs, Offer, Pausing, RollbackPage};
pub use found::{Access, AccessRule, Hit, Hits, Name, Names, NewToken, Preferences, Repositories};
pub use more::{
    CommitPage, Events, FailureText, GoneApplication, Held, Logs, NodePage, Place, PodLogs,
    PodPage, Settings,
};
pub(super) use object::shown;
pub use object::{Field, GoneObject, ObjectPage, Owner, Relation};

#[derive(Debug, Serialize)]
pub struct Applications {
    pub tracked: Tracked,
    /// Of all applications, whatever the list is narrowed down to.
    pub needs: Needs,
    pub items: Vec<ApplicationItem>,
}

/// One of many.
#[derive(Debug, Serialize)]
pub struct ApplicationItem {
    #[serde(flatten)]
    pub application: ApplicationView,
    pub used: Option<Point>,
}

#[derive(Debug, Serialize)]
pub struct ApplicationPage {
    #[serde(flatten)]
    pub application: ApplicationView,
    pub used: Option<Point>,
    /// What it used in the last day, in steps of ten minutes; none where that was not measured.
    pub day: Vec<Point>,
    /// Absent where the cluster does not answer.
    #[serde(rename = "tree")]
    pub objects: Option<Vec<ObjectNode>>,
    pub conditions: Vec<api::Condition>,
    /// What the page says of it, worst first.
    pub checks: Vec<Check>,
    /// The newest proof; absent where there is none.
    pub proven: Option<Proven>,
    /// Newest first.
    pub rollouts: Vec<Rollout>,
}

#[derive(Debug, Serialize)]
pub struct Rollouts {
    /// Newest first.
    pub items: Vec<Listed>,
    /// What others changed meanwhile, of one application: newest first.
    pub drifts: Vec<Drift>,
    /// Ask with `before=` this for more; absent at the end.
    pub before: Option<Timestamp>,
}

/// A rollout, and how many objects it is about.
#[derive(Debug, Serialize)]
pub struct Listed {
    #[serde(flatten)]
    pub rollout: Rollout,
    pub counts: Counted,
}

/// Where a commit asks for each of the fields, in their order.
#[derive(Debug, Serialize)]
pub struct Origins {
    pub(crate) items: Vec<FieldOrigin>,
}

/// Where a commit asks for a field, and whose it is.
#[derive(Debug, Serialize)]
pub(crate) struct FieldOrigin {
    /// Empty where that is not known, and of a default, which is in no file.
    #[serde(flatten)]
    pub(crate) origin: Origin,
    /// As the object's page has it; absent where the object does not tell.
    pub(crate) sort: Option<Sort>,
}

/// What differs, values of Secrets replaced by fingerprints.
#[derive(Debug, Serialize)]
pub struct Diff {
    pub application: String,
    /// `live`, or the commit; empty where there was nothing before.
    pub from: String,
    pub to: String,
    pub revision: CommitId,
    /// Absent for a rollout's own diff.
    pub commit: Option<Commit>,
    pub counts: Counts,
    /// One name for exactly this plan; absent where nothing would be done.
    pub plan: Option<String>,
    /// For terminals: deletions first, changed fields below each change.
    pub lines: Vec<String>,
    pub objects: Vec<DiffObject>,
}

#[derive(Debug, Serialize)]
pub struct DiffObject {
    pub kind: String,
    pub namespace: String,
    pub name: String,
    /// `create`, `change`, `delete` or `keep`.
    pub action: Action,
    /// `path/file.yaml:7`, where it is in Git.
    pub place: String,
    pub changes: Vec<FieldChange>,
    /// The whole object: as the cluster has it where it goes, as the commit has it otherwise.
    pub object: Option<Value>,
    /// Why it is kept, although it left Git; empty for all others.
    pub reason: String,
    /// Whether it is kept only until somebody says that it may go.
    pub asks: bool,
}

/// Something was asked for.
#[derive(Debug, Serialize)]
pub struct Asked {
    pub application: String,
    /// The rollout that began; empty where none has (yet).
    pub rollout: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Done {
    pub commit: CommitId,
    /// The rollouts that follow have this push id.
    pub push: String,
    /// The plan, for people.
    pub report: Vec<String>,
    /// Those that have begun already.
    pub rollouts: Vec<String>,
    pub touches: Vec<String>,
    /// Files of the commits that stay as they are, since none is the application's.
    pub stays: Vec<String>,
    /// The applications that are not rolled out by themselves, and what they wait for.
    pub waiting: BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pod {
    pub namespace: String,
    pub name: String,
    pub node: String,
    pub health: Option<engine::Health>,
    pub used: Option<Point>,
    pub containers: Vec<Container>,
    /// As the API has them; absent where it does not answer.
    pub events: Option<Vec<Value>>,
    /// Why it is as it is, down to the line in Git.
    pub(super) why: super::why::Explained,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Container {
    pub name: String,
    pub image: String,
    pub state: String,
    pub restarts: i64,
    pub used: Option<Point>,
}

#[derive(Debug, Serialize)]
pub struct Nodes {
    pub items: Vec<Node>,
    /// The oldest pods that no node can take, with what would have to change.
    pub pending: Vec<super::why::Pending>,
}

#[derive(Debug, Serialize)]
pub struct Node {
    pub name: String,
    pub state: String,
    /// Since when it is not ready, and what becomes of its pods; absent where it is.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub trouble: String,
    pub address: String,
    pub version: String,
    /// Absent where it is not measured; so it is everywhere.
    pub used: Option<Point>,
    /// What the machine has.
    pub capacity: Amounts,
    /// What of it pods may have.
    pub allocatable: Amounts,
    /// What its pods asked for, as the scheduler counts it.
    pub requested: Amounts,
    pub held: Vec<Held>,
}

/// So much of what a node gives.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Amounts {
    pub milli_cpu: i64,
    /// In bytes.
    pub memory: i64,
    pub pods: i64,
}

/// Without values of Secrets.
pub(super) fn drift(mut drift: Drift) -> Drift {
    let secret = super::view::diff::is_secret(&drift.kind, &drift.key);
    for change in &mut drift.changes {
        *change = diff::shown(change, secret);
    }
    drift
}

/// What bringing the application to a commit would do now.
pub fn diff_of_plan(view: &PlanView) -> Diff {
    let side = |side: &Side| match &side.commit {
        Some(commit) => commit.id.0.clone(),
        None => "live".into(),
    };
    let is_plan = view.from.commit.is_none();
    Diff {
        application: view.application.clone(),
        from: side(&view.from),
        to: side(&view.to),
        revision: view.commit.id.clone(),
        commit: Some(view.commit.clone()),
        counts: counts(&view.plan),
        plan: is_plan.then(|| view.plan.digest()),
        lines: view.lines.clone(),
        objects: objects(view),
    }
}

fn objects(view: &PlanView) -> Vec<DiffObject> {
    let plan = &view.plan;
    let deleted = plan.deletes.iter().map(|deletion| DiffObject {
        object: deletion.object.as_deref().map(asked_for),
        ..differing(&deletion.kind, &deletion.key, Action::Delete)
    });
    // Of what stays there is nothing to see.
    let live = |kept: &Kept| view.sides.old.get(&kept.key).filter(|_| kept.asks);
    // What goes with a word before what does not go.
    let (asking, staying): (Vec<&Kept>, Vec<&Kept>) = plan.kept.iter().partition(|it| it.asks);
    let kept = asking.into_iter().chain(staying).map(|kept| DiffObject {
        object: live(kept).map(asked_for),
        reason: kept.reason.clone(),
        asks: kept.asks,
        ..differing(&kept.kind, &kept.key, Action::Keep)
    });
    let changed = plan.steps().filter(|step| step.is_change()).map(step);
    deleted.chain(kept).chain(changed).collect()
}

fn step(step: &Step) -> DiffObject {
    let secret = is_secret(&step.object);
    let (action, changes, object) = match &step.change {
        Change::Create | Change::Recreate | Change::Renew(_) => {
            (Action::Create, Vec::new(), Some(masked(&step.object).body))
        }
        Change::Update(changes) => {
            let changes = changes.iter().map(|it| diff::shown(it, secret));
            let object = masked(&step.object).body;
            (Action::Change, changes.collect(), Some(object))
        }
        Change::Unchanged => (Action::Unchanged, Vec::new(), None),
    };
    DiffObject {
        place: match step.origin.file.as_str() {
            "" => String::new(),
            _ => step.origin.to_string(),
        },
        changes,
        object,
        ..differing(&step.kind, &step.key, action)
    }
}

fn differing(kind: &str, key: &ObjectKey, action: Action) -> DiffObject {
    DiffObject {
        kind: kind.to_owned(),
        namespace: key.namespace.clone(),
        name: key.name.clone(),
        action,
        place: String::new(),
        changes: Vec::new(),
        object: None,
        reason: String::new(),
        asks: false,
    }
}

/// Without what only the server sets.
fn asked_for(object: &Object) -> Value {
    masked(&clean(object)).body
}

/// What a rollout planned to change.
pub fn diff_of_rollout(detail: &RolloutDetail) -> Diff {
    let of = |action| detail.objects.iter().filter(|o| o.action == action).count();
    Diff {
        application: detail.rollout.application.clone(),
        from: detail.rollout.previous.0.clone(),
        to: detail.rollout.revision.0.clone(),
        revision: detail.rollout.revision.clone(),
        commit: None,
        counts: Counts {
            create: of(Action::Create),
            change: of(Action::Change),
            delete: of(Action::Delete),
            asks: 0,
            unchanged: of(Action::Unchanged),
        },
        plan: None,
        lines: Vec::new(),
        objects: detail
            .objects
            .iter()
            .filter(|object| object.action != Action::Unchanged)
            .map(recorded)
            .collect(),
    }
}

fn recorded(object: &ObjectResult) -> DiffObject {
    let secret = super::view::diff::is_secret(&object.kind, &object.key);
    let shown = object.changes.iter().map(|it| diff::shown(it, secret));
    DiffObject {
        place: match object.file.as_str() {
            "" => String::new(),
            file => format!("{file}:{}", object.line),
        },
        changes: shown.collect(),
        object: object.after.clone(),
        reason: if object.action == Action::Keep {
            object.message.clone()
        } else {
            String::new()
        },
        ..differing(&object.kind, &object.key, object.action)
    }
}
