//! The version 2 document as `openapi.v2.Document` of gnostic, as far as our documents go.

use serde_json::{Map, Value};

use crate::codec::protobuf::wire::Writer;

/// Writes the document that [`super::v2`] makes.
pub(super) fn document(document: &Value) -> Vec<u8> {
    let mut writer = Writer::default();
    text(&mut writer, 1, &document["swagger"]);
    let mut info = Writer::default();
    text(&mut info, 1, &document["info"]["title"]);
    text(&mut info, 2, &document["info"]["version"]);
    writer.bytes(2, &info.message);
    let mut paths = Writer::default();
    for (path, item) in entries(&document["paths"]) {
        paths.bytes(2, &named(path, &path_item(item)));
    }
    writer.bytes(8, &paths.message);
    writer.bytes(9, &schemas(&document["definitions"]));
    writer.message
}

fn path_item(item: &Value) -> Vec<u8> {
    const METHODS: [(&str, u32); 5] = [
        ("get", 2),
        ("put", 3),
        ("post", 4),
        ("delete", 5),
        ("patch", 8),
    ];
    let mut writer = Writer::default();
    for (method, number) in METHODS {
        if let Some(found) = item.get(method) {
            writer.bytes(number, &operation(found));
        }
    }
    for found in list(&item["parameters"]) {
        writer.bytes(9, &parameter(found));
    }
    writer.message
}

fn operation(operation: &Value) -> Vec<u8> {
    let mut writer = Writer::default();
    text(&mut writer, 5, &operation["operationId"]);
    texts(&mut writer, 6, &operation["produces"]);
    texts(&mut writer, 7, &operation["consumes"]);
    for found in list(&operation["parameters"]) {
        writer.bytes(8, &parameter(found));
    }
    let mut responses = Writer::default();
    for (code, found) in entries(&operation["responses"]) {
        let mut response = Writer::default();
        text(&mut response, 1, &found["description"]);
        response.bytes(2, &wrapped(1, &schema(&found["schema"])));
        // ResponseValue, the Response of which is its first choice.
        responses.bytes(1, &named(code, &wrapped(1, &response.message)));
    }
    writer.bytes(9, &responses.message);
    extensions(&mut writer, 13, operation);
    writer.message
}

/// `ParametersItem`, with a `Parameter` of one of the three sorts we have.
fn parameter(parameter: &Value) -> Vec<u8> {
    let mut writer = Writer::default();
    let is_required = parameter["required"] == true;
    if parameter["in"] == "body" {
        text(&mut writer, 2, &parameter["name"]);
        text(&mut writer, 3, &parameter["in"]);
        if is_required {
            writer.varint(4, 1);
        }
        writer.bytes(5, &schema(&parameter["schema"]));
        return wrapped(1, &wrapped(1, &writer.message));
    }
    if is_required {
        writer.varint(1, 1);
    }
    text(&mut writer, 2, &parameter["in"]);
    text(&mut writer, 3, &parameter["description"]);
    text(&mut writer, 4, &parameter["name"]);
    let (choice, type_number) = match parameter["in"].as_str() {
        Some("path") => (4, 5),
        _ => (3, 6),
    };
    text(&mut writer, type_number, &parameter["type"]);
    wrapped(1, &wrapped(2, &wrapped(choice, &writer.message)))
}

fn schemas(schemas: &Value) -> Vec<u8> {
    let mut writer = Writer::default();
    for (name, found) in entries(schemas) {
        writer.bytes(1, &named(name, &schema(found)));
    }
    writer.message
}

fn schema(found: &Value) -> Vec<u8> {
    let mut writer = Writer::default();
    text(&mut writer, 1, &found["$ref"]);
    text(&mut writer, 2, &found["format"]);
    text(&mut writer, 4, &found["description"]);
    if let Some(default) = found.get("default") {
        writer.bytes(5, &any(default));
    }
    texts(&mut writer, 19, &found["required"]);
    if let Some(element) = found.get("additionalProperties") {
        writer.bytes(21, &wrapped(1, &schema(element)));
    }
    if let Some(kind) = found["type"].as_str() {
        writer.bytes(22, &wrapped(1, kind.as_bytes()));
    }
    if let Some(items) = found.get("items") {
        writer.bytes(23, &wrapped(1, &schema(items)));
    }
    if let Some(properties) = found.get("properties") {
        writer.bytes(25, &schemas(properties));
    }
    extensions(&mut writer, 31, found);
    writer.message
}

fn extensions(writer: &mut Writer, number: u32, of: &Value) {
    for (name, value) in entries(of).filter(|(name, _)| name.starts_with("x-")) {
        writer.bytes(number, &named(name, &any(value)));
    }
}

/// `Any` holds YAML; JSON is YAML.
fn any(value: &Value) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.bytes(2, format!("{value}\n").as_bytes());
    writer.message
}

/// `NamedSchema`, `NamedPathItem`, …: all have the name first.
fn named(name: &str, value: &[u8]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.bytes(1, name.as_bytes());
    writer.bytes(2, value);
    writer.message
}

fn wrapped(number: u32, message: &[u8]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.bytes(number, message);
    writer.message
}

fn text(writer: &mut Writer, number: u32, value: &Value) {
    if let Some(text) = value.as_str().filter(|text| !text.is_empty()) {
        writer.bytes(number, text.as_bytes());
    }
}

fn texts(writer: &mut Writer, number: u32, values: &Value) {
    for value in list(values).filter_map(Value::as_str) {
        writer.bytes(number, value.as_bytes());
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}
