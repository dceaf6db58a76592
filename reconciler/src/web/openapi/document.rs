//! The document, out of the two tables.

use axum::Json;
use serde_json::{Map, Value, json};

use super::paths::{Answer, Operation, operations};
use super::schemas;

/// The document.
pub(in crate::web) async fn serve() -> Json<Value> {
    Json(document())
}

pub(in crate::web) fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in &operations() {
        let at = paths
            .entry(operation.path)
            .or_insert_with(|| Value::Object(Map::new()));
        at[operation.method] = described(operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Kedge",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The same addresses as the web pages, with Accept: application/json.",
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas::all(),
        },
    })
}

fn described(operation: &Operation) -> Value {
    let mut parameters = in_path(operation.path);
    let named = operation.query.iter().map(|(name, text)| {
        json!({"name": name, "in": "query", "description": text, "schema": {"type": "string"}})
    });
    let mut described = json!({
        "summary": operation.summary,
        "responses": responses(operation),
    });
    if operation.method == "post" {
        let fields = operation.form.iter().map(|(name, text)| {
            let field = json!({"type": "string", "description": text});
            ((*name).to_owned(), field)
        });
        let fields: Map<String, Value> = fields.collect();
        described["requestBody"] = json!({"content": {"application/x-www-form-urlencoded": {
            "schema": {"type": "object", "properties": fields}}}});
    }
    parameters.extend(named);
    if operation.has_past {
        parameters.push(json!({
            "name": "at", "in": "query", "schema": {"type": "string"},
            "description": "as it was: a time (RFC 3339) or a commit",
        }));
    }
    if !parameters.is_empty() {
        described["parameters"] = Value::Array(parameters);
    }
    described
}

/// What it answers, status by status.
fn responses(operation: &Operation) -> Value {
    let mut all = Map::new();
    let done = match operation.answer {
        Answer::Elsewhere => None,
        _ if operation.is_made => Some("201"),
        _ => Some("200"),
    };
    if let Some(status) = done {
        all.insert(status.to_owned(), answer(operation.answer));
    }
    for (status, shape) in &operation.others {
        all.insert((*status).to_owned(), other(status, shape));
    }
    all.insert("default".to_owned(), other("", ""));
    Value::Object(all)
}

/// An answer of another status than that of success.
fn other(status: &str, shape: &str) -> Value {
    let description = match status {
        "303" => {
            "another address; for browsers, where a form was sent or what is meant is elsewhere"
        }
        "401" => "not signed in, or the credentials are wrong",
        "403" => "the role is too low, or the form is not from this session",
        "404" => "there is no such thing",
        "408" => "it took too long to arrive",
        "409" => "refused, or what it stands on has moved; nothing was changed",
        "410" => "it is gone: how it was last",
        "413" => "it is too large",
        "429" => "too many dry runs at once; Retry-After says when there is room",
        _ => "why not",
    };
    if status == "303" {
        let place = json!({"description": "where", "schema": {"type": "string"}});
        return json!({"description": description, "headers": {"Location": place}});
    }
    let shape = if shape.is_empty() { "Failure" } else { shape };
    let schema = json!({"$ref": format!("#/components/schemas/{shape}")});
    let mut other = json!({
        "description": description,
        "content": {"application/json": {"schema": schema}},
    });
    if status == "429" {
        let seconds = json!({"description": "seconds", "schema": {"type": "integer"}});
        other["headers"] = json!({"Retry-After": seconds});
    }
    other
}

fn in_path(path: &str) -> Vec<Value> {
    let names = path.split('{').skip(1);
    let names = names.filter_map(|rest| rest.split('}').next());
    let parameter = |name: &str| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}});
    names.map(parameter).collect()
}

fn answer(answer: Answer) -> Value {
    match answer {
        Answer::Shape(name) => json!({
            "description": name,
            "content": {"application/json": {
                "schema": {"$ref": format!("#/components/schemas/{name}")}}},
        }),
        Answer::Text(kind) => json!({"description": kind, "content": {kind: {}}}),
        Answer::Elsewhere => other("303", ""),
    }
}
