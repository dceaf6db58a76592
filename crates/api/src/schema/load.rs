//! Reads the facts into the table, once. Every name in the table borrows from the embedded text.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::{Field, FieldType, ListKind, PatchStrategy, Special, Type, TypeRef};
use crate::GroupVersionKind;

const KUBERNETES: &str = include_str!("../../facts/kubernetes-types.json");
const KEDGE: &str = include_str!("../../facts/kedge-types.json");

pub(super) struct Table {
    pub(super) types: Vec<Type>,
    pub(super) by_name: HashMap<&'static str, usize>,
    pub(super) by_kind: HashMap<GroupVersionKind, usize>,
}

#[derive(Deserialize)]
struct TypeFact {
    #[serde(borrow)]
    fields: BTreeMap<&'static str, FieldFact>,
    #[serde(default)]
    gvk: Vec<GroupVersionKind>,
    #[serde(default)]
    map: &'static str,
    #[serde(default)]
    description: &'static str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FieldFact {
    n: u32,
    t: &'static str,
    #[serde(default)]
    list: &'static str,
    #[serde(default)]
    keys: Vec<&'static str>,
    #[serde(default)]
    patch: &'static str,
    merge_key: Option<&'static str>,
    map: Option<&'static str>,
    default: Option<Value>,
    #[serde(default)]
    format: &'static str,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    description: &'static str,
    #[serde(default)]
    inline: bool,
}

type Facts = BTreeMap<&'static str, TypeFact>;

/// Defaults that the schema itself declares; list keys depend on the first two.
const DEFAULTS: &[(&str, &str, &str)] = &[
    ("api.core.v1.ContainerPort", "protocol", "TCP"),
    ("api.core.v1.ServicePort", "protocol", "TCP"),
];

/// All fields live here, so that a type can index those of the types it inlines.
static FIELDS: LazyLock<Vec<Vec<Field>>> = LazyLock::new(|| {
    let places: HashMap<&'static str, u16> = FACTS
        .keys()
        .zip(0..)
        .map(|(name, place)| (*name, place))
        .collect();
    FACTS
        .iter()
        .map(|(owner, fact)| {
            let mut fields: Vec<Field> = fact
                .fields
                .iter()
                .map(|(name, fact)| field(owner, name, fact, &places))
                .collect();
            fields.sort_by_key(|field| field.number);
            fields
        })
        .collect()
});

static FACTS: LazyLock<Facts> = LazyLock::new(|| {
    let mut facts: Facts = serde_json::from_str(KUBERNETES).expect("the embedded table is tested");
    let own: Facts = serde_json::from_str(KEDGE).expect("the embedded table is tested");
    facts.extend(own);
    facts
});

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let by_name: HashMap<&'static str, usize> = FACTS
        .keys()
        .enumerate()
        .map(|(place, name)| (*name, place))
        .collect();
    let fields_of = |name: &str| -> &'static [Field] {
        by_name
            .get(name)
            .map_or(&[], |place| FIELDS[*place].as_slice())
    };
    let types: Vec<Type> = FACTS
        .iter()
        .zip(FIELDS.iter())
        .map(|((name, fact), fields)| Type {
            name,
            fields,
            gvk: fact.gvk.first().cloned(),
            map_atomic: fact.map == "atomic",
            description: fact.description,
            special: special(name),
            keys: flatten(fields, &fields_of)
                .into_iter()
                .map(|field| (field.name, field))
                .collect(),
        })
        .collect();
    let by_kind = types
        .iter()
        .enumerate()
        .filter_map(|(place, ty)| Some((ty.gvk.clone()?, place)))
        .collect();
    Table {
        types,
        by_name,
        by_kind,
    }
});

pub(super) fn table() -> &'static Table {
    &TABLE
}

/// Fields in JSON's view: an inlined field is replaced by the fields of its type.
pub(super) fn flatten(
    fields: &'static [Field],
    fields_of: &dyn Fn(&str) -> &'static [Field],
) -> Vec<&'static Field> {
    let mut flat = Vec::with_capacity(fields.len());
    for field in fields {
        if field.inline {
            flat.extend(flatten(fields_of(field.type_name), fields_of));
        } else {
            flat.push(field);
        }
    }
    flat
}

fn field(
    owner: &str,
    name: &'static str,
    fact: &FieldFact,
    places: &HashMap<&'static str, u16>,
) -> Field {
    let declared = DEFAULTS
        .iter()
        .find(|(ty, field, _)| *ty == owner && *field == name)
        .map(|(_, _, value)| Value::from(*value));
    Field {
        name,
        number: fact.n,
        type_name: fact.t,
        ty: field_type(fact.t, places),
        list: match fact.list {
            "map" => ListKind::Map,
            "set" => ListKind::Set,
            _ => ListKind::Atomic,
        },
        keys: fact.keys.clone(),
        patch: match fact.patch {
            "merge" => PatchStrategy::Merge,
            "retainKeys" => PatchStrategy::RetainKeys,
            "merge,retainKeys" => PatchStrategy::MergeRetainKeys,
            _ => PatchStrategy::Replace,
        },
        merge_key: fact.merge_key,
        map_atomic: match fact.map {
            Some(declared) => declared == "atomic",
            None => FACTS.get(fact.t).is_some_and(|ty| ty.map == "atomic"),
        },
        default: fact.default.clone().or(declared),
        format: fact.format,
        required: fact.required,
        description: fact.description,
        inline: fact.inline,
    }
}

fn field_type(text: &str, places: &HashMap<&'static str, u16>) -> FieldType {
    if let Some(element) = text.strip_prefix("[]") {
        return FieldType::List(Box::new(field_type(element, places)));
    }
    if let Some(element) = text.strip_prefix("map:") {
        return FieldType::Map(Box::new(field_type(element, places)));
    }
    match text {
        "string" => FieldType::String,
        "bool" => FieldType::Bool,
        "int32" => FieldType::Int32,
        "int64" => FieldType::Int64,
        "double" => FieldType::Double,
        "bytes" => FieldType::Bytes,
        name => match special(name) {
            Some(special) => FieldType::Special(special),
            None => FieldType::Named(TypeRef(
                *places
                    .get(name)
                    .expect("the embedded table names only types it has; tested"),
            )),
        },
    }
}

fn special(name: &str) -> Option<Special> {
    let (_, short) = name.rsplit_once('.')?;
    Some(match short {
        "Quantity" | "QuantityValue" => Special::Quantity,
        "IntOrString" => Special::IntOrString,
        "Time" | "Timestamp" => Special::Time,
        "MicroTime" => Special::MicroTime,
        "RawExtension" => Special::RawExtension,
        "FieldsV1" => Special::FieldsV1,
        "JSON" => Special::Json,
        "ExtraValue" | "Verbs" => Special::StringList,
        "JSONSchemaPropsOrArray" => Special::SchemaOrArray,
        "JSONSchemaPropsOrBool" => Special::SchemaOrBool,
        "JSONSchemaPropsOrStringArray" => Special::SchemaOrStringArray,
        _ => return None,
    })
}
