//! What is known about a value that is patched: which lists are merged, and by which keys.

use serde_json::Value;

use api::GroupVersionKind;
use api::schema::{self, Field, FieldType, Type};

use super::openapi::Schema;

/// What a schema knows about a value.
#[derive(Clone, Copy)]
pub(super) enum Shape<'a> {
    Unknown,
    BuiltIn {
        kind: Option<&'static Type>,
        field: Option<&'static Field>,
        ty: Option<&'static FieldType>,
    },
    Custom {
        schema: &'a Schema,
        definition: &'a Value,
    },
}

impl<'a> Shape<'a> {
    /// A schema of the user's own stands for the built-in one.
    pub(super) fn of(gvk: &GroupVersionKind, schema: Option<&'a Schema>) -> Self {
        match schema {
            Some(schema) => schema
                .kind(gvk)
                .map_or(Self::Unknown, |definition| Self::Custom {
                    schema,
                    definition,
                }),
            None => Self::BuiltIn {
                kind: schema::kind(gvk),
                field: None,
                ty: None,
            },
        }
    }

    pub(super) fn child(self, key: &str) -> Self {
        match self {
            Self::Unknown => Self::Unknown,
            Self::BuiltIn {
                kind: Some(kind), ..
            } => {
                let field = kind.child(key);
                match Self::typed(field.map(|field| &field.ty)) {
                    Self::BuiltIn { kind, ty, .. } => Self::BuiltIn { kind, field, ty },
                    other => other,
                }
            }
            Self::BuiltIn { ty, .. } => Self::typed(ty.and_then(FieldType::element)),
            Self::Custom { schema, definition } => {
                let properties = &definition["properties"][key];
                let child = match properties {
                    Value::Null => &definition["additionalProperties"],
                    child => child,
                };
                Self::custom(schema, child)
            }
        }
    }

    pub(super) fn element(self) -> Self {
        match self {
            Self::Unknown => Self::Unknown,
            Self::BuiltIn { ty, .. } => Self::typed(ty.and_then(FieldType::element)),
            Self::Custom { schema, definition } => Self::custom(schema, &definition["items"]),
        }
    }

    fn custom(schema: &'a Schema, definition: &'a Value) -> Self {
        match schema.resolve(definition) {
            Value::Null => Self::Unknown,
            resolved => Self::Custom {
                schema,
                definition: resolved,
            },
        }
    }

    fn typed(ty: Option<&'static FieldType>) -> Self {
        Self::BuiltIn {
            kind: ty.and_then(FieldType::named),
            field: None,
            ty,
        }
    }

    /// Whether a list of that shape is merged rather than replaced.
    pub(super) fn merges(self) -> bool {
        match self {
            Self::Unknown => false,
            Self::BuiltIn { field, .. } => field.is_some_and(|field| field.patch.merges()),
            Self::Custom { definition, .. } => definition["x-kubernetes-patch-strategy"]
                .as_str()
                .is_some_and(|strategy| strategy.split(',').any(|one| one == "merge")),
        }
    }

    /// What identifies the elements of a merged list.
    pub(super) fn key(self) -> Option<&'a str> {
        match self {
            Self::Unknown => None,
            Self::BuiltIn { field, .. } => field.and_then(|field| field.merge_key),
            Self::Custom { definition, .. } => definition["x-kubernetes-patch-merge-key"].as_str(),
        }
    }

    /// All fields that identify them together.
    pub(super) fn keys(self) -> Vec<&'a str> {
        match self {
            Self::Unknown => Vec::new(),
            Self::BuiltIn { field, .. } => field.map_or_else(Vec::new, |field| field.keys.clone()),
            Self::Custom { definition, .. } => definition["x-kubernetes-list-map-keys"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect(),
        }
    }
}
