//! A plan as the history keeps it: what is done to each object, and no value of a Secret.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use api::{Object, ObjectKey};
use engine::Plan;
use engine::diff::{self, FieldChange};
use engine::health::holds_back;
use engine::hook::{Hook, HookPhase, ROLLOUT_ANNOTATION};
use engine::plan::{Change, Deletion, Kept, Step};

use super::observe::Observation;
use crate::history::{Action, ObjectHealth, ObjectResult};

/// One row for each object, in the order in which they are worked on.
pub(crate) fn of(plan: &Plan) -> Vec<ObjectResult> {
    let hooks = |early: bool| {
        let is_early = move |it: &&Hook| (it.phase == HookPhase::Before) == early;
        plan.hooks.iter().filter(is_early).map(hook)
    };
    let mut results: Vec<ObjectResult> = hooks(true).collect();
    for wave in &plan.waves {
        results.extend(wave.steps.iter().map(|it| step(it, wave.number.0)));
    }
    results.extend(hooks(false));
    results.extend(plan.deletes.iter().map(deletion));
    results.extend(plan.kept.iter().map(kept));
    for (position, result) in (0..).zip(&mut results) {
        result.position = position;
    }
    results
}

fn step(step: &Step, wave: i32) -> ObjectResult {
    let (action, changes) = match &step.change {
        Change::Create | Change::Recreate | Change::Renew(_) => (Action::Create, Vec::new()),
        Change::Update(changes) => (Action::Change, masked(&step.object, changes)),
        Change::Unchanged => (Action::Unchanged, Vec::new()),
    };
    ObjectResult {
        wave,
        action,
        after: (action == Action::Change).then(|| diff::masked(&step.object).body),
        changes,
        file: step.origin.file.clone(),
        line: i32::try_from(step.origin.line).unwrap_or(0),
        ..ObjectResult::new(step.key.clone(), &step.kind, action)
    }
}

fn hook(hook: &Hook) -> ObjectResult {
    ObjectResult {
        wave: hook.wave.0,
        file: hook.origin.file.clone(),
        line: i32::try_from(hook.origin.line).unwrap_or(0),
        message: hook.phase.when().to_owned(),
        ..ObjectResult::new(hook.key.clone(), hook.object.kind(), Action::Hook)
    }
}

fn deletion(deletion: &Deletion) -> ObjectResult {
    ObjectResult {
        wave: deletion.wave.0,
        ..ObjectResult::new(deletion.key.clone(), &deletion.kind, Action::Delete)
    }
}

fn kept(kept: &Kept) -> ObjectResult {
    ObjectResult {
        message: kept.reason.clone(),
        ..ObjectResult::new(kept.key.clone(), &kept.kind, Action::Keep)
    }
}

/// The changes as they may be kept: values of Secrets as fingerprints.
pub(crate) fn masked(object: &Object, changes: &[FieldChange]) -> Vec<FieldChange> {
    if !diff::is_secret(object) {
        return changes.to_vec();
    }
    let open = |path: &str| {
        let public = path.starts_with("metadata.") || path == "type" || path == "immutable";
        public && !path.contains("last-applied")
    };
    let hide = |value: &Value| json!(format!("(hidden, sha256 {}…)", diff::fingerprint(value)));
    let mask = |change: &FieldChange| {
        if open(&change.path) {
            return change.clone();
        }
        FieldChange {
            path: change.path.clone(),
            old: change.old.as_ref().map(hide),
            new: change.new.as_ref().map(hide),
        }
    };
    changes.iter().map(mask).collect()
}

/// The health that is not on record as it is, which `known` is brought to. That of a hook which an
/// earlier rollout ran says nothing of this one.
pub(crate) fn news(
    observation: &Observation,
    rollout: &str,
    known: &mut BTreeMap<ObjectKey, (String, String)>,
) -> Vec<ObjectHealth> {
    let mut news = Vec::new();
    let is_own = |key: &ObjectKey| {
        let of = observation.live.get(key)?.annotation(ROLLOUT_ANNOTATION);
        of.map(|of| of == rollout)
    };
    let kind = |key: &ObjectKey| observation.live.get(key).map_or("", Object::kind);
    for (key, health) in &observation.health {
        if is_own(key) == Some(false) {
            continue;
        }
        let now = (health.status.to_string(), health.message.clone());
        if known.get(key) == Some(&now) {
            continue;
        }
        let (status, message) = now.clone();
        news.push(ObjectHealth {
            key: key.clone(),
            status,
            message,
            healthy: !holds_back(kind(key), health),
        });
        known.insert(key.clone(), now);
    }
    news
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_secrets_are_not_kept() {
        let secret: Object = json!({"apiVersion": "v1", "kind": "Secret"}).into();
        let change = |path: &str| FieldChange {
            path: path.into(),
            old: Some(json!("b2xk")),
            new: None,
        };
        let changes = [change("data.password"), change("metadata.labels[a]")];
        let masked = masked(&secret, &changes);
        assert!(!json!(masked[0]).to_string().contains("b2xk"));
        assert!(json!(masked[0]).to_string().contains("hidden"));
        assert_eq!(masked[1], changes[1]);
        let config: Object = json!({"apiVersion": "v1", "kind": "ConfigMap"}).into();
        assert_eq!(super::masked(&config, &changes), changes);
    }
}
