//! A plan for people: what `git push` and the command line print.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Change, Plan, Step, patch};
use crate::diff::{self, FieldChange};

/// How many objects of each sort a plan has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    pub create: usize,
    pub change: usize,
    pub delete: usize,
    /// To delete as soon as somebody says so.
    #[serde(default)]
    pub asks: usize,
    pub unchanged: usize,
}

pub fn counts(plan: &Plan) -> Counts {
    let of = |wanted: fn(&Change) -> bool| plan.steps().filter(|step| wanted(&step.change)).count();
    Counts {
        create: of(|change| matches!(change, Change::Create | Change::Recreate | Change::Renew(_))),
        change: of(|change| matches!(change, Change::Update(_))),
        delete: plan.deletes.len(),
        asks: plan.asking().count(),
        unchanged: of(|change| *change == Change::Unchanged),
    }
}

/// `1 to create, 2 to change, 9 unchanged`, or `no changes`.
impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.create + self.change + self.delete + self.asks == 0 {
            return write!(f, "no changes ({} unchanged)", self.unchanged);
        }
        let parts: Vec<String> = [
            (self.delete, "to delete"),
            (self.asks, "to delete once somebody says so"),
            (self.create, "to create"),
            (self.change, "to change"),
            (self.unchanged, "unchanged"),
        ]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{number} {what}"))
        .collect();
        f.write_str(&parts.join(", "))
    }
}

/// A change with its fields, as they may be shown: what [`lines`] tells of it as a patch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edit {
    /// `Deployment shop/web`, as in the line.
    pub object: String,
    pub changes: Vec<FieldChange>,
    /// The object that they lead to; `None` where that is not at hand.
    #[serde(default)]
    pub after: Option<Value>,
}

/// Bytes of values and objects that are told; of what is beyond them there are the lines.
const VALUES: usize = 64 << 10;

/// The changes of a plan that are not too large to be kept with it.
pub fn edits(plan: &Plan) -> Vec<Edit> {
    let mut room = VALUES;
    let edits = plan.steps().filter_map(|step| {
        let Change::Update(changes) = &step.change else {
            return None;
        };
        let is_secret = diff::is_secret(&step.object);
        let changes = changes.iter().map(|it| diff::shown(it, is_secret));
        let changes: Vec<FieldChange> = changes.collect();
        let after = diff::masked(&step.object).body;
        let sides = changes.iter().flat_map(|it| [&it.old, &it.new]);
        let told = sides.flatten().chain([&after]);
        let size: usize = told.map(|it| it.to_string().len()).sum();
        room = room.checked_sub(size)?;
        Some(Edit {
            object: step.title(),
            changes,
            after: Some(after),
        })
    });
    edits.collect()
}

/// One line per object: deletions first, then those that wait for a word, then the rest with the
/// changed fields as a patch below each change.
pub fn lines(plan: &Plan) -> Vec<String> {
    let mut lines: Vec<String> = plan
        .deletes
        .iter()
        .map(|deletion| format!("- delete  {}", deletion.title()))
        .collect();
    // Why is said where it is another reason than before.
    let mut said = "";
    lines.extend(plan.asking().map(|kept| {
        let (title, reason) = (kept.title(), kept.reason.as_str());
        if std::mem::replace(&mut said, reason) == reason {
            return format!("? delete  {title}");
        }
        format!("? delete  {title} (only when asked: {reason})")
    }));
    let stays = plan.kept.iter().filter(|kept| !kept.asks);
    lines.extend(stays.map(|kept| format!("= keep    {} ({})", kept.title(), kept.reason)));
    let changes = plan.has_changes();
    let hooks = plan.hooks.iter().filter(|_| changes);
    lines.extend(hooks.map(|hook| format!("> run     {} ({})", hook.title(), hook.phase.as_str())));
    let several = plan.waves.iter().filter(|wave| wave.has_changes()).count() > 1;
    for wave in plan.waves.iter().filter(|wave| wave.has_changes()) {
        if several {
            let then = if wave.stage > 0 { ", then" } else { "" };
            lines.push(format!("wave {}{then}", wave.number));
        }
        for step in wave.steps.iter().filter(|step| step.is_change()) {
            describe(step, &mut lines);
        }
    }
    lines
}

fn describe(step: &Step, lines: &mut Vec<String>) {
    match &step.change {
        Change::Unchanged => {}
        Change::Create => lines.push(format!("+ create  {}", step.title())),
        Change::Recreate => lines.push(format!(
            "+ create  {} (once the one that is being deleted is gone)",
            step.title()
        )),
        Change::Renew(_) => lines.push(format!(
            "+ create  {} anew (the server does not take the change, and the manifest says recreate)",
            step.title()
        )),
        Change::Update(changes) => {
            lines.push(format!("~ change  {}", step.title()));
            lines.extend(patch::indented(&step.object, changes));
        }
    }
}
