//! Holds a value against its schema. In Kubernetes' words, so that people find them.

use serde_json::{Map, Value, json};

use super::rule;
use super::schema::{Additional, Limits, Schema, Type};
use crate::Cause;
use crate::schema::ListKind;

/// Findings; a body that is wrong throughout needs no longer list.
const MOST: usize = 100;

/// Everything about `value` that the schema does not allow, rules about what was before included.
pub(super) fn validate(
    schema: &Schema,
    value: &Value,
    old: Option<&Value>,
    field: &str,
) -> Vec<Cause> {
    let mut causes = Vec::new();
    shape(schema, value, field, &mut causes);
    // Rules read what has the right types.
    if causes.is_empty() {
        rule::check(schema, value, old, field, &mut causes);
    }
    causes.truncate(MOST);
    causes
}

/// As [`validate`], without rules.
pub(super) fn shape(schema: &Schema, value: &Value, field: &str, causes: &mut Vec<Cause>) {
    if causes.len() >= MOST || !typed(schema, value, field, causes) {
        return;
    }
    enumerated(&schema.limits, value, field, causes);
    match value {
        Value::Number(_) => number(&schema.limits, value, field, causes),
        Value::String(text) => string(&schema.limits, text, field, causes),
        Value::Array(items) => list(schema, items, field, causes),
        Value::Object(map) => object(schema, map, field, causes),
        _ => {}
    }
    junctors(schema, value, field, causes);
}

/// Whether the value is of the schema's type: where it is not, nothing else is said of it.
fn typed(schema: &Schema, value: &Value, field: &str, causes: &mut Vec<Cause>) -> bool {
    let fits = match (schema.ty, value) {
        (_, Value::Null) if schema.nullable => return false,
        (Type::Any, Value::Number(_) | Value::String(_)) => true,
        (Type::Any, _) if schema.is_int_or_string => false,
        (Type::Any, _)
        | (Type::Object, Value::Object(_))
        | (Type::Array, Value::Array(_))
        | (Type::String, Value::String(_))
        | (Type::Number, Value::Number(_))
        | (Type::Boolean, Value::Bool(_)) => true,
        (Type::Integer, Value::Number(number)) => {
            number.is_i64()
                || number.is_u64()
                || number.as_f64().is_some_and(|it| it.fract() == 0.0)
        }
        _ => false,
    };
    if !fits {
        let expected = if schema.is_int_or_string {
            "integer,string"
        } else {
            schema.ty.as_str()
        };
        let found = name(value);
        let rule = format!("{field} in body must be of type {expected}: \"{found}\"");
        causes.push(Cause::invalid(field, &json!(found), &rule));
    }
    fits
}

fn name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn enumerated(limits: &Limits, value: &Value, field: &str, causes: &mut Vec<Cause>) {
    if limits.values.is_empty() || limits.values.contains(value) {
        return;
    }
    let known: Vec<String> = limits.values.iter().map(plain).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    causes.push(Cause::not_supported(field, value, &known));
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn number(limits: &Limits, value: &Value, field: &str, causes: &mut Vec<Cause>) {
    let Some(number) = value.as_f64() else { return };
    let mut refuse = |rule: String| {
        causes.push(Cause::invalid(
            field,
            value,
            &format!("{field} in body should be {rule}"),
        ));
    };
    if let Some(minimum) = &limits.minimum
        && let Some(least) = minimum.as_f64()
    {
        if limits.exclusive_minimum && number <= least {
            refuse(format!("greater than {minimum}"));
        } else if number < least {
            refuse(format!("greater than or equal to {minimum}"));
        }
    }
    if let Some(maximum) = &limits.maximum
        && let Some(most) = maximum.as_f64()
    {
        if limits.exclusive_maximum && number >= most {
            refuse(format!("less than {maximum}"));
        } else if number > most {
            refuse(format!("less than or equal to {maximum}"));
        }
    }
    if let Some(multiple) = limits.multiple_of.filter(|it| *it > 0.0) {
        let times = number / multiple;
        if (times - times.round()).abs() > 1e-9 {
            refuse(format!("a multiple of {multiple}"));
        }
    }
}

fn string(limits: &Limits, text: &str, field: &str, causes: &mut Vec<Cause>) {
    let value = json!(text);
    let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    if let Some(most) = limits.max_length.filter(|most| length > *most) {
        causes.push(Cause {
            reason: "FieldValueTooLong".into(),
            message: format!("Too long: may not be more than {most} bytes"),
            field: field.into(),
        });
    }
    let mut refuse = |rule: String| {
        causes.push(Cause::invalid(
            field,
            &value,
            &format!("{field} in body {rule}"),
        ));
    };
    if let Some(least) = limits.min_length.filter(|least| length < *least) {
        refuse(format!("should be at least {least} chars long"));
    }
    if let Some(pattern) = limits.pattern.as_ref().filter(|it| !it.0.is_match(text)) {
        refuse(format!("should match '{}'", pattern.0.as_str()));
    }
    if !has_format(&limits.format, text) {
        refuse(format!("must be of type {}: {value}", limits.format));
    }
}

/// Formats that nobody knows say nothing, as in Kubernetes.
fn has_format(format: &str, text: &str) -> bool {
    match format {
        "date-time" | "datetime" => crate::parse_time(text).is_some(),
        "date" => text.parse::<jiff::civil::Date>().is_ok() && text.len() == 10,
        "duration" => super::rule::duration(text).is_some(),
        "byte" => {
            use base64::Engine;
            base64::engine::general_purpose::STANDARD
                .decode(text)
                .is_ok()
        }
        "ipv4" => text.parse::<std::net::Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<std::net::Ipv6Addr>().is_ok(),
        "ip" => text.parse::<std::net::IpAddr>().is_ok(),
        "cidr" => text.split_once('/').is_some_and(|(address, bits)| {
            let most = match address.parse::<std::net::IpAddr>() {
                Ok(std::net::IpAddr::V4(_)) => 32,
                Ok(std::net::IpAddr::V6(_)) => 128,
                Err(_) => return false,
            };
            bits.parse::<u8>().is_ok_and(|bits| bits <= most)
        }),
        "uuid" | "uuid3" | "uuid4" | "uuid5" => is_uuid(text),
        "mac" => {
            let parts: Vec<&str> = text.split([':', '-']).collect();
            parts.len() == 6
                && parts
                    .iter()
                    .all(|it| it.len() == 2 && it.bytes().all(|b| b.is_ascii_hexdigit()))
        }
        "hostname" => crate::name::dns1123_subdomain(&text.to_ascii_lowercase()).is_empty(),
        _ => true,
    }
}

fn is_uuid(text: &str) -> bool {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit())
}

fn list(schema: &Schema, items: &[Value], field: &str, causes: &mut Vec<Cause>) {
    let length = u64::try_from(items.len()).unwrap_or(u64::MAX);
    if let Some(most) = schema.limits.max_items.filter(|most| length > *most) {
        causes.push(Cause {
            reason: "FieldValueTooMany".into(),
            message: format!("Too many: {length}: must have at most {most} items"),
            field: field.into(),
        });
    }
    if let Some(least) = schema.limits.min_items.filter(|least| length < *least) {
        let rule = format!("{field} in body should have at least {least} items");
        causes.push(Cause::invalid(field, &json!(length), &rule));
    }
    if let Some(of) = &schema.items {
        for (at, item) in items.iter().enumerate() {
            shape(of, item, &format!("{field}[{at}]"), causes);
        }
    }
    let keys: Vec<Value> = match schema.list {
        ListKind::Atomic => return,
        ListKind::Set => items.to_vec(),
        ListKind::Map => items.iter().map(|item| key(schema, item)).collect(),
    };
    let mut seen = std::collections::BTreeSet::new();
    for (at, key) in keys.iter().enumerate() {
        if !seen.insert(key.to_string()) && causes.len() < MOST {
            causes.push(Cause::duplicate(format!("{field}[{at}]"), key));
        }
    }
}

/// What tells an item of a list from the others.
fn key(schema: &Schema, item: &Value) -> Value {
    let keys = schema.list_keys.iter();
    Value::Object(
        keys.filter_map(|key| Some((key.clone(), item.get(key)?.clone())))
            .collect(),
    )
}

fn object(schema: &Schema, map: &Map<String, Value>, field: &str, causes: &mut Vec<Cause>) {
    let length = u64::try_from(map.len()).unwrap_or(u64::MAX);
    if let Some(most) = schema.limits.max_properties.filter(|most| length > *most) {
        causes.push(Cause {
            reason: "FieldValueTooMany".into(),
            message: format!("Too many: {length}: must have at most {most} items"),
            field: field.into(),
        });
    }
    if let Some(least) = schema.limits.min_properties.filter(|least| length < *least) {
        let rule = format!("{field} in body should have at least {least} properties");
        causes.push(Cause::invalid(field, &json!(length), &rule));
    }
    for name in schema
        .required
        .iter()
        .filter(|name| !map.contains_key(*name))
    {
        causes.push(Cause::required(child(field, name), ""));
    }
    if schema.is_embedded {
        embedded(map, field, causes);
    }
    for (name, value) in map {
        let of = match schema.properties.get(name) {
            Some(of) => Some(of),
            // Every object has them, whatever the schema says.
            None if field.is_empty()
                && ["apiVersion", "kind", "metadata"].contains(&name.as_str()) =>
            {
                None
            }
            None => match &schema.additional {
                Additional::Of(of) => Some(&**of),
                Additional::None | Additional::Any => None,
            },
        };
        // Nulls that may not be are as good as absent.
        if let Some(of) =
            of.filter(|of| !value.is_null() || of.nullable || schema.required.contains(name))
        {
            shape(of, value, &child(field, name), causes);
        }
    }
}

/// An object inside another one says what it is.
fn embedded(map: &Map<String, Value>, field: &str, causes: &mut Vec<Cause>) {
    for name in ["apiVersion", "kind"] {
        if map
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .is_empty()
        {
            causes.push(Cause::required(child(field, name), "must not be empty"));
        }
    }
}

fn junctors(schema: &Schema, value: &Value, field: &str, causes: &mut Vec<Cause>) {
    for all in &schema.all_of {
        shape(all, value, field, causes);
    }
    let fits = |schema: &&Schema| {
        let mut found = Vec::new();
        shape(schema, value, field, &mut found);
        found.is_empty()
    };
    let mut refuse = |rule: &str| {
        let rule = format!("{field} in body {rule}");
        causes.push(Cause::invalid(field, value, &rule));
    };
    if !schema.any_of.is_empty() && !schema.any_of.iter().any(|it| fits(&it)) {
        refuse("must validate at least one schema (anyOf)");
    }
    if !schema.one_of.is_empty() {
        match schema.one_of.iter().filter(fits).count() {
            1 => {}
            0 => refuse("must validate one and only one schema (oneOf). Found none valid"),
            more => refuse(&format!(
                "must validate one and only one schema (oneOf). Found {more} valid alternatives"
            )),
        }
    }
    if schema.not.iter().any(|not| fits(&&**not)) {
        refuse("must not validate the schema (not)");
    }
}

/// `spec` and `replicas` to `spec.replicas`.
pub(super) fn child(field: &str, name: &str) -> String {
    if field.is_empty() {
        name.to_owned()
    } else {
        format!("{field}.{name}")
    }
}
