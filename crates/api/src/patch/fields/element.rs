//! One step of a path through an object, and its two spellings.

use std::cmp::Ordering;
use std::fmt::{self, Write};

use serde_json::{Map, Value};

/// One step of a path. Ordered as `FieldsV1` prints them.
#[derive(Debug, Clone, PartialEq)]
pub enum PathElement {
    /// `f:image`: a field of a struct or a key of a map.
    Field(Box<str>),
    /// `k:{"name":"web"}`: the item of a keyed list, keys ordered by name.
    Key(Box<[(Box<str>, Value)]>),
    /// `v:"example.com/protect"`: a member of a set.
    Value(Value),
    /// `i:0`: a place in a list without keys.
    Index(u64),
}

impl Eq for PathElement {}

impl PathElement {
    pub fn field(name: &str) -> Self {
        Self::Field(name.into())
    }

    /// An item's key from its name-value pairs, in any order.
    pub fn key(mut pairs: Vec<(Box<str>, Value)>) -> Self {
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        Self::Key(pairs.into())
    }

    /// Reads a key of `FieldsV1`; `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        match kind {
            "f" => Some(Self::field(rest)),
            "v" => serde_json::from_str(rest).ok().map(Self::Value),
            "i" => rest.parse().ok().map(Self::Index),
            "k" => {
                let keys: Map<String, Value> = serde_json::from_str(rest).ok()?;
                let pairs = keys.into_iter().map(|(name, value)| (name.into(), value));
                Some(Self::key(pairs.collect()))
            }
            _ => None,
        }
    }

    /// Writes the key of `FieldsV1`.
    pub fn print(&self) -> String {
        match self {
            Self::Field(name) => format!("f:{name}"),
            Self::Value(value) => format!("v:{value}"),
            Self::Index(index) => format!("i:{index}"),
            Self::Key(pairs) => {
                let mut text = String::from("k:{");
                for (place, (name, value)) in pairs.iter().enumerate() {
                    let comma = if place == 0 { "" } else { "," };
                    write!(text, "{comma}{}:{value}", Value::from(&**name))
                        .expect("writing to a string never fails");
                }
                text.push('}');
                text
            }
        }
    }
}

/// As messages show it: `.image`, `[name="web"]`, `[="x"]`, `[0]`.
impl fmt::Display for PathElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, ".{name}"),
            Self::Value(value) => write!(f, "[={value}]"),
            Self::Index(index) => write!(f, "[{index}]"),
            Self::Key(pairs) => {
                f.write_char('[')?;
                for (place, (name, value)) in pairs.iter().enumerate() {
                    let comma = if place == 0 { "" } else { "," };
                    write!(f, "{comma}{name}={value}")?;
                }
                f.write_char(']')
            }
        }
    }
}

impl Ord for PathElement {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Field(a), Self::Field(b)) => a.cmp(b),
            (Self::Key(a), Self::Key(b)) => {
                for ((name, value), (other_name, other_value)) in a.iter().zip(b) {
                    let order = name
                        .cmp(other_name)
                        .then_with(|| compare(value, other_value));
                    if order.is_ne() {
                        return order;
                    }
                }
                a.len().cmp(&b.len())
            }
            (Self::Value(a), Self::Value(b)) => compare(a, b),
            (Self::Index(a), Self::Index(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for PathElement {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PathElement {
    fn rank(&self) -> u8 {
        match self {
            Self::Field(_) => 0,
            Self::Key(_) => 1,
            Self::Value(_) => 2,
            Self::Index(_) => 3,
        }
    }
}

/// A total order of JSON values: numbers, strings, booleans, lists, objects, null.
fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Number(x), Value::Number(y)) => match (x.as_i64(), y.as_i64()) {
            (Some(x), Some(y)) => x.cmp(&y),
            _ => x
                .as_f64()
                .partial_cmp(&y.as_f64())
                .unwrap_or(Ordering::Equal)
                .then_with(|| a.to_string().cmp(&b.to_string())),
        },
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Array(_), Value::Array(_)) | (Value::Object(_), Value::Object(_)) => {
            a.to_string().cmp(&b.to_string())
        }
        _ => rank(a).cmp(&rank(b)),
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Number(_) => 0,
        Value::String(_) => 1,
        Value::Bool(_) => 2,
        Value::Array(_) => 3,
        Value::Object(_) => 4,
        Value::Null => 5,
    }
}
