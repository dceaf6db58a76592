//! What every known type looks like: fields, protobuf numbers, list keys, patch strategies.
//!
//! Facts only, read once from `facts/*-types.json`. Protobuf, strict decoding, merge patches,
//! server-side apply and OpenAPI are all driven by this one table.

mod load;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;

use serde_json::Value;

use crate::GroupVersionKind;

/// A message type, or one of the types with a JSON form of their own.
#[derive(Debug)]
pub struct Type {
    /// `api.apps.v1.DeploymentSpec`
    pub name: &'static str,
    /// In the order of the protobuf numbers. `apiVersion` and `kind` are not among them.
    pub fields: &'static [Field],
    /// Set where the type is a kind.
    pub gvk: Option<GroupVersionKind>,
    /// Owned as one value by server-side apply.
    pub map_atomic: bool,
    /// For people; empty where the facts have none.
    pub description: &'static str,
    /// Set where JSON and protobuf differ by more than field names.
    pub special: Option<Special>,
    /// JSON key to the way there: own field, then fields of what is inlined.
    keys: HashMap<&'static str, &'static Field>,
}

/// One field of a [`Type`].
#[derive(Debug)]
pub struct Field {
    /// The JSON key. An inlined field has none in JSON; this is then its protobuf name.
    pub name: &'static str,
    /// The protobuf field number.
    pub number: u32,
    pub ty: FieldType,
    /// The type as the facts write it: `[]api.core.v1.Container`.
    pub type_name: &'static str,
    /// How server-side apply and patches see the list; `Atomic` for what is no list.
    pub list: ListKind,
    /// The keys of a [`ListKind::Map`].
    pub keys: Vec<&'static str>,
    /// For strategic merge.
    pub patch: PatchStrategy,
    /// For strategic merge of lists of objects.
    pub merge_key: Option<&'static str>,
    /// Owned as one value by server-side apply, though it is a map or a struct.
    pub map_atomic: bool,
    pub default: Option<Value>,
    /// `int32`, `int64`, `byte`, `double`, or empty.
    pub format: &'static str,
    pub required: bool,
    /// For people; empty where the facts have none.
    pub description: &'static str,
    /// Protobuf nests the message; JSON has its fields directly.
    pub inline: bool,
}

/// The type of a field's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldType {
    String,
    Bool,
    Int32,
    Int64,
    Double,
    /// Base64 in JSON.
    Bytes,
    Special(Special),
    Named(TypeRef),
    List(Box<FieldType>),
    /// Keys are strings.
    Map(Box<FieldType>),
}

/// Types whose JSON is not an object of their protobuf fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Special {
    /// JSON string (numbers are read too); protobuf message with one string.
    Quantity,
    IntOrString,
    /// RFC 3339 in whole seconds.
    Time,
    /// RFC 3339 with microseconds.
    MicroTime,
    /// Any JSON object, held as bytes.
    RawExtension,
    /// The set of fields of a manager: a JSON object, held as bytes.
    FieldsV1,
    /// Any JSON value, held as bytes (`x.JSON`).
    Json,
    /// A list of strings that protobuf wraps in a message.
    StringList,
    /// A JSON schema or a list of them.
    SchemaOrArray,
    /// A JSON schema or a boolean.
    SchemaOrBool,
    /// A JSON schema or a list of strings.
    SchemaOrStringArray,
}

impl Special {
    /// The protobuf message behind it, by its name in the facts. `Quantity` and `StringList`
    /// stand for several messages of the same form; this is one of them.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Quantity => "apimachinery.pkg.api.resource.Quantity",
            Self::IntOrString => "apimachinery.pkg.util.intstr.IntOrString",
            Self::Time => "apimachinery.pkg.apis.meta.v1.Time",
            Self::MicroTime => "apimachinery.pkg.apis.meta.v1.MicroTime",
            Self::RawExtension => "apimachinery.pkg.runtime.RawExtension",
            Self::FieldsV1 => "apimachinery.pkg.apis.meta.v1.FieldsV1",
            Self::StringList => "apimachinery.pkg.apis.meta.v1.Verbs",
            Self::Json => "apiextensions_apiserver.pkg.apis.apiextensions.v1.JSON",
            Self::SchemaOrArray => {
                "apiextensions_apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray"
            }
            Self::SchemaOrBool => {
                "apiextensions_apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool"
            }
            Self::SchemaOrStringArray => {
                "apiextensions_apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray"
            }
        }
    }
}

/// What a list is to server-side apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ListKind {
    /// Replaced as a whole.
    #[default]
    Atomic,
    /// Of scalars, each at most once.
    Set,
    /// Of objects, identified by the field's `keys`.
    Map,
}

/// `x-kubernetes-patch-strategy`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PatchStrategy {
    #[default]
    Replace,
    Merge,
    RetainKeys,
    MergeRetainKeys,
}

impl PatchStrategy {
    pub fn merges(self) -> bool {
        matches!(self, Self::Merge | Self::MergeRetainKeys)
    }

    pub fn retains_keys(self) -> bool {
        matches!(self, Self::RetainKeys | Self::MergeRetainKeys)
    }
}

/// A type of the table, by its place there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TypeRef(u16);

impl TypeRef {
    pub fn get(self) -> &'static Type {
        &load::table().types[usize::from(self.0)]
    }
}

impl fmt::Debug for TypeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TypeRef({})", self.0)
    }
}

impl FieldType {
    /// The struct type behind it, if it is one (not through lists and maps).
    pub fn named(&self) -> Option<&'static Type> {
        match self {
            Self::Named(reference) => Some(reference.get()),
            _ => None,
        }
    }

    /// The element type of a list or the value type of a map.
    pub fn element(&self) -> Option<&FieldType> {
        match self {
            Self::List(element) | Self::Map(element) => Some(element),
            _ => None,
        }
    }
}

impl Type {
    /// The field behind a JSON key, inlined ones included. `apiVersion` and `kind` are no fields.
    pub fn child(&self, key: &str) -> Option<&'static Field> {
        self.keys.get(key).copied()
    }

    /// All JSON keys, without `apiVersion` and `kind`, in no order.
    pub fn json_keys(&self) -> impl Iterator<Item = &'static str> {
        self.keys.keys().copied()
    }

    /// The fields as JSON shows them: what is inlined stands in place of its container.
    pub fn json_fields(&self) -> Vec<&'static Field> {
        load::flatten(self.fields, &|name| named(name).map_or(&[], |ty| ty.fields))
    }
}

/// A type by its name in the facts, such as `api.core.v1.PodSpec`.
pub fn named(name: &str) -> Option<&'static Type> {
    let table = load::table();
    table.by_name.get(name).map(|index| &table.types[*index])
}

/// The type of a kind. The kinds every group shares (`DeleteOptions`, `Status`, …) are found in
/// whatever group a client names.
pub fn kind(gvk: &GroupVersionKind) -> Option<&'static Type> {
    let table = load::table();
    if let Some(index) = table.by_kind.get(gvk) {
        return Some(&table.types[*index]);
    }
    SHARED_KINDS
        .contains(&gvk.kind.as_str())
        .then(|| named(&format!("apimachinery.pkg.apis.meta.v1.{}", gvk.kind)))
        .flatten()
}

/// The field behind a JSON key of a type; see [`Type::child`].
pub fn child(parent: &Type, key: &str) -> Option<&'static Field> {
    parent.child(key)
}

/// Every type, ordered by name.
pub fn all() -> &'static [Type] {
    &load::table().types
}

/// Registered in every group version by Kubernetes.
const SHARED_KINDS: &[&str] = &[
    "APIGroup",
    "APIGroupList",
    "APIResourceList",
    "APIVersions",
    "ApplyOptions",
    "CreateOptions",
    "DeleteOptions",
    "GetOptions",
    "List",
    "ListOptions",
    "PartialObjectMetadata",
    "PartialObjectMetadataList",
    "PatchOptions",
    "Status",
    "TableOptions",
    "UpdateOptions",
    "WatchEvent",
];
