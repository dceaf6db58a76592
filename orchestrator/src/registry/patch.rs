//! PATCH: four ways to say what should change.

use serde_json::Value;

use api::patch;
use api::{Object, ObjectKey, Reason, Status};
use client::Patch;

use super::context::{Context, Written};
use super::create::address;
use super::intent::{Intent, Part, Tracking};
use super::kinds::Kind;
use super::prepared::Prepared;
use super::update::{precondition, prune};
use super::view::Current;
use super::{Registry, manage};

/// Whether an apply takes fields over from other managers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    No,
    Yes,
    /// Yes, and what people put into lists that it states goes.
    Reclaim,
}

impl Registry {
    /// Patches the object at `key`. Apply creates it where it is missing.
    pub async fn patch(
        &self,
        context: &Context,
        kind: &Kind,
        key: &ObjectKey,
        part: Part,
        patch: &Patch,
        force: Force,
    ) -> Result<Written, Status> {
        self.commit(context, |view, attempt| {
            let namespace = key.namespace.as_str();
            let tracking = tracking(patch);
            let intent = Intent {
                part,
                tracking,
                ..Intent::new(view, context, kind, namespace, attempt)
            };
            self.prepare_patch(&intent, key, patch, force)
        })
        .await
    }

    pub(crate) fn prepare_patch(
        &self,
        intent: &Intent<'_>,
        key: &ObjectKey,
        patch: &Patch,
        force: Force,
    ) -> Result<Prepared, Status> {
        let kind = intent.kind;
        let current = intent.view.get_as(kind, key);
        let body = match (patch, &current) {
            (Patch::Apply(configuration), _) => {
                return self.prepare_apply(intent, key, current, configuration, force);
            }
            (_, None) => return Err(Status::not_found(key)),
            (Patch::Json(operations), Some(current)) => {
                patch::json::apply(&current.object.body, operations)?
            }
            (Patch::Merge(change), Some(current)) => {
                patch::merge::apply(&current.object.body, change)?
            }
            (Patch::Strategic(_), Some(_)) if kind.custom.is_some() => {
                let message = "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";
                return Err(Status::new(Reason::UnsupportedMediaType, message));
            }
            (Patch::Strategic(change), Some(current)) => patch::strategic::merge(
                &current.object.body,
                change,
                api::schema::kind(&kind.resource.gvk()),
            )?,
        };
        let current = current.ok_or_else(|| Status::not_found(key))?;
        let mut next = Object::from(body);
        check_identity(kind, key, &mut next, &current)?;
        self.prepare_update(intent, &current, next)
    }

    fn prepare_apply(
        &self,
        intent: &Intent<'_>,
        key: &ObjectKey,
        current: Option<Current>,
        configuration: &Object,
        force: Force,
    ) -> Result<Prepared, Status> {
        let kind = intent.kind;
        let mut configuration = configuration.clone();
        address(kind, &key.namespace, &mut configuration)?;
        if configuration.name().is_empty() {
            configuration
                .metadata_mut()
                .insert("name".into(), Value::String(key.name.clone()));
        }
        if let Some(current) = &current {
            check_identity(kind, key, &mut configuration.clone(), current)?;
        }
        configuration.metadata_mut().shift_remove("resourceVersion");
        let warnings = prune(intent.context, kind, &mut configuration)?;
        let manager = manage::manager(intent);
        let conflicts = match force {
            Force::Yes => patch::apply::Conflicts::Force,
            Force::Reclaim => patch::apply::Conflicts::Reclaim,
            Force::No => patch::apply::Conflicts::Refuse,
        };
        let live = current.as_ref().map(|current| &current.object);
        let applied = patch::apply::apply(
            live,
            &configuration,
            &manager,
            conflicts,
            self.env.now(),
            kind.schema(),
        )?;
        let mut prepared = match current {
            Some(current) => self.prepare_update(intent, &current, applied),
            None if intent.part == Part::Main => self.prepare_create(intent, applied),
            None => Err(Status::not_found(key)),
        }?;
        prepared.warnings.extend(warnings);
        prepared.warnings.dedup();
        Ok(prepared)
    }
}

/// A patch may state a version or uid as a precondition; it may not rename.
fn check_identity(
    kind: &Kind,
    key: &ObjectKey,
    next: &mut Object,
    current: &Current,
) -> Result<(), Status> {
    address(kind, &key.namespace, next)?;
    if next.name() != key.name {
        return Err(Status::bad_request(
            "metadata.name may not be changed by a patch",
        ));
    }
    if next.resource_version().0.is_empty() {
        next.set_resource_version(&current.object.resource_version());
    }
    precondition(kind, key, next, current)
}

fn tracking(patch: &Patch) -> Tracking {
    if matches!(patch, Patch::Apply(_)) {
        Tracking::Applied
    } else {
        Tracking::Update
    }
}
