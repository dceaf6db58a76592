//! The types beside the facts.

use serde_json::{Value, json};

use super::*;
use crate::Condition;
use crate::schema::{self, FieldType, Type};

/// Every field of a fully filled struct is in the facts and the other way round.
fn in_step(ty: &Type, value: &Value) {
    let Value::Object(object) = value else {
        panic!("{} is not an object: {value}", ty.name)
    };
    let mut keys: Vec<&str> = object.keys().map(String::as_str).collect();
    let mut facts: Vec<&str> = ty.json_keys().collect();
    keys.sort_unstable();
    facts.sort_unstable();
    assert_eq!(keys, facts, "{}", ty.name);
    for field in ty.fields {
        let (field_type, value) = match &field.ty {
            FieldType::List(element) => (&**element, &object[field.name][0]),
            other => (other, &object[field.name]),
        };
        if let Some(named) = field_type
            .named()
            .filter(|ty| ty.name.starts_with("kedge."))
        {
            in_step(named, value);
        }
    }
}

#[test]
fn structs_are_in_step_with_the_facts() {
    let text = || "x".to_owned();
    let source = ApplicationSource {
        repo: Some(text()),
        path: text(),
        revision: Some(text()),
        post_build: Some(PostBuild {
            substitute: [(text(), text())].into_iter().collect(),
            strict: true,
        }),
        verify: Some(Verify {
            mode: VerifyMode::TagAndHead,
            config_map: Some(text()),
            secret: Some(text()),
        }),
    };
    let spec = ApplicationSpec {
        source: Some(source.clone()),
        sources: vec![source],
        sync_policy: SyncPolicy::default(),
        depends_on: vec![text()],
        deadline_seconds: 1,
        target_namespace: Some(text()),
        ignore_differences: vec![IgnoreDifferences {
            group: Some(text()),
            kind: Some(text()),
            name: Some(text()),
            namespace: Some(text()),
            json_pointers: vec![text()],
            json_paths: vec![text()],
            managed_fields_managers: vec![text()],
        }],
        suspend: true,
        sync_windows: vec![SyncWindow {
            kind: WindowKind::Deny,
            schedule: text(),
            duration: text(),
            time_zone: text(),
            manual_sync: true,
        }],
        deletion_policy: Some(DeletionPolicy::Orphan),
        health_check_exprs: vec![HealthCheck {
            api_version: text(),
            kind: text(),
            in_progress: text(),
            failed: text(),
            current: text(),
        }],
    };
    let status = ApplicationStatus {
        sync: ApplicationSync {
            status: SyncStatus::Synced,
            revision: text(),
        },
        health: ApplicationHealth {
            status: text(),
            message: text(),
        },
        revision: text(),
        observed_generation: 1,
        conditions: vec![Condition::default()],
        inventory_count: 1,
        last_rollout: text(),
    };
    let rollout_spec = RolloutSpec {
        application: text(),
        revision: text(),
        push: text(),
        rollback_of: text(),
        trigger: text(),
        author: text(),
        message: text(),
        partial: true,
    };
    let rollout_status = RolloutStatus {
        message: text(),
        started_at: Some(text()),
        finished_at: Some(text()),
        undone_at: Some(text()),
        waves: vec![RolloutWave {
            started_at: Some(text()),
            finished_at: Some(text()),
            ..RolloutWave::default()
        }],
        ..RolloutStatus::default()
    };
    for (kind, spec, status) in [
        (application(), json!(spec), json!(status)),
        (rollout(), json!(rollout_spec), json!(rollout_status)),
    ] {
        let body = json!({"metadata": {}, "spec": spec, "status": status});
        in_step(schema::kind(&kind).unwrap(), &body);
    }
}

#[test]
fn defaults_match_the_facts() {
    let spec: ApplicationSpec = serde_json::from_value(json!({"source": {"path": "."}})).unwrap();
    let default = |ty: &str, key: &str| {
        schema::named(ty)
            .unwrap()
            .child(key)
            .unwrap()
            .default
            .clone()
            .unwrap()
    };
    let written = json!(spec);
    assert_eq!(
        written["deadlineSeconds"],
        default("kedge.v1alpha1.ApplicationSpec", "deadlineSeconds")
    );
    for key in ["automated", "prune", "pruneBudget", "adopt", "selfHeal"] {
        assert_eq!(
            written["syncPolicy"][key],
            default("kedge.v1alpha1.SyncPolicy", key)
        );
    }
}
