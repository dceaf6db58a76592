//! From JSON to the wire. What the table does not know is left out: protobuf has no place for it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::wire::Writer;
use super::{Error, MAGIC, Problem};
use crate::Object;
use crate::schema::{self, FieldType, Special, Type};

/// Writes an object, or a list of them, of a kind in the table.
pub fn encode(object: &Object) -> Result<Vec<u8>, Error> {
    let gvk = object.gvk();
    let ty = schema::kind(&gvk).ok_or_else(|| Problem::UnknownKind(gvk.to_string()))?;
    let raw = message(ty, &object.body)?;
    let mut type_meta = Writer::default();
    type_meta.bytes(1, gvk.api_version().as_bytes());
    type_meta.bytes(2, gvk.kind.as_bytes());
    let mut unknown = Writer {
        message: MAGIC.to_vec(),
    };
    unknown.bytes(1, &type_meta.message);
    unknown.bytes(2, &raw);
    // Go clients expect both, though empty.
    unknown.bytes(3, b"");
    unknown.bytes(4, b"");
    Ok(unknown.message)
}

fn message(ty: &Type, value: &Value) -> Result<Vec<u8>, Error> {
    let Value::Object(object) = value else {
        return Err(wrong(value, "an object").into());
    };
    fields(ty, object)
}

fn fields(ty: &Type, object: &Map<String, Value>) -> Result<Vec<u8>, Error> {
    let mut writer = Writer::default();
    for field in ty.fields {
        if let (true, Some(inlined)) = (field.inline, field.ty.named()) {
            writer.bytes(field.number, &fields(inlined, object)?);
            continue;
        }
        let Some(value) = object.get(field.name).filter(|value| !value.is_null()) else {
            continue;
        };
        write(&mut writer, field.number, &field.ty, value)
            .map_err(|error| error.within(field.name))?;
    }
    Ok(writer.message)
}

fn write(writer: &mut Writer, number: u32, ty: &FieldType, value: &Value) -> Result<(), Error> {
    match ty {
        FieldType::String => writer.bytes(number, text(value)?.as_bytes()),
        FieldType::Bool => {
            let is_set = value.as_bool().ok_or_else(|| wrong(value, "a boolean"))?;
            writer.varint(number, is_set.into());
        }
        FieldType::Int32 => writer.varint(number, i64::from(int32(value)?).cast_unsigned()),
        FieldType::Int64 => {
            let whole = integer(value).ok_or_else(|| wrong(value, "an integer"))?;
            writer.varint(number, whole.cast_unsigned());
        }
        FieldType::Double => {
            let double = value.as_f64().ok_or_else(|| wrong(value, "a number"))?;
            writer.fixed64(number, double.to_bits());
        }
        FieldType::Bytes => {
            let bytes = STANDARD
                .decode(text(value)?)
                .map_err(|_| wrong(value, "base64"))?;
            writer.bytes(number, &bytes);
        }
        FieldType::Special(special) => writer.bytes(number, &self::special(*special, value)?),
        FieldType::Named(named) => writer.bytes(number, &message(named.get(), value)?),
        FieldType::List(element) => {
            let list = value.as_array().ok_or_else(|| wrong(value, "a list"))?;
            for (index, value) in list.iter().enumerate() {
                write(writer, number, element, value)
                    .map_err(|error| error.within(&format!("[{index}]")))?;
            }
        }
        FieldType::Map(element) => {
            let map = value.as_object().ok_or_else(|| wrong(value, "a map"))?;
            for (key, value) in map {
                let mut entry = Writer::default();
                entry.bytes(1, key.as_bytes());
                write(&mut entry, 2, element, value)
                    .map_err(|error| error.within(&format!("[{key}]")))?;
                writer.bytes(number, &entry.message);
            }
        }
    }
    Ok(())
}

fn special(special: Special, value: &Value) -> Result<Vec<u8>, Error> {
    let mut writer = Writer::default();
    match special {
        Special::Quantity => match value {
            Value::Number(number) => writer.bytes(1, number.to_string().as_bytes()),
            other => writer.bytes(1, text(other)?.as_bytes()),
        },
        Special::IntOrString => {
            let (kind, number, text) = match value {
                Value::String(text) => (1, 0, text.as_str()),
                other => (0, int32(other)?, ""),
            };
            writer.varint(1, kind);
            writer.varint(2, i64::from(number).cast_unsigned());
            writer.bytes(3, text.as_bytes());
        }
        Special::Time | Special::MicroTime => {
            let at = crate::parse_time(text(value)?).ok_or_else(|| wrong(value, "a time"))?;
            // Go counts the fraction forward from the second before, also before 1970.
            let micros = at.as_microsecond();
            let fraction = match special {
                Special::MicroTime => micros.rem_euclid(1_000_000) * 1000,
                _ => 0,
            };
            writer.varint(1, micros.div_euclid(1_000_000).cast_unsigned());
            writer.varint(2, fraction.cast_unsigned());
        }
        Special::RawExtension | Special::FieldsV1 | Special::Json => {
            writer.bytes(1, value.to_string().as_bytes());
        }
        Special::StringList => {
            for value in value.as_array().ok_or_else(|| wrong(value, "a list"))? {
                writer.bytes(1, text(value)?.as_bytes());
            }
        }
        Special::SchemaOrArray | Special::SchemaOrBool | Special::SchemaOrStringArray => {
            return schema_or(special, value);
        }
    }
    Ok(writer.message)
}

fn schema_or(special: Special, value: &Value) -> Result<Vec<u8>, Error> {
    let ty = schema::named(special.type_name()).ok_or(Problem::NoKind)?;
    let mut object = Map::new();
    match (special, value) {
        (Special::SchemaOrArray, Value::Array(_)) => {
            object.insert("jSONSchemas".into(), value.clone())
        }
        (Special::SchemaOrBool, Value::Bool(_)) => object.insert("allows".into(), value.clone()),
        (Special::SchemaOrStringArray, Value::Array(_)) => {
            object.insert("property".into(), value.clone())
        }
        (Special::SchemaOrBool, _) => {
            object.insert("allows".into(), Value::Bool(true));
            object.insert("schema".into(), value.clone())
        }
        _ => object.insert("schema".into(), value.clone()),
    };
    fields(ty, &object)
}

fn text(value: &Value) -> Result<&str, Problem> {
    value.as_str().ok_or_else(|| wrong(value, "a string"))
}

fn int32(value: &Value) -> Result<i32, Problem> {
    integer(value)
        .and_then(|whole| i32::try_from(whole).ok())
        .ok_or_else(|| wrong(value, "an integer of 32 bits"))
}

/// A whole number, also when it is written as `3.0`.
fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let double = value.as_f64().filter(|double| double.fract() == 0.0)?;
        format!("{double:.0}").parse().ok()
    })
}

fn wrong(value: &Value, expected: &'static str) -> Problem {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    Problem::JsonType { found, expected }
}
