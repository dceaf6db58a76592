//! A value with the place of every part of it, as the parser hands it over.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use serde_saphyr::{Location, Spanned};

use super::Lint;
use super::place::{Inside, Place, Position};

pub(super) struct Node {
    location: Location,
    content: Content,
}

enum Content {
    Scalar(Value),
    Fields(Vec<(Spanned<String>, Node)>),
    Items(Vec<Node>),
}

/// Plain texts that YAML 1.1, and with it kubectl, reads as booleans.
const BOOLEANS: &[&str] = &[
    "y", "Y", "yes", "Yes", "YES", "n", "N", "no", "No", "NO", "on", "On", "ON", "off", "Off",
    "OFF",
];

impl Node {
    /// The value, and the tree of places beside it.
    pub(super) fn split(self) -> (Value, Place) {
        let at = self.location.into();
        let (value, inside) = match self.content {
            Content::Scalar(value) => (value, Inside::Nothing),
            Content::Items(items) => {
                let (values, places) = items.into_iter().map(Self::split).unzip();
                (Value::Array(values), Inside::Items(places))
            }
            Content::Fields(fields) => {
                let mut map = Map::with_capacity(fields.len());
                let mut places = Vec::with_capacity(fields.len());
                for (key, node) in fields {
                    let (value, mut place) = node.split();
                    place.at = key.referenced.into();
                    places.push((key.value.clone(), place));
                    map.insert(key.value, value);
                }
                (Value::Object(map), Inside::Fields(places))
            }
        };
        (value, Place { at, inside })
    }

    /// Collects what others would read differently.
    pub(super) fn lint(&self, text: &str, lints: &mut Vec<Lint>) {
        match &self.content {
            Content::Scalar(Value::String(value))
                if is_plain_boolean(value, self.location, text) =>
            {
                let meant = matches!(value.to_lowercase().as_str(), "y" | "yes" | "on");
                lints.push(Lint {
                    position: Position::from(self.location),
                    message: format!(
                        "{value} without quotes is a boolean to kubectl: write \"{value}\" or {meant}"
                    ),
                });
            }
            Content::Scalar(_) => {}
            Content::Items(items) => items.iter().for_each(|item| item.lint(text, lints)),
            Content::Fields(fields) => fields.iter().for_each(|(_, node)| node.lint(text, lints)),
        }
    }
}

fn is_plain_boolean(value: &str, location: Location, text: &str) -> bool {
    if !BOOLEANS.contains(&value) {
        return false;
    }
    let offset = location
        .span()
        .byte_offset()
        .and_then(|at| usize::try_from(at).ok());
    let Some((before, source)) = offset.and_then(|offset| text.split_at_checked(offset)) else {
        return false;
    };
    // A quoted text begins with its quote; a block one stands below its `|` or `>`.
    let header = before.trim_end().rsplit(char::is_whitespace).next();
    let is_block = header.is_some_and(|header| header.starts_with(['|', '>']));
    source.starts_with(value) && !is_block
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Content>::deserialize(deserializer)?;
        Ok(Self {
            location: spanned.referenced,
            content: spanned.value,
        })
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Content, E> {
        Ok(Content::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Content, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Content, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = items.next_element()? {
            nodes.push(node);
        }
        Ok(Content::Items(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Content, A::Error> {
        let mut fields = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            fields.push(entry);
        }
        Ok(Content::Fields(fields))
    }
}
