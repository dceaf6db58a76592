//! POST: a new object.

use serde_json::{Value, json};

use api::{Object, Reason, Status};

use super::admission;
use super::allocate::{self, Held};
use super::context::{Context, Written};
use super::intent::Intent;
use super::kinds::Kind;
use super::prepared::{Effect, Prepared};
use super::update::{prune, unknown_fields};
use super::{Registry, manage, metadata};

impl Registry {
    /// Creates `object` in `namespace` (empty for cluster-scoped kinds).
    ///
    /// # Errors
    /// `Invalid` with each field named, `AlreadyExists`, and what admission says.
    pub async fn create(
        &self,
        context: &Context,
        kind: &Kind,
        namespace: &str,
        object: Object,
    ) -> Result<Written, Status> {
        self.commit(context, |view, attempt| {
            let intent = Intent::new(view, context, kind, namespace, attempt);
            self.prepare_create(&intent, object.clone())
        })
        .await
    }

    pub(crate) fn prepare_create(
        &self,
        intent: &Intent<'_>,
        mut object: Object,
    ) -> Result<Prepared, Status> {
        let Intent {
            view,
            context,
            kind,
            namespace,
            attempt,
            ..
        } = *intent;
        if !object.resource_version().0.is_empty() {
            return Err(Status::bad_request(
                "resourceVersion should not be set on objects to be created",
            ));
        }
        address(kind, namespace, &mut object)?;
        let pruned = prune(context, kind, &mut object)?;
        if object.name().is_empty() && !object.generate_name().is_empty() {
            let base: String = object.generate_name().chars().take(58).collect();
            object.metadata_mut().insert(
                "name".into(),
                json!(format!("{base}{}", self.env.ids.suffix(5))),
            );
        }
        let key = object.key(&kind.resource.collection());
        admission::record::admit(context, &key)?;
        admission::namespace::exists(view, kind, &key)?;
        admission::definition::admit(kind, &key)?;
        if view.get(&key).is_some() {
            return Err(Status::already_exists(&key));
        }
        self.stamp(&mut object);
        kind.default(&mut object);
        (kind.prepare_create)(&mut object);
        admission::mutate(view, &self.env, kind, &mut object)?;
        admission::definition::settle(view, kind, self.env.now(), &mut object);
        kind.default(&mut object);
        let causes = [
            metadata::validate(&object, &kind.resource),
            kind.validate_create(&object),
            allocate::outside(&self.pools, kind, None, &object),
        ]
        .concat();
        if !causes.is_empty() {
            return Err(Status::invalid(
                &kind.resource.group,
                &kind.resource.kind,
                object.name(),
                causes,
            ));
        }
        admission::validate(&self.authorizer, intent, None, &object)?;
        let warnings = [pruned, unknown_fields(context, &mut object)?].concat();
        let held = if context.dry_run {
            Held::default()
        } else {
            allocate::complete(&self.pools, kind, &mut object, attempt)
        };
        manage::track(intent, None, &mut object, self.env.now());
        Ok(Prepared {
            key,
            object,
            effect: Effect::Create,
            held,
            warnings,
        })
    }

    /// What only the server sets.
    fn stamp(&self, object: &mut Object) {
        let now = api::time(self.env.now());
        let metadata = object.metadata_mut();
        for field in [
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "selfLink",
        ] {
            metadata.shift_remove(field);
        }
        metadata.insert("uid".into(), json!(self.env.ids.uid()));
        metadata.insert("creationTimestamp".into(), json!(now));
    }
}

/// Completes the object's type and namespace from the request's path, or refuses a contradiction.
pub(crate) fn address(kind: &Kind, namespace: &str, object: &mut Object) -> Result<(), Status> {
    let expected = kind.resource.gvk();
    let map = object
        .body
        .as_object_mut()
        .ok_or_else(|| Status::bad_request("the body is not an object"))?;
    for (field, value) in [
        ("apiVersion", expected.api_version()),
        ("kind", expected.kind.clone()),
    ] {
        match map.get(field).and_then(Value::as_str) {
            None | Some("") => {
                map.insert(field.into(), json!(value));
            }
            Some(given) if given == value => {}
            Some(given) => {
                return Err(Status::bad_request(format!(
                    "the object provided is not of the type this path takes: {field} is {given:?}, expected {value:?}"
                )));
            }
        }
    }
    if map
        .get("metadata")
        .is_some_and(|metadata| !metadata.is_object() && !metadata.is_null())
    {
        return Err(Status::bad_request("metadata is not an object"));
    }
    if !kind.resource.is_namespaced() {
        object.metadata_mut().shift_remove("namespace");
        return Ok(());
    }
    let given = object.namespace().to_owned();
    if given.is_empty() {
        object
            .metadata_mut()
            .insert("namespace".into(), json!(namespace));
    } else if given != namespace {
        return Err(Status::new(
            Reason::BadRequest,
            format!(
                "the namespace of the provided object does not match the namespace sent on the request: {given:?} is not {namespace:?}"
            ),
        ));
    }
    Ok(())
}
