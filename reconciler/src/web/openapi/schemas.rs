//! The shapes, out of `shapes.txt`. One line each: `name:type`, where `[type]` is a list, `type?` may be
//! null, `name?:type` may be left out, `+Shape` has all of that shape's as well, and a name with a capital
//! is another shape.

use serde_json::{Map, Value, json};

const TABLE: &str = include_str!("shapes.txt");

fn shapes() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = TABLE.lines();
    lines.map(|line| line.split_once(" = ").expect("a shape has fields"))
}

/// All of them by name, as JSON Schema.
pub(super) fn all() -> Value {
    let shapes = shapes().map(|(name, _)| (name.to_owned(), shape(name)));
    Value::Object(shapes.collect())
}

fn shape(name: &str) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    fields(name, &mut properties, &mut required);
    required.dedup();
    json!({
        "type": "object", "properties": properties, "required": required,
        "additionalProperties": false,
    })
}

/// Those of a shape it takes over come first, so that its own stand.
fn fields(name: &str, properties: &mut Map<String, Value>, required: &mut Vec<String>) {
    let found = shapes().find(|(known, _)| *known == name);
    let (_, line) = found.expect("a shape of the table");
    for word in line.split(' ') {
        if let Some(other) = word.strip_prefix('+') {
            fields(other, properties, required);
            continue;
        }
        let (field, kind) = word.split_once(':').expect("a field has a type");
        let (field, is_optional) = match field.strip_suffix('?') {
            Some(field) => (field, true),
            None => (field, false),
        };
        if !is_optional && !required.iter().any(|known| known == field) {
            required.push(field.to_owned());
        }
        properties.insert(field.to_owned(), kind_of(kind));
    }
}

fn kind_of(kind: &str) -> Value {
    if let Some(kind) = kind.strip_suffix('?') {
        let inner = kind_of(kind);
        return json!({"anyOf": [inner, {"type": "null"}]});
    }
    if let Some(element) = kind.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
        return json!({"type": "array", "items": kind_of(element)});
    }
    match kind {
        "any" => json!({}),
        "time" => json!({"type": "string", "format": "date-time"}),
        "string" | "integer" | "boolean" => json!({"type": kind}),
        other => json!({"$ref": format!("#/components/schemas/{other}")}),
    }
}
