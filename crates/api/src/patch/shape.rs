//! How a value merges: the view that patches have of a schema.

use serde_json::Value;

use super::fields::PathElement;
use crate::custom;
use crate::schema::{self, Field, FieldType, ListKind, Special, Type};

/// What is known of the objects of a kind.
#[derive(Debug, Clone, Copy)]
pub enum Schema<'a> {
    /// Nothing but that they have metadata.
    Unknown,
    Kind(&'a Type),
    /// As a definition in the cluster has it.
    Custom(&'a custom::Version),
}

impl<'a> From<Option<&'a Type>> for Schema<'a> {
    fn from(ty: Option<&'a Type>) -> Self {
        ty.map_or(Self::Unknown, Self::Kind)
    }
}

/// What a value is to server-side apply.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape<'a> {
    /// Owned and replaced as one: a scalar, an atomic list, map or struct.
    Leaf,
    /// An object with declared fields.
    Struct(&'a Type),
    /// An object of a kind whose schema is not known: only its metadata is.
    Custom,
    /// An object with any keys.
    Map(&'a FieldType),
    /// A list of scalars, each at most once.
    Set,
    /// A list of objects told apart by some of their fields.
    Keyed(&'a Field),
    /// A whole object of a custom kind, or one inside another.
    Object(&'a custom::Schema),
    /// As [`Shape::Struct`], of a custom kind.
    Structural(&'a custom::Schema),
    /// As [`Shape::Keyed`], of a custom kind.
    KeyedBy(&'a custom::Schema),
    /// No schema: objects are maps, everything else is a leaf.
    Deduced,
}

/// An item of a list that has no place in it, by what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Misplaced {
    #[error("associative list with keys may not have non-map elements")]
    Item,
    #[error(
        "associative list with keys has an element that omits key field \"{0}\" (and doesn't have default value)"
    )]
    Key(String),
    #[error("associative list without keys has an element that's a map type")]
    Scalar,
}

const METADATA: &str = "apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// Struct fields that every object has in Kubernetes' memory, `{}` where nobody set them: nobody
/// comes to own them by filling them in.
const ALWAYS_THERE: &[&str] = &[
    "acceptedNames",
    "daemonEndpoints",
    "jobTemplate",
    "kubeletEndpoint",
    "loadBalancer",
    "metadata",
    "names",
    "nodeInfo",
    "resources",
    "source",
    "spec",
    "status",
    "strategy",
    "template",
    "updateStrategy",
];

impl<'a> Shape<'a> {
    /// The shape of a whole object.
    pub(super) fn of_kind(schema: Schema<'a>) -> Self {
        match schema {
            Schema::Unknown => Self::Custom,
            Schema::Kind(ty) => Self::Struct(ty),
            Schema::Custom(version) => Self::Object(&version.schema),
        }
    }

    fn of_schema(schema: &'a custom::Schema) -> Self {
        match (schema.ty, schema.list) {
            (custom::Type::Object, _) if schema.map_atomic => Self::Leaf,
            (custom::Type::Object, _) if schema.is_embedded => Self::Object(schema),
            (custom::Type::Object, _) => Self::Structural(schema),
            (custom::Type::Array, ListKind::Set) => Self::Set,
            (custom::Type::Array, ListKind::Map) => Self::KeyedBy(schema),
            (custom::Type::Any, _) if schema.preserves_unknown => Self::Deduced,
            _ => Self::Leaf,
        }
    }

    fn of_field(field: &'a Field) -> Self {
        if field.map_atomic {
            return Self::Leaf;
        }
        match (&field.ty, field.list) {
            (FieldType::List(_), ListKind::Set) => Self::Set,
            (FieldType::List(_), ListKind::Map) => Self::Keyed(field),
            (ty, _) => Self::of_type(ty),
        }
    }

    fn of_type(ty: &'a FieldType) -> Self {
        match ty {
            FieldType::Map(element) => Self::Map(element),
            FieldType::Named(reference) => match reference.get() {
                ty if ty.map_atomic => Self::Leaf,
                ty => Self::Struct(ty),
            },
            FieldType::Special(
                Special::RawExtension
                | Special::Json
                | Special::SchemaOrArray
                | Special::SchemaOrBool
                | Special::SchemaOrStringArray,
            ) => Self::Deduced,
            _ => Self::Leaf,
        }
    }

    /// The shape of a field or of the value of a key.
    pub(super) fn child(self, key: &str) -> Self {
        match self {
            Self::Struct(ty) => match ty.child(key) {
                Some(field) => Self::of_field(field),
                None => Self::Deduced,
            },
            Self::Custom | Self::Object(_) if key == "metadata" => {
                schema::named(METADATA).map_or(Self::Deduced, Self::Struct)
            }
            Self::Object(schema) | Self::Structural(schema) => {
                schema.child(key).map_or(Self::Deduced, Self::of_schema)
            }
            Self::Map(element) => Self::of_type(element),
            Self::Leaf
            | Self::Custom
            | Self::Set
            | Self::Keyed(_)
            | Self::KeyedBy(_)
            | Self::Deduced => Self::Deduced,
        }
    }

    /// Whether a key is a declared field, not one that somebody came up with.
    pub(super) fn declares(self, key: &str) -> bool {
        match self {
            Self::Struct(ty) => ty.child(key).is_some() || matches!(key, "apiVersion" | "kind"),
            Self::Custom => matches!(key, "apiVersion" | "kind" | "metadata"),
            Self::Object(schema) => {
                schema.properties.contains_key(key)
                    || matches!(key, "apiVersion" | "kind" | "metadata")
            }
            Self::Structural(schema) => schema.properties.contains_key(key),
            _ => false,
        }
    }

    /// Whether a declared field is there, empty, in an object that does not mention it.
    pub(super) fn is_always_there(self, key: &str) -> bool {
        match self {
            Self::Struct(ty) => ty.child(key).is_some_and(|field| match &field.ty {
                FieldType::Named(_) => !field.map_atomic && ALWAYS_THERE.contains(&key),
                FieldType::List(_) => field.required && field.list != ListKind::Atomic,
                _ => false,
            }),
            Self::Custom | Self::Object(_) => key == "metadata",
            _ => false,
        }
    }

    /// The shape of an item of a keyed list or a set.
    pub(super) fn item(self) -> Self {
        match self {
            Self::Keyed(field) => field.ty.element().map_or(Self::Deduced, Self::of_type),
            Self::KeyedBy(schema) => {
                let items = schema.items.as_deref();
                items.map_or(Self::Deduced, Self::of_schema)
            }
            _ => Self::Leaf,
        }
    }

    /// Whether the shape is an object whose fields are owned one by one.
    pub(super) fn is_object(self) -> bool {
        matches!(
            self,
            Self::Struct(_)
                | Self::Custom
                | Self::Map(_)
                | Self::Deduced
                | Self::Object(_)
                | Self::Structural(_)
        )
    }

    /// Whether the shape is a list whose items are owned one by one.
    pub(super) fn is_list(self) -> bool {
        matches!(self, Self::Set | Self::Keyed(_) | Self::KeyedBy(_))
    }

    /// What tells an item of the list from the others; a key that is not there has its default.
    pub(super) fn element(self, item: &Value) -> Result<PathElement, Misplaced> {
        let field = match self {
            Self::Keyed(field) => field,
            Self::KeyedBy(schema) => return keyed(schema, item),
            _ => {
                return match item {
                    Value::Array(_) | Value::Object(_) | Value::Null => Err(Misplaced::Scalar),
                    scalar => Ok(PathElement::Value(scalar.clone())),
                };
            }
        };
        let item = item.as_object().ok_or(Misplaced::Item)?;
        let declared = field.ty.element().and_then(FieldType::named);
        let mut pairs = Vec::with_capacity(field.keys.len());
        for key in &field.keys {
            let key_field = declared.and_then(|ty| ty.child(key));
            let value = match item.get(*key) {
                Some(value) if !value.is_null() => Some(value),
                _ => key_field.and_then(|field| field.default.as_ref()),
            };
            match value {
                Some(value) => pairs.push((Box::from(*key), value.clone())),
                None if key_field.is_some_and(|field| field.required) || field.keys.len() == 1 => {
                    return Err(Misplaced::Key((*key).to_owned()));
                }
                None => {}
            }
        }
        Ok(PathElement::key(pairs))
    }
}

/// As [`Shape::element`], of a list of a custom kind.
fn keyed(list: &custom::Schema, item: &Value) -> Result<PathElement, Misplaced> {
    let item = item.as_object().ok_or(Misplaced::Item)?;
    let items = list.items.as_deref();
    let mut pairs = Vec::with_capacity(list.list_keys.len());
    for key in &list.list_keys {
        let declared = items.and_then(|items| items.properties.get(key));
        let value = match item.get(key) {
            Some(value) if !value.is_null() => Some(value),
            _ => declared.and_then(|it| it.default.as_ref()),
        };
        match value {
            Some(value) => pairs.push((Box::from(key.as_str()), value.clone())),
            None => return Err(Misplaced::Key(key.clone())),
        }
    }
    Ok(PathElement::key(pairs))
}
