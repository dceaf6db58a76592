//! The objects of a comparison: of a plan, whose sides are at hand, and of a rollout, of which only
//! the changed fields are recorded.

use std::borrow::Cow;

use api::{Object, ObjectKey};
use engine::Plan;
use engine::diff::{FieldChange, masked, overlay};
use engine::plan::{Change, Deletion, Kept, Sides, Step};
use jiff::Timestamp;

use super::lines::fields;
use super::whole::{Pair, Whole, whole};
use super::{ObjectDiff, Objects, Query, Wants, empty, finish, fold, is_secret};
use crate::history::{Action, Drift, ObjectResult, RolloutDetail};
use crate::service::{PlanView, Side};
use crate::web::view::time::ago;

/// What two states of an application are.
pub(crate) struct Compared<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) sides: &'a Sides,
    /// What the sides are called.
    pub(crate) left: String,
    pub(crate) right: String,
    /// Whether what is live is brought to a commit, so that a plan is what it is.
    pub(crate) is_plan: bool,
    /// What others did, newest first.
    pub(crate) drifts: &'a [Drift],
    pub(crate) now: Timestamp,
}

impl<'a> Compared<'a> {
    /// What two states are, without what others did.
    pub(crate) fn of(view: &'a PlanView) -> Self {
        let both = view.from.commit.is_some() && view.to.commit.is_some();
        let how = if both {
            "rendered"
        } else {
            "as the server would store it"
        };
        let named = |side: &Side| match &side.commit {
            Some(commit) => format!("{}, {how}", commit.id.short()),
            None => "Live".into(),
        };
        Self {
            plan: &view.plan,
            sides: &view.sides,
            left: named(&view.from),
            right: named(&view.to),
            is_plan: view.from.commit.is_none(),
            drifts: &[],
            now: Timestamp::UNIX_EPOCH,
        }
    }

    fn deleted(&self, deletion: &Deletion, wants: Wants) -> ObjectDiff {
        let Deletion { kind, key, .. } = deletion;
        let note = if self.is_plan {
            "Is in the cluster and no longer in Git: it is deleted last."
        } else {
            "Is not on the other side."
        };
        self.gone((kind, key), deletion.object.as_deref(), note, wants)
    }

    /// What is deleted as soon as somebody says so is a deletion to whoever looks.
    fn kept(&self, kept: &Kept, wants: Wants) -> ObjectDiff {
        let Kept { kind, key, .. } = kept;
        if !kept.asks {
            let mut shown = empty(Action::Keep, kind, key);
            shown.note = format!("Is no longer in Git, and stays: {}.", kept.reason);
            return shown;
        }
        let note = format!(
            "Is no longer in Git, and waits to be deleted: {}.",
            kept.reason
        );
        self.gone((kind, key), None, &note, wants)
    }

    fn gone(
        &self,
        (kind, key): (&str, &ObjectKey),
        object: Option<&Object>,
        note: &str,
        wants: Wants,
    ) -> ObjectDiff {
        let mut shown = empty(Action::Delete, kind, key);
        shown.note = note.into();
        let old = object.or_else(|| self.sides.old.get(key));
        let pair = Pair {
            old,
            new: None,
            manifest: None,
            changes: &[],
        };
        put(&mut shown, whole(&pair, wants), wants);
        shown
    }

    fn created(&self, step: &Step, wants: Wants) -> ObjectDiff {
        let mut shown = empty(Action::Create, &step.kind, &step.key);
        shown.place = place(&step.origin);
        shown.note = match step.change {
            Change::Recreate => "Is being deleted; it is created again once it is gone.".into(),
            Change::Renew(_) => {
                "The server does not take the change: it is deleted, and made again.".into()
            }
            _ => String::new(),
        };
        let stored = self.sides.new.get(&step.key).unwrap_or(&step.object);
        let pair = Pair {
            old: None,
            new: Some(stored),
            manifest: (*stored != step.object).then_some(&step.object),
            changes: &[],
        };
        put(&mut shown, whole(&pair, wants), wants);
        shown
    }

    fn changed(&self, step: &Step, changes: &[FieldChange], wants: Wants) -> ObjectDiff {
        let mut shown = empty(Action::Change, &step.kind, &step.key);
        shown.place = place(&step.origin);
        shown.counts = counts(changes);
        let Some(old) = self.sides.old.get(&step.key) else {
            let is_secret = is_secret(&step.kind, &step.key);
            let after = masked(&step.object);
            let rows = fields(Some(&after), changes, is_secret, wants.context);
            shown.blocks = fold(rows, wants.context);
            return shown;
        };
        let stored = self.sides.new.get(&step.key).map(Cow::Borrowed);
        let new = stored.unwrap_or_else(|| Cow::Owned(overlay(old, &step.object)));
        let pair = Pair {
            old: Some(old),
            new: Some(&new),
            manifest: (*new != step.object).then_some(&step.object),
            changes,
        };
        let whole = whole(&pair, wants);
        if self.is_plan {
            shown.note = self.by_others(&step.key, &whole);
        }
        put(&mut shown, whole, wants);
        shown
    }

    /// `Changed outside of Git by ann with kubectl-edit, 5 min ago.`
    fn by_others(&self, key: &ObjectKey, whole: &Whole) -> String {
        let told = whole.others.iter().map(|(manager, since)| {
            let mut drifts = self.drifts.iter().filter(|it| it.key == *key);
            let by = drifts.find(|it| it.actor == *manager);
            let by = by.map_or_else(|| format!(" by {manager}"), Drift::by);
            match since {
                Some(since) => format!("{by}, {}", ago(*since, self.now)),
                None => by,
            }
        });
        let told: Vec<String> = told.collect();
        match told.as_slice() {
            [] => String::new(),
            all => format!("Changed outside of Git{}.", all.join(", and")),
        }
    }
}

/// `web.yaml:7`; empty where Git does not have it.
fn place(origin: &engine::Origin) -> String {
    if origin.file.is_empty() {
        String::new()
    } else {
        origin.to_string()
    }
}

fn put(shown: &mut ObjectDiff, whole: Whole, wants: Wants) {
    shown.blocks = fold(whole.rows, wants.context);
    shown.defaults = whole.defaults;
    shown.managed = whole.managed;
}

/// Fields that came, changed and went.
fn counts(changes: &[FieldChange]) -> (usize, usize, usize) {
    let of = |old: bool, new: bool| {
        let all = changes.iter();
        all.filter(|it| (it.old.is_some(), it.new.is_some()) == (old, new))
            .count()
    };
    (of(false, true), of(true, true), of(true, false))
}

/// What is different between two states: deletions first, those that wait for a word among them, then
/// what stays, creations, and changes.
pub(crate) fn of_plan(compared: &Compared, query: &Query, wants: Wants) -> Objects {
    let plan = compared.plan;
    let (waiting, staying): (Vec<&Kept>, Vec<&Kept>) = plan.kept.iter().partition(|it| it.asks);
    let deletes = plan.deletes.iter();
    let mut objects: Vec<ObjectDiff> = deletes.map(|it| compared.deleted(it, wants)).collect();
    let kept = waiting.iter().chain(&staying);
    objects.extend(kept.map(|kept| compared.kept(kept, wants)));
    let is_new =
        |change: &Change| matches!(change, Change::Create | Change::Recreate | Change::Renew(_));
    let created = plan.steps().filter(|step| is_new(&step.change));
    objects.extend(created.map(|step| compared.created(step, wants)));
    objects.extend(plan.steps().filter_map(|step| match &step.change {
        Change::Update(changes) => Some(compared.changed(step, changes, wants)),
        _ => None,
    }));
    let unchanged = plan.steps().filter(|step| !step.is_change()).count();
    Objects {
        left: compared.left.clone(),
        right: compared.right.clone(),
        nothing: if compared.is_plan {
            "Every field that Git sets is in the cluster as Git has it.".into()
        } else {
            "Both sides ask for the same.".into()
        },
        ..finish(objects, unchanged, query, wants)
    }
}

/// What a rollout planned to change.
pub(crate) fn of_rollout(detail: &RolloutDetail, query: &Query, wants: Wants) -> Objects {
    let is_planned = |object: &&ObjectResult| object.action != Action::Unchanged;
    let mut planned: Vec<&ObjectResult> = detail.objects.iter().filter(is_planned).collect();
    planned.sort_by_key(|object| match object.action {
        Action::Delete => 0,
        Action::Keep => 1,
        Action::Create => 2,
        _ => 3,
    });
    let unchanged = detail.objects.len() - planned.len();
    let objects = planned.into_iter().map(|it| recorded(it, wants)).collect();
    let mut made = finish(objects, unchanged, query, wants);
    // What was recorded are fields: there is no patch of them.
    for object in made.differing.iter_mut().filter(|_| made.is_alone) {
        object.alone.clear();
    }
    Objects {
        left: "Before".into(),
        right: format!("Commit {}", detail.rollout.revision.short()),
        nothing: "The commit asked for what was there already.".into(),
        ..made
    }
}

fn recorded(result: &ObjectResult, wants: Wants) -> ObjectDiff {
    let mut object = empty(result.action, &result.kind, &result.key);
    if !result.file.is_empty() {
        object.place = format!("{}:{}", result.file, result.line);
    }
    object.counts = counts(&result.changes);
    let is_secret = is_secret(&result.kind, &result.key);
    let after = result.after.clone().map(Object::from);
    let rows = fields(after.as_ref(), &result.changes, is_secret, wants.context);
    object.note = match result.action {
        Action::Create if rows.is_empty() => "Did not exist before.".into(),
        Action::Delete => "Left Git: deleted last.".into(),
        Action::Keep if result.message.is_empty() => "Left Git, and stays.".into(),
        Action::Keep => format!("Left Git, and stays: {}", result.message),
        Action::Hook => "Is run, and not kept in the cluster.".into(),
        _ => String::new(),
    };
    object.blocks = fold(rows, wants.context);
    object
}

#[cfg(test)]
mod tests {
    use engine::plan::Wave;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_waits_to_be_deleted_is_a_deletion_to_whoever_looks() {
        let key = |name: &str| api::Collection::new("", "configmaps").key("shop", name);
        let kept = |name: &str, asks| Kept {
            key: key(name),
            kind: "ConfigMap".into(),
            reason: "2 left".into(),
            asks,
        };
        let step = Step {
            key: key("new"),
            kind: "ConfigMap".into(),
            origin: engine::Origin::default(),
            object: json!({"kind": "ConfigMap"}).into(),
            change: Change::Create,
        };
        let plan = Plan {
            waves: vec![Wave {
                number: engine::WaveNumber::default(),
                stage: 0,
                steps: vec![step],
            }],
            kept: vec![kept("stays", false), kept("waits", true)],
            ..Plan::default()
        };
        let live = json!({"kind": "ConfigMap", "data": {"a": "1"}}).into();
        let sides = Sides {
            old: [(key("waits"), live)].into(),
            ..Sides::default()
        };
        let compared = Compared {
            plan: &plan,
            sides: &sides,
            left: String::new(),
            right: String::new(),
            is_plan: true,
            drifts: &[],
            now: Timestamp::UNIX_EPOCH,
        };
        let query = Query::default();
        let shown = of_plan(&compared, &query, query.wants().unwrap());
        let signs = shown
            .differing
            .iter()
            .map(|it| (it.name.as_str(), it.sign.0));
        let expected = [
            ("waits", Action::Delete),
            ("stays", Action::Keep),
            ("new", Action::Create),
        ];
        assert_eq!(signs.collect::<Vec<_>>(), expected);
        assert_eq!(shown.counts, (1, 0, 1));
        let waits = &shown.differing[0];
        let note = "Is no longer in Git, and waits to be deleted: 2 left.";
        assert_eq!(waits.note, note);
        assert!(!waits.blocks.is_empty());
        // A page has an end; that there is more is told.
        let many = (0..900).map(|at| kept(&format!("m-{at}"), true));
        let plan = Plan {
            kept: many.collect(),
            ..Plan::default()
        };
        let compared = Compared {
            plan: &plan,
            ..compared
        };
        let shown = of_plan(&compared, &query, query.wants().unwrap());
        assert_eq!((shown.differing.len(), shown.beyond), (800, 100));
        assert_eq!(shown.counts, (0, 0, 900));
    }
}
