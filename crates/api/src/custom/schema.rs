//! A structural schema: a tree of what may be where.

use std::collections::BTreeMap;
use std::fmt;

use regex::Regex;
use serde_json::{Number, Value};

use super::rule::Rule;
use crate::schema::ListKind;

/// What one place of an object may hold.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    pub ty: Type,
    /// Null is a value, too.
    pub nullable: bool,
    pub default: Option<Value>,
    pub properties: BTreeMap<String, Schema>,
    pub additional: Additional,
    pub items: Option<Box<Schema>>,
    /// Fields that are not mentioned stay.
    pub preserves_unknown: bool,
    /// The value is an object with `apiVersion`, `kind` and `metadata` of its own.
    pub is_embedded: bool,
    pub is_int_or_string: bool,
    /// How server-side apply sees the list, and what is checked of it.
    pub list: ListKind,
    pub list_keys: Vec<String>,
    /// Owned as one value by server-side apply.
    pub map_atomic: bool,
    pub required: Vec<String>,
    pub limits: Limits,
    pub all_of: Vec<Schema>,
    pub any_of: Vec<Schema>,
    pub one_of: Vec<Schema>,
    pub not: Option<Box<Schema>>,
    pub(super) rules: Vec<Rule>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Type {
    /// Nothing is said of it.
    #[default]
    Any,
    Object,
    Array,
    String,
    Integer,
    Number,
    Boolean,
}

/// `additionalProperties`
#[derive(Debug, Clone, Default)]
pub enum Additional {
    #[default]
    None,
    Any,
    Of(Box<Schema>),
}

/// What a value may be besides its type.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    pub values: Vec<Value>,
    pub format: String,
    pub pattern: Option<Pattern>,
    pub minimum: Option<Number>,
    pub exclusive_minimum: bool,
    pub maximum: Option<Number>,
    pub exclusive_maximum: bool,
    pub multiple_of: Option<f64>,
    pub min_length: Option<u64>,
    pub max_length: Option<u64>,
    pub min_items: Option<u64>,
    pub max_items: Option<u64>,
    pub min_properties: Option<u64>,
    pub max_properties: Option<u64>,
}

/// A regular expression, compiled once.
#[derive(Clone)]
pub struct Pattern(pub Regex);

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl Type {
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "" => Self::Any,
            "object" => Self::Object,
            "array" => Self::Array,
            "string" => Self::String,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            _ => return None,
        })
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Any => "",
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
        }
    }
}

impl Schema {
    /// The schema of a field or of the value of a key.
    pub fn child(&self, key: &str) -> Option<&Schema> {
        self.properties.get(key).or(match &self.additional {
            Additional::Of(schema) => Some(schema),
            Additional::None | Additional::Any => None,
        })
    }

    /// Whether any place of it has a default.
    pub fn has_defaults(&self) -> bool {
        self.default.is_some()
            || self.properties.values().any(Schema::has_defaults)
            || self
                .items
                .as_ref()
                .is_some_and(|items| items.has_defaults())
            || matches!(&self.additional, Additional::Of(schema) if schema.has_defaults())
    }

    /// The place below field names, such as `spec` and `replicas`.
    pub(super) fn at(&self, fields: &[String]) -> Option<&Schema> {
        fields.iter().try_fold(self, |at, field| at.child(field))
    }
}
