//! How a rollout that ran then was doing. Its record keeps how each object ended; how it was on the way
//! is read off the objects of that moment. Pure.

use engine::{Application, HealthStatus, health};

use super::state::Past;
use super::stood::collection;
use crate::history::{Action, ObjectResult, RolloutDetail};

/// Fills in what was not over: nothing where all of it was.
pub(super) fn under_way(past: &Past, detail: &mut RolloutDetail) {
    let rollout = &mut detail.rollout;
    if rollout.phase.is_final() {
        return;
    }
    let key = collection().key(engine::application::NAMESPACE, &rollout.application);
    let application = past.get(&key);
    let checks = application.map(|object| Application::from_object(&object).health_checks);
    let checks = checks.unwrap_or_default();
    let mut worst: Option<(HealthStatus, String)> = None;
    for object in detail.objects.iter_mut().filter(|it| is_awaited(it)) {
        let Some(live) = past.get(&object.key) else {
            continue;
        };
        let made = past.descendants(&live).into_iter();
        let made: Vec<_> = made.map(|(_, object)| (*object).clone()).collect();
        let Some(found) = health::judge(&checks, &live, &made, past.at) else {
            continue;
        };
        object.health = found.status.to_string();
        object.message.clone_from(&found.message);
        let is_worse = worst
            .as_ref()
            .is_none_or(|(known, _)| found.status > *known);
        if !found.status.is_settled_well() && is_worse {
            let title = object.title();
            worst = Some((found.status, format!("{title}: {}", found.message)));
        }
    }
    if let Some((_, told)) = worst {
        rollout.message = told;
    }
}

/// Whether it was there, and was waited for.
fn is_awaited(object: &ObjectResult) -> bool {
    let written = matches!(object.action, Action::Create | Action::Change);
    let there = object.action == Action::Unchanged || written && object.applied_at.is_some();
    there && object.healthy_at.is_none()
}

#[cfg(test)]
mod tests {
    use engine::rollout::{CommitId, RolloutPhase};
    use serde_json::json;

    use api::{Collection, Object};

    use super::*;
    use crate::web::view::rollout::wave_state;
    use crate::web::view::tests::rollout;

    #[test]
    fn what_failed_then_is_not_called_done() {
        let deployment: Object = json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "shop", "generation": 2},
            "spec": {"replicas": 1},
            "status": {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1,
                "conditions": [{"type": "Progressing", "status": "False",
                    "reason": "ProgressDeadlineExceeded", "message": "it does not come up"}]}})
        .into();
        let rollout = rollout(RolloutPhase::Verifying, 10);
        let now = rollout.started_at;
        let past = Past::new(now, "7f3c2ab", CommitId::default(), vec![deployment]);
        let key = Collection::new("apps", "deployments").key("shop", "web");
        let object = ObjectResult {
            applied_at: Some(now),
            ..ObjectResult::new(key, "Deployment", Action::Change)
        };
        let mut detail = RolloutDetail {
            rollout,
            objects: vec![object],
            applies: Vec::new(),
            steps: Vec::new(),
        };
        under_way(&past, &mut detail);
        assert_eq!(detail.objects[0].health, "Degraded");
        let told = &detail.rollout.message;
        assert!(told.starts_with("Deployment shop/web: "), "{told}");
        let objects: Vec<&ObjectResult> = detail.objects.iter().collect();
        let state = wave_state(&detail.rollout, &objects, now);
        assert_eq!(state.icon.0, "run");
        // What is over is as it was recorded.
        detail.rollout.phase = RolloutPhase::Failed;
        detail.objects[0].health.clear();
        under_way(&past, &mut detail);
        assert_eq!(detail.objects[0].health, "");
    }
}
