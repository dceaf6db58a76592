//! PUT: the whole object, or its status, replaced.

use serde_json::{Value, json};

use api::codec::strict;
use api::{Object, ObjectKey, Status};

use super::context::{Context, FieldValidation, Written};
use super::create::address;
use super::intent::{Intent, Part};
use super::kinds::Kind;
use super::prepared::{Effect, Prepared};
use super::view::Current;
use super::{Registry, admission, allocate, manage, metadata};

impl Registry {
    /// Replaces the object at `key`. A resource version in the body is a precondition.
    pub async fn update(
        &self,
        context: &Context,
        kind: &Kind,
        key: &ObjectKey,
        part: Part,
        object: Object,
    ) -> Result<Written, Status> {
        self.commit(context, |view, attempt| {
            let namespace = key.namespace.as_str();
            let intent = Intent {
                part,
                ..Intent::new(view, context, kind, namespace, attempt)
            };
            let Some(current) = view.get_as(kind, key) else {
                if part == Part::Main && kind.create_on_update {
                    return self.prepare_create(&intent, object.clone());
                }
                return Err(Status::not_found(key));
            };
            let mut next = object.clone();
            address(kind, namespace, &mut next)?;
            if next.name() != key.name {
                return Err(Status::bad_request(format!(
                    "the name of the object ({}) does not match the name on the URL ({})",
                    next.name(),
                    key.name
                )));
            }
            precondition(kind, key, &next, &current)?;
            self.prepare_update(&intent, &current, next)
        })
        .await
    }

    /// From the wanted state to the write: everything a PUT and a PATCH share.
    pub(crate) fn prepare_update(
        &self,
        intent: &Intent<'_>,
        current: &Current,
        mut next: Object,
    ) -> Result<Prepared, Status> {
        let Intent {
            context,
            kind,
            part,
            attempt,
            ..
        } = *intent;
        let old = &current.object;
        let key = old.key(&kind.resource.collection());
        admission::record::admit(context, &key)?;
        let pruned = prune(context, kind, &mut next)?;
        // Before anything is compared with the old object, which has its defaults.
        kind.default(&mut next);
        metadata::inherit(&mut next, old);
        next.set_resource_version(&old.resource_version());
        match part {
            Part::Main => {
                (kind.prepare_update)(&mut next, old);
                admission::definition::settle(intent.view, kind, self.env.now(), &mut next);
            }
            Part::Status => (kind.prepare_status)(&mut next, old),
            Part::Finalize => {
                let finalizers = next
                    .pointer("/spec/finalizers")
                    .cloned()
                    .unwrap_or_else(|| json!([]));
                next = old.clone();
                next.body["spec"]["finalizers"] = finalizers;
            }
        }
        let warnings = [pruned, unknown_fields(context, &mut next)?].concat();
        let causes = match part {
            Part::Status => kind.validate_status(&next, old),
            Part::Main | Part::Finalize => [
                metadata::validate_update(&next, old, &kind.resource),
                kind.validate_update(&next, old),
                allocate::outside(&self.pools, kind, Some(old), &next),
            ]
            .concat(),
        };
        if !causes.is_empty() {
            return Err(Status::invalid(
                &kind.resource.group,
                &kind.resource.kind,
                &key.name,
                causes,
            ));
        }
        admission::validate(&self.authorizer, intent, Some(old), &next)?;
        let held = if context.dry_run || part == Part::Status {
            allocate::held(kind, old)
        } else {
            allocate::complete(&self.pools, kind, &mut next, attempt)
        };
        manage::track(intent, Some(old), &mut next, self.env.now());
        if same(&next, old) {
            return Ok(Prepared {
                warnings,
                ..Prepared::unchanged(key, old.clone())
            });
        }
        let effect = if may_go(kind, &next) {
            Effect::Delete {
                expected: current.revision,
            }
        } else {
            Effect::Replace {
                expected: current.revision,
            }
        };
        Ok(Prepared {
            key,
            object: next,
            effect,
            held,
            warnings,
        })
    }
}

/// The uid and the resource version a client sends are promises about what it has seen.
pub(crate) fn precondition(
    kind: &Kind,
    key: &ObjectKey,
    next: &Object,
    current: &Current,
) -> Result<(), Status> {
    let (uid, version) = (next.uid(), next.resource_version());
    if !uid.0.is_empty() && uid != current.object.uid() {
        return Err(Status::conflict(
            key,
            &format!(
                "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
                current.object.uid()
            ),
        ));
    }
    if version.0.is_empty() {
        if kind.unconditional_update {
            return Ok(());
        }
        let cause = api::Cause::invalid(
            "metadata.resourceVersion",
            &json!(0),
            "must be specified for an update",
        );
        return Err(Status::invalid(
            &kind.resource.group,
            &kind.resource.kind,
            &key.name,
            vec![cause],
        ));
    }
    if version != current.object.resource_version() {
        return Err(Status::conflict(
            key,
            "the object has been modified; please apply your changes to the latest version and try again",
        ));
    }
    Ok(())
}

/// Fields the kind does not have: refused, or left out with or without a report, as the client
/// asked. Values of the wrong type are refused in any case.
pub(crate) fn unknown_fields(
    context: &Context,
    object: &mut Object,
) -> Result<Vec<String>, Status> {
    let findings = strict::check_object(object);
    if let Some(mistyped) = findings.mistyped.first() {
        return Err(Status::bad_request(mistyped.to_string()));
    }
    let warnings = told(context, &findings.unknown)?;
    if !findings.unknown.is_empty() {
        strict::prune(object);
    }
    Ok(warnings)
}

/// As [`unknown_fields`], of a custom kind: its schema says what there is.
pub(crate) fn prune(
    context: &Context,
    kind: &Kind,
    object: &mut Object,
) -> Result<Vec<String>, Status> {
    let mut warnings: Vec<String> = Vec::new();
    if !kind.warning().is_empty() {
        warnings.push(kind.warning().to_owned());
    }
    if kind.custom.is_some() {
        let findings = strict::check_metadata(object);
        if let Some(mistyped) = findings.mistyped.first() {
            return Err(Status::bad_request(mistyped.to_string()));
        }
        strict::prune_metadata(object);
        let unknown = [findings.unknown, kind.prune(object)].concat();
        warnings.extend(told(context, &unknown)?);
    }
    Ok(warnings)
}

/// What the client is told of unknown fields.
fn told(context: &Context, unknown: &[strict::Unknown]) -> Result<Vec<String>, Status> {
    let refused = strict::strict_error(unknown, &[]);
    match (context.validation, refused) {
        (FieldValidation::Strict, Some(message)) => Err(Status::bad_request(message)),
        (FieldValidation::Warn, Some(_)) => Ok(unknown.iter().map(ToString::to_string).collect()),
        _ => Ok(Vec::new()),
    }
}

/// Nothing but the resource version differs.
fn same(next: &Object, old: &Object) -> bool {
    next == old
}

/// An object that waited only for its finalizers goes as soon as they are gone.
fn may_go(kind: &Kind, next: &Object) -> bool {
    let waited = next
        .pointer("/metadata/deletionGracePeriodSeconds")
        .and_then(Value::as_i64)
        .unwrap_or(0)
        == 0;
    next.is_deleting() && waited && next.finalizers().next().is_none() && !(kind.is_held)(next)
}

#[cfg(test)]
mod tests {
    use api::{Collection, Reason};
    use client::Patch;

    use super::*;
    use crate::registry::{Force, kinds};
    use crate::testing::Cluster;

    #[tokio::test]
    async fn a_field_nobody_knows_is_told_and_not_kept() {
        let cluster = Cluster::new().await;
        let body = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "dta": {},
            "metadata": {"name": "a", "namespace": "default"},
        });
        let made = cluster.create(body).await;
        assert_eq!(made.pointer("/dta"), None);
        let collection = Collection::new("", "configmaps");
        let kind = kinds::of(&collection).unwrap();
        let key = made.key(&collection);
        let patch = Patch::Merge(json!({"dta": {"a": "b"}, "data": {"c": "d"}}));
        let patched = async |validation| {
            let context = Context {
                validation,
                ..Context::internal("test")
            };
            let registry = &cluster.registry;
            registry
                .patch(&context, kind, &key, Part::Main, &patch, Force::No)
                .await
        };
        let refused = patched(FieldValidation::Strict).await.unwrap_err();
        assert_eq!(refused.reason, Reason::BadRequest);
        let written = patched(FieldValidation::Warn).await.unwrap();
        assert_eq!(
            written.warnings,
            ["unknown field \"dta\" (did you mean \"data\"?)"]
        );
        assert_eq!(written.object.pointer("/dta"), None);
        assert_eq!(written.object.text("/data/c"), "d");
    }
}
