//! An object as lines of YAML, each with the field it says and the managers that own that field.
//! Pure.

use serde_json::{Map, Value, json};

use api::Object;
use api::schema::{self, Field, FieldType, ListKind, Type};

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) text: String,
    /// `spec.template.spec.containers[name=web].image`; empty for what only holds others.
    pub(crate) path: String,
    /// Places in the list of managers.
    pub(super) owners: Vec<usize>,
}

/// What one entry of `metadata.managedFields` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Manager {
    pub(super) name: String,
    /// `scale`, `status`; empty for the object itself.
    pub(super) subresource: String,
    /// When it wrote last, RFC 3339.
    pub(super) time: String,
}

/// The object's lines, and who may be named in them.
pub(super) fn lines(object: &Object) -> (Vec<Line>, Vec<Manager>) {
    lines_of(object, &|_| true)
}

/// The same with only those fields that `keep` admits by their paths.
pub(super) fn lines_of(object: &Object, keep: &dyn Fn(&str) -> bool) -> (Vec<Line>, Vec<Manager>) {
    let (managers, sets) = managers(object);
    let mut body = object.body.clone();
    if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    let claims = sets.iter().enumerate().filter_map(|(index, set)| {
        let node = Claimed::of(set);
        Some((index, node?))
    });
    let place = Place {
        path: String::new(),
        shape: schema::kind(&object.gvk()).map_or(Shape::Unknown, Shape::Struct),
        claims: claims.collect(),
        keep,
    };
    let lines = match &body {
        Value::Object(map) => members(map, &place),
        _ => Vec::new(),
    };
    (lines, managers)
}

fn managers(object: &Object) -> (Vec<Manager>, Vec<Value>) {
    let entries = object.pointer("/metadata/managedFields");
    let entries = entries.and_then(Value::as_array).into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    entries
        .map(|entry| {
            let manager = Manager {
                name: text(&entry["manager"]),
                subresource: text(&entry["subresource"]),
                time: text(&entry["time"]),
            };
            // Caches keep the set as text.
            let set = match &entry["fieldsV1"] {
                Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
                set => set.clone(),
            };
            (manager, set)
        })
        .unzip()
}

/// What a manager owns at a place.
#[derive(Debug, Clone, Copy)]
enum Claimed<'a> {
    /// The value; of what can be shared out, only that it is there.
    Value,
    /// The value with everything in it.
    Deep,
    Part(&'a Map<String, Value>),
}

impl<'a> Claimed<'a> {
    fn of(node: &'a Value) -> Option<Self> {
        let map = node.as_object()?;
        Some(if map.is_empty() {
            Self::Value
        } else {
            Self::Part(map)
        })
    }

    fn member(self, key: &str) -> Option<Self> {
        match self {
            Self::Value => None,
            Self::Deep => Some(Self::Deep),
            Self::Part(map) => Self::of(map.get(key)?),
        }
    }

    /// The element of a list whose keys have these values.
    fn element(self, item: &Value) -> Option<Self> {
        let Self::Part(map) = self else {
            return self.member("");
        };
        let found = map.iter().find(|(name, _)| {
            let keys = name.strip_prefix("k:");
            let keys = keys.and_then(|keys| serde_json::from_str::<Map<String, Value>>(keys).ok());
            keys.is_some_and(|keys| keys.iter().all(|(key, value)| item.get(key) == Some(value)))
        });
        Self::of(found?.1)
    }

    fn is_owned(self) -> bool {
        match self {
            Self::Value | Self::Deep => true,
            Self::Part(map) => map.contains_key("."),
        }
    }
}

/// What is known of the value at a place.
#[derive(Debug, Clone, Copy)]
enum Shape<'a> {
    Struct(&'static Type),
    Map(&'a FieldType),
    /// Elements are told apart by these fields.
    Keyed(&'a FieldType, &'a [&'static str]),
    Set,
    /// One value, whatever is in it.
    Whole,
    Unknown,
}

impl<'a> Shape<'a> {
    fn of(field: Option<&'a Field>) -> Self {
        let Some(field) = field else {
            return Self::Unknown;
        };
        match (&field.ty, field.list, &field.merge_key) {
            (FieldType::List(element), ListKind::Map, _) => Self::Keyed(element, &field.keys),
            (FieldType::List(_), ListKind::Set, _) => Self::Set,
            (FieldType::List(element), _, Some(key)) => {
                Self::Keyed(element, std::slice::from_ref(key))
            }
            (FieldType::List(_), ..) => Self::Whole,
            (ty, ..) => Self::of_type(ty),
        }
    }

    fn of_type(ty: &'a FieldType) -> Self {
        match ty {
            FieldType::Named(named) => Self::Struct(named.get()),
            FieldType::Map(element) => Self::Map(element),
            _ => Self::Whole,
        }
    }
}

/// Where in the object, and who owns what there.
#[derive(Clone)]
struct Place<'a> {
    path: String,
    shape: Shape<'a>,
    claims: Vec<(usize, Claimed<'a>)>,
    keep: &'a dyn Fn(&str) -> bool,
}

impl<'a> Place<'a> {
    fn owners(&self) -> Vec<usize> {
        let owned = self.claims.iter().filter(|(_, claim)| claim.is_owned());
        owned.map(|(index, _)| *index).collect()
    }

    /// A line of it, where that is kept.
    fn line(&self, text: String) -> Option<Line> {
        (self.keep)(&self.path).then(|| Line {
            text,
            path: self.path.clone(),
            owners: self.owners(),
        })
    }

    fn member(&self, key: &str) -> Self {
        let field = match self.shape {
            Shape::Struct(ty) => ty.child(key),
            _ => None,
        };
        let shape = match self.shape {
            Shape::Struct(_) => Shape::of(field),
            Shape::Map(element) => Shape::of_type(element),
            _ => Shape::Unknown,
        };
        let is_atomic = field.is_some_and(|field| {
            let is_list = matches!(field.ty, FieldType::List(_));
            field.map_atomic || (is_list && field.list == ListKind::Atomic)
        });
        let name = format!("f:{key}");
        let claims = self.claims.iter().filter_map(|(index, claim)| {
            let claim = claim.member(&name)?;
            Some((*index, deep(claim, is_atomic)))
        });
        Self {
            path: below(&self.path, key),
            shape,
            claims: claims.collect(),
            keep: self.keep,
        }
    }

    fn element(&self, item: &Value, identity: &str, shape: Shape<'a>) -> Self {
        let claims = self.claims.iter();
        let claims = claims.filter_map(|(index, claim)| Some((*index, claim.element(item)?)));
        Self {
            path: format!("{}[{identity}]", self.path),
            shape,
            claims: claims.collect(),
            keep: self.keep,
        }
    }
}

fn deep(claim: Claimed<'_>, is_atomic: bool) -> Claimed<'_> {
    match claim {
        Claimed::Value if is_atomic => Claimed::Deep,
        claim => claim,
    }
}

/// As the log of changes names fields.
fn below(path: &str, key: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if path.is_empty() {
        key.to_owned()
    } else if !key.is_empty() && key.chars().all(is_plain) {
        format!("{path}.{key}")
    } else {
        format!("{path}[{key}]")
    }
}

fn members(map: &Map<String, Value>, place: &Place<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    for (key, value) in map {
        let below = place.member(key);
        match (below.shape, value) {
            (Shape::Struct(_) | Shape::Map(_) | Shape::Unknown, Value::Object(inner))
                if !inner.is_empty() =>
            {
                let inner = members(inner, &below).into_iter();
                let inner = inner.map(|line| indented("  ", line));
                lines.extend(headed(key, inner.collect()));
            }
            (Shape::Keyed(element, keys), Value::Array(items)) if !items.is_empty() => {
                let inner = items.iter().flat_map(|item| {
                    let identity = identity(item, keys);
                    let at = below.element(item, &identity, Shape::of_type(element));
                    element_lines(item, &at)
                });
                lines.extend(headed(key, inner.collect()));
            }
            (Shape::Set, Value::Array(items)) if !items.is_empty() => {
                let inner = items.iter().flat_map(|item| member_of_set(item, &below));
                lines.extend(headed(key, inner.collect()));
            }
            _ => lines.extend(field(key, value, &below)),
        }
    }
    lines
}

/// What is in a field below its head; nothing where nothing of it is kept.
fn headed(key: &str, inner: Vec<Line>) -> impl Iterator<Item = Line> {
    let head = (!inner.is_empty()).then(|| head(key));
    head.into_iter().chain(inner)
}

/// A text of several lines is a block, whatever is in them: that is what people read and compare.
fn field(key: &str, value: &Value, place: &Place<'_>) -> Vec<Line> {
    let Some(long) = value
        .as_str()
        .filter(|it| it.contains('\n') && !it.contains('\r'))
    else {
        return leaf(&json!({key: value}), place);
    };
    let ends = if long.ends_with('\n') { "" } else { "-" };
    let head = format!("{} |{ends}", head(key).text);
    let inside = long.lines().map(|line| format!("  {line}"));
    let texts = std::iter::once(head).chain(inside);
    texts.filter_map(|text| place.line(text)).collect()
}

fn member_of_set(item: &Value, set: &Place<'_>) -> Vec<Line> {
    let name = format!("v:{item}");
    let claims = set.claims.iter();
    let owners = claims.filter(|(_, claim)| claim.member(&name).is_some());
    let owners: Vec<usize> = owners.map(|(index, _)| *index).collect();
    let place = Place {
        path: format!("{}[{}]", set.path, text(item)),
        claims: Vec::new(),
        ..set.clone()
    };
    let lines = leaf(&json!([item]), &place).into_iter();
    lines
        .map(|line| Line {
            owners: owners.clone(),
            ..line
        })
        .collect()
}

fn element_lines(item: &Value, place: &Place<'_>) -> Vec<Line> {
    let inner = match item {
        Value::Object(map) if !map.is_empty() => members(map, place),
        _ => return leaf(&json!([item]), place),
    };
    let lines = inner.into_iter().enumerate();
    lines
        .map(|(index, line)| indented(if index == 0 { "- " } else { "  " }, line))
        .collect()
}

fn head(key: &str) -> Line {
    let yaml = serde_yaml::to_string(&json!({key: null})).unwrap_or_default();
    Line {
        text: yaml.trim_end().trim_end_matches(" null").to_owned(),
        path: String::new(),
        owners: Vec::new(),
    }
}

fn leaf(value: &Value, place: &Place<'_>) -> Vec<Line> {
    let yaml = serde_yaml::to_string(value).unwrap_or_default();
    let lines = yaml.lines().filter_map(|text| place.line(text.to_owned()));
    lines.collect()
}

fn indented(by: &str, line: Line) -> Line {
    Line {
        text: format!("{by}{}", line.text),
        ..line
    }
}

/// `name=web`, or `containerPort=80,protocol=TCP`.
fn identity(item: &Value, keys: &[&str]) -> String {
    let parts = keys.iter().filter_map(|key| {
        let value = item.get(*key)?;
        Some(format!("{key}={}", text(value)))
    });
    parts.collect::<Vec<_>>().join(",")
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), ToOwned::to_owned)
}
