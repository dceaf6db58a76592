//! Kinds that definitions in the cluster make: the generic kind, and what their schema says.

use std::sync::Arc;

use api::codec::strict::Unknown;
use api::custom::{Cell, Definition, Version};
use api::patch::Schema;
use api::{Cause, Object, Status};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Kind, cells, generic};

/// One version of a custom kind.
#[derive(Debug, Clone)]
pub struct Custom {
    pub definition: Arc<Definition>,
    /// Its place among the versions of the definition.
    version: usize,
    /// Whether objects are read as they are stored.
    is_plain: bool,
    /// Whether the definition is being deleted, and nothing new is made.
    pub is_going: bool,
}

impl Custom {
    pub fn version(&self) -> &Version {
        &self.definition.versions[self.version]
    }
}

/// The kinds of a definition, one for each of its versions, served or not.
pub(super) fn kinds(
    definition: &Arc<Definition>,
    stored: &[String],
    is_going: bool,
) -> Vec<Arc<Kind>> {
    let versions = definition.versions.iter().enumerate();
    let kind = |(index, version): (usize, &Version)| {
        let custom = Custom {
            definition: definition.clone(),
            version: index,
            is_plain: stored.iter().all(|it| *it == version.name) && !version.schema.has_defaults(),
            is_going,
        };
        let base = generic::kind(definition.resource(version));
        let (prepare_create, prepare_update) = if version.has_status {
            (
                generic::first_generation as fn(&mut Object),
                generic::next_generation as fn(&mut Object, &Object),
            )
        } else {
            (
                count_first as fn(&mut Object),
                count_next as fn(&mut Object, &Object),
            )
        };
        Arc::new(Kind {
            custom: Some(custom),
            prepare_create,
            prepare_update,
            unconditional_update: false,
            ..base
        })
    };
    versions.map(kind).collect()
}

/// Without `/status`, the status is a field like any other.
fn count_first(new: &mut Object) {
    new.metadata_mut().insert("generation".into(), json!(1));
}

fn count_next(new: &mut Object, old: &Object) {
    let without = |object: &Object| {
        let mut body = object.body.clone();
        for field in ["apiVersion", "kind", "metadata"] {
            super::edit::remove(&mut body, field);
        }
        body
    };
    let generation = old.generation().max(1) + i64::from(without(new) != without(old));
    new.metadata_mut()
        .insert("generation".into(), json!(generation));
}

impl Kind {
    /// See [`Kind`]'s field of that name; so are the others.
    pub fn default(&self, object: &mut Object) {
        (self.default)(object);
        if let Some(custom) = &self.custom {
            custom.version().default(object);
        }
    }

    pub fn validate_create(&self, object: &Object) -> Vec<Cause> {
        let mut causes = (self.validate_create)(object);
        if let Some(custom) = &self.custom {
            causes.extend(custom.version().validate(object, None));
        }
        causes
    }

    pub fn validate_update(&self, new: &Object, old: &Object) -> Vec<Cause> {
        let mut causes = (self.validate_update)(new, old);
        if let Some(custom) = &self.custom {
            causes.extend(custom.version().validate(new, Some(old)));
        }
        causes
    }

    pub fn validate_status(&self, new: &Object, old: &Object) -> Vec<Cause> {
        let mut causes = (self.validate_status)(new, old);
        if let Some(custom) = &self.custom {
            causes.extend(custom.version().validate_status(new, old));
        }
        causes
    }

    pub fn row(&self, object: &Object, now: Timestamp) -> Vec<Value> {
        let Some(custom) = &self.custom else {
            return (self.row)(object, now);
        };
        let cells = custom.version().cells(object).into_iter();
        let cell = |cell| match cell {
            Cell::Value(value) => value,
            Cell::Since(time) => json!(cells::duration(now.duration_since(time).as_secs())),
        };
        cells.map(cell).collect()
    }

    pub fn field(&self, object: &Object, field: &str) -> Option<String> {
        let custom = self.custom.as_ref();
        (self.field)(object, field).or_else(|| custom?.version().field(object, field))
    }

    /// What patches and field managers know of the kind.
    pub fn schema(&self) -> Schema<'_> {
        match &self.custom {
            Some(custom) => Schema::Custom(custom.version()),
            None => api::schema::kind(&self.resource.gvk()).into(),
        }
    }

    /// Drops what the schema of a custom kind does not mention, and says what that was. The others
    /// are looked at by `api::codec::strict`.
    pub fn prune(&self, object: &mut Object) -> Vec<Unknown> {
        let custom = self.custom.as_ref();
        custom.map_or_else(Vec::new, |custom| custom.version().prune(object))
    }

    /// What to tell who uses the version; empty where there is nothing.
    pub fn warning(&self) -> &str {
        self.custom
            .as_ref()
            .map_or("", |custom| &custom.version().warning)
    }

    /// Whether a stored object is what this version shows, byte by byte.
    pub fn is_plain(&self) -> bool {
        self.custom.as_ref().is_none_or(|custom| custom.is_plain)
    }

    /// A stored object as this version shows it: its own `apiVersion`, and the defaults of today.
    pub fn present(&self, object: &mut Object) {
        if let Some(custom) = self.custom.as_ref().filter(|custom| !custom.is_plain) {
            set_version(object, &self.resource.gvk().api_version());
            custom.version().default(object);
        }
    }

    /// As it is stored: in the storage version, which differs in nothing else.
    pub fn to_stored(&self, object: &mut Object) {
        if let Some(custom) = self
            .custom
            .as_ref()
            .filter(|it| it.definition.versions.len() > 1)
        {
            let definition = &custom.definition;
            let version = format!("{}/{}", definition.group, definition.storage);
            set_version(object, &version);
        }
    }

    /// Whether objects can be read as a `Scale`.
    pub fn has_scale(&self) -> bool {
        let custom = self.custom.as_ref();
        self.scale.is_some() || custom.is_some_and(|custom| custom.version().scale.is_some())
    }

    /// The `Scale` of an object.
    pub fn scale(&self, object: &Object) -> Result<Object, Status> {
        match (&self.scale, &self.custom) {
            (Some(scale), _) => Ok((scale.read)(object)),
            (None, Some(custom)) => match &custom.version().scale {
                Some(paths) => paths
                    .scale(object)
                    .map_err(|cause| self.unscaled(object, cause)),
                None => Err(self.no_scale()),
            },
            (None, None) => Err(self.no_scale()),
        }
    }

    /// Takes the replicas of a `Scale` over.
    pub fn set_scale(&self, object: &mut Object, scale: &Object) -> Result<(), Status> {
        let name = object.name().to_owned();
        let set = match (&self.scale, &self.custom) {
            (Some(own), _) => (own.write)(object, scale),
            (None, Some(custom)) => match &custom.version().scale {
                Some(paths) => paths.set(object, scale).map_err(|cause| vec![cause]),
                None => return Err(self.no_scale()),
            },
            (None, None) => return Err(self.no_scale()),
        };
        set.map_err(|causes| Status::invalid("autoscaling", "Scale", &name, causes))
    }

    fn unscaled(&self, object: &Object, cause: Cause) -> Status {
        Status::invalid(
            &self.resource.group,
            &self.resource.kind,
            object.name(),
            vec![cause],
        )
    }

    fn no_scale(&self) -> Status {
        let message = format!("{} have no scale subresource", self.resource.plural);
        Status::new(api::Reason::NotFound, message)
    }
}

fn set_version(object: &mut Object, version: &str) {
    if let Some(map) = object.body.as_object_mut() {
        map.insert("apiVersion".into(), json!(version));
    }
}
