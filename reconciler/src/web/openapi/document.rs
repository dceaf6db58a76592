//! The document, out of the two tables.

use axum::Json;
use serde_json::{Map, Value, json};

use super::paths::{Answer, Operation, operations};
use super::schemas;

/// The document.
pub(in crate::web) async fn serve() -> Json<Value> {
    Json(document())
}

pub(super) fn document() -> Value {
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
    let form = operation.method == "post";
    let mut described = json!({
        "summary": operation.summary,
        "responses": {
            "200": answer(operation.answer),
            "default": {
                "description": "why not",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}},
            },
        },
    });
    if form {
        let fields = operation.query.iter().map(|(name, text)| {
            let field = json!({"type": "string", "description": text});
            ((*name).to_owned(), field)
        });
        let fields: Map<String, Value> = fields.collect();
        described["requestBody"] = json!({"content": {"application/x-www-form-urlencoded": {
            "schema": {"type": "object", "properties": fields}}}});
    } else {
        parameters.extend(named);
    }
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
        Answer::Elsewhere => json!({"description": "a redirect to a page"}),
    }
}
