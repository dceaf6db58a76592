//! Fields of other managers that an apply would change, and how that is said.

use serde_json::Value;

use super::apply::LAST_APPLIED;
use super::fields::FieldSet;
use super::managed::Entry;
use super::shape::Shape;
use super::typed::{compare, owned};
use crate::{Cause, Object, Reason, Status};

/// One manager and the fields of it that would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Conflict<'a> {
    pub(super) entry: &'a Entry,
    pub(super) fields: FieldSet,
}

/// The conflicts that client-side apply does not explain. Those it explains go without force: the
/// annotation proves that the one who applies now set the fields to what they are.
pub(super) fn last_applied_allows<'a>(
    found: Vec<Conflict<'a>>,
    live: &Object,
    shape: Shape<'_>,
) -> Vec<Conflict<'a>> {
    let applied = live.annotation(LAST_APPLIED).unwrap_or_default();
    let Ok(applied) = serde_json::from_str::<Value>(applied) else {
        return found;
    };
    if applied["apiVersion"] != live.body["apiVersion"] {
        return found;
    }
    let since = compare(shape, Some(&applied), &live.body);
    let allowed = owned(shape, &applied)
        .difference(&since.set)
        .difference(&since.removed);
    found
        .into_iter()
        .map(|conflict| Conflict {
            fields: conflict.fields.difference(&allowed),
            entry: conflict.entry,
        })
        .filter(|conflict| !conflict.fields.is_empty())
        .collect()
}

/// The answer to an apply with conflicts, in Kubernetes' words; fine without any.
pub(super) fn refuse(conflicts: &[Conflict<'_>]) -> Result<(), Status> {
    let mut causes = Vec::new();
    let mut lists = Vec::new();
    for conflict in conflicts {
        let who = conflict.entry.describe();
        lists.push(format!("conflicts with {who}:"));
        for path in conflict.fields.paths() {
            lists.push(format!("- {path}"));
            causes.push(Cause {
                reason: "FieldManagerConflict".into(),
                message: format!("conflict with {who}"),
                field: path,
            });
        }
    }
    let message = match causes.as_slice() {
        [] => return Ok(()),
        [only] => format!(
            "Apply failed with 1 conflict: {}: {}",
            only.message, only.field
        ),
        many => format!(
            "Apply failed with {} conflicts: {}",
            many.len(),
            lists.join("\n")
        ),
    };
    Err(Status {
        causes,
        ..Status::new(Reason::Conflict, message)
    })
}
