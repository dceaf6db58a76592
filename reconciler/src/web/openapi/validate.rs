//! As much of JSON Schema as the document uses.

use serde_json::Value;

/// Where and why a value is not of a schema; nothing where it is.
pub(in crate::web) fn problems(
    document: &Value,
    schema: &Value,
    value: &Value,
    at: &str,
) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        let schema = &document["components"]["schemas"][name];
        assert!(schema.is_object(), "no schema {name}");
        return problems(document, schema, value, at);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        return of_none(document, any, value, at);
    }
    let is_it = match schema["type"].as_str() {
        None => true,
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        Some(other) => panic!("type {other} is not checked"),
    };
    if !is_it {
        return vec![format!("{at}: {value} is no {}", schema["type"])];
    }
    let mut found = Vec::new();
    if schema["format"] == "date-time"
        && value.as_str().unwrap().parse::<jiff::Timestamp>().is_err()
    {
        found.push(format!("{at}: {value} is no time"));
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(problems(
            document,
            &schema["items"],
            item,
            &format!("{at}[{index}]"),
        ));
    }
    if value.is_object() {
        found.extend(of_fields(document, schema, value, at));
    }
    found
}

/// Nothing where it is one of them.
fn of_none(document: &Value, any: &[Value], value: &Value, at: &str) -> Vec<String> {
    let all: Vec<Vec<String>> = any
        .iter()
        .map(|schema| problems(document, schema, value, at))
        .collect();
    if all.iter().any(Vec::is_empty) {
        Vec::new()
    } else {
        all.into_iter().next().unwrap()
    }
}

fn of_fields(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    let Some(properties) = schema["properties"].as_object() else {
        return found;
    };
    for name in schema["required"].as_array().into_iter().flatten() {
        let name = name.as_str().unwrap();
        if value.get(name).is_none() {
            found.push(format!("{at}: {name} is missing"));
        }
    }
    for (name, value) in value.as_object().unwrap() {
        match properties.get(name) {
            Some(schema) => {
                found.extend(problems(document, schema, value, &format!("{at}.{name}")));
            }
            None => found.push(format!("{at}: {name} is not in the schema")),
        }
    }
    found
}
