//! From the wire to JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::plain::is_plain;
use super::wire::{self, Reader};
use super::{Error, MAGIC, MAX_BODY, MAX_DEPTH, MAX_VALUES, Problem, UNKNOWN};
use crate::schema::{self, Field, FieldType, Special, Type};
use crate::{GroupVersionKind, Object};

/// Reads a request body that names its own kind.
pub fn decode(body: &[u8]) -> Result<Object, Error> {
    Decoder::default().enveloped(body, None).map(Object::from)
}

/// Reads a request body; `kind` is what the request is about, for bodies that do not say.
pub fn decode_as(body: &[u8], kind: &GroupVersionKind) -> Result<Object, Error> {
    Decoder::default()
        .enveloped(body, Some(kind))
        .map(Object::from)
}

/// `runtime.Unknown`, as it stands around every object.
#[derive(Default)]
struct Envelope<'a> {
    api_version: &'a str,
    kind: &'a str,
    raw: &'a [u8],
    content_type: &'a str,
}

#[derive(Default)]
struct Decoder {
    depth: usize,
    values: usize,
}

impl Decoder {
    fn enveloped(
        &mut self,
        body: &[u8],
        fallback: Option<&GroupVersionKind>,
    ) -> Result<Value, Error> {
        if body.len() > MAX_BODY {
            return Err(Problem::TooLarge(body.len()).into());
        }
        let message = body.strip_prefix(MAGIC).ok_or(Problem::Magic)?;
        let envelope = envelope(message)?;
        let gvk = match (envelope.kind, fallback) {
            ("", Some(fallback)) => fallback.clone(),
            ("", None) => return Err(Problem::NoKind.into()),
            (kind, _) => GroupVersionKind::from_type_meta(envelope.api_version, kind),
        };
        if envelope.content_type == "application/json" {
            return Ok(self.json(envelope.raw)?);
        }
        let ty = schema::kind(&gvk).ok_or_else(|| Problem::UnknownKind(gvk.to_string()))?;
        let mut object = Map::new();
        object.insert("apiVersion".into(), json!(gvk.api_version()));
        object.insert("kind".into(), json!(gvk.kind));
        self.message(ty, envelope.raw, &mut object)?;
        Ok(Value::Object(object))
    }

    /// Reads a message into the JSON object that is being made of it.
    fn message(
        &mut self,
        ty: &Type,
        message: &[u8],
        into: &mut Map<String, Value>,
    ) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Problem::TooDeep.into());
        }
        let mut reader = Reader::new(message);
        while let Some((number, value)) = reader.next()? {
            // A field of a newer client: dropped, as Kubernetes does.
            let Some(field) = ty.fields.iter().find(|field| field.number == number) else {
                continue;
            };
            self.field(ty, field, value, into).map_err(|error| {
                if field.inline {
                    error
                } else {
                    error.within(field.name)
                }
            })?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn field(
        &mut self,
        owner: &Type,
        field: &Field,
        value: wire::Value<'_>,
        into: &mut Map<String, Value>,
    ) -> Result<(), Error> {
        match &field.ty {
            FieldType::Named(inlined) if field.inline => {
                self.message(inlined.get(), value.bytes()?, into)
            }
            // A message that comes in parts is merged.
            FieldType::Named(named) => {
                let slot = into.entry(field.name).or_insert_with(|| json!({}));
                let Value::Object(object) = slot else {
                    return Ok(());
                };
                self.count(1)?;
                self.message(named.get(), value.bytes()?, object)
            }
            FieldType::List(element) => {
                let slot = into.entry(field.name).or_insert_with(|| json!([]));
                let Value::Array(list) = slot else {
                    return Ok(());
                };
                let index = list.len();
                self.elements(element, value, list)
                    .map_err(|error| error.within(&format!("[{index}]")))
            }
            FieldType::Map(element) => {
                let slot = into.entry(field.name).or_insert_with(|| json!({}));
                let Value::Object(map) = slot else {
                    return Ok(());
                };
                let (key, value) = self.entry(element, value.bytes()?)?;
                map.insert(key, value);
                Ok(())
            }
            scalar => {
                let decoded = self.value(scalar, value)?;
                let is_unset = decoded.is_null() || is_plain(owner, field) && is_zero(&decoded);
                if is_unset {
                    into.shift_remove(field.name);
                } else {
                    into.insert(field.name.into(), decoded);
                }
                Ok(())
            }
        }
    }

    /// One more element of a list, or all of them where they are packed.
    fn elements(
        &mut self,
        element: &FieldType,
        value: wire::Value<'_>,
        list: &mut Vec<Value>,
    ) -> Result<(), Error> {
        let is_number = matches!(
            element,
            FieldType::Bool | FieldType::Int32 | FieldType::Int64
        );
        if let (true, wire::Value::Bytes(packed)) = (is_number, value) {
            for number in Reader::packed(packed)? {
                list.push(self.value(element, wire::Value::Varint(number))?);
            }
            return Ok(());
        }
        list.push(self.value(element, value)?);
        Ok(())
    }

    fn entry(&mut self, element: &FieldType, message: &[u8]) -> Result<(String, Value), Error> {
        let (mut key, mut found) = ("", None);
        let mut reader = Reader::new(message);
        while let Some((number, value)) = reader.next()? {
            match number {
                1 => key = value.text()?,
                2 => found = Some(value),
                _ => {}
            }
        }
        let value = found.unwrap_or(wire::Value::Bytes(&[]));
        let decoded = self
            .value(element, value)
            .map_err(|error| error.within(&format!("[{key}]")))?;
        Ok((key.to_owned(), decoded))
    }

    /// A value that is no field of its own message: scalar, list element or map value.
    fn value(&mut self, ty: &FieldType, value: wire::Value<'_>) -> Result<Value, Error> {
        self.count(1)?;
        Ok(match ty {
            FieldType::String => json!(value.text()?),
            FieldType::Bool => json!(value.varint()? != 0),
            FieldType::Int32 => json!(int32(value.varint()?)?),
            FieldType::Int64 => json!(value.varint()?.cast_signed()),
            FieldType::Double => match value {
                wire::Value::Fixed64(bits) => json!(f64::from_bits(bits)),
                other => return Err(other.instead_of("a double").into()),
            },
            FieldType::Bytes => json!(STANDARD.encode(value.bytes()?)),
            FieldType::Special(special) => self.special(*special, value.bytes()?)?,
            FieldType::Named(named) => {
                let mut object = Map::new();
                self.message(named.get(), value.bytes()?, &mut object)?;
                Value::Object(object)
            }
            // The table has no lists of lists and no maps of maps.
            FieldType::List(element) => json!([self.value(element, value)?]),
            FieldType::Map(element) => {
                let (key, value) = self.entry(element, value.bytes()?)?;
                json!({ key: value })
            }
        })
    }

    fn special(&mut self, special: Special, message: &[u8]) -> Result<Value, Error> {
        Ok(match special {
            Special::Quantity => json!(first_text(message)?),
            Special::IntOrString => int_or_string(message)?,
            Special::Time => instant(message)?.map_or(Value::Null, |at| json!(crate::time(at))),
            Special::MicroTime => {
                instant(message)?.map_or(Value::Null, |at| json!(crate::micro_time(at)))
            }
            Special::StringList => {
                let mut reader = Reader::new(message);
                let mut list = Vec::new();
                while let Some((number, value)) = reader.next()? {
                    if number == 1 {
                        self.count(1)?;
                        list.push(json!(value.text()?));
                    }
                }
                Value::Array(list)
            }
            Special::RawExtension | Special::FieldsV1 | Special::Json => self.embedded(message)?,
            Special::SchemaOrArray | Special::SchemaOrBool | Special::SchemaOrStringArray => {
                self.schema_or(special, message)?
            }
        })
    }

    /// JSON, or a whole enveloped object, held as the bytes of field 1.
    fn embedded(&mut self, message: &[u8]) -> Result<Value, Error> {
        let mut raw: &[u8] = &[];
        let mut reader = Reader::new(message);
        while let Some((number, value)) = reader.next()? {
            if number == 1 {
                raw = value.bytes()?;
            }
        }
        if raw.is_empty() {
            return Ok(Value::Null);
        }
        if raw.starts_with(MAGIC) {
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return Err(Problem::TooDeep.into());
            }
            let object = self.enveloped(raw, None)?;
            self.depth -= 1;
            return Ok(object);
        }
        Ok(self.json(raw)?)
    }

    fn json(&mut self, raw: &[u8]) -> Result<Value, Problem> {
        let value = serde_json::from_slice(raw)
            .map_err(|error| Problem::EmbeddedJson(error.to_string()))?;
        self.count(count(&value))?;
        Ok(value)
    }

    /// Field 2 of these unions is the schema list, the schema or the texts; see the facts.
    fn schema_or(&mut self, special: Special, message: &[u8]) -> Result<Value, Error> {
        let ty = schema::named(special.type_name()).ok_or(Problem::NoKind)?;
        let mut fields = Map::new();
        self.message(ty, message, &mut fields)?;
        let mut take = |key: &str| fields.shift_remove(key);
        Ok(match special {
            Special::SchemaOrArray => take("jSONSchemas").or_else(|| take("schema")),
            Special::SchemaOrBool => take("schema").or_else(|| take("allows")),
            _ => take("property").or_else(|| take("schema")),
        }
        .unwrap_or(Value::Null))
    }

    fn count(&mut self, values: usize) -> Result<(), Problem> {
        self.values += values;
        if self.values > MAX_VALUES {
            return Err(Problem::TooMany);
        }
        Ok(())
    }
}

fn envelope(message: &[u8]) -> Result<Envelope<'_>, Error> {
    let mut envelope = Envelope::default();
    let ty = schema::named(UNKNOWN).ok_or(Problem::NoKind)?;
    let mut reader = Reader::new(message);
    while let Some((number, value)) = reader.next()? {
        let field = ty.fields.iter().find(|field| field.number == number);
        match field.map(|field| field.name) {
            Some("typeMeta") => {
                let mut reader = Reader::new(value.bytes()?);
                while let Some((number, value)) = reader.next()? {
                    match number {
                        1 => envelope.api_version = value.text()?,
                        2 => envelope.kind = value.text()?,
                        _ => {}
                    }
                }
            }
            Some("raw") => envelope.raw = value.bytes()?,
            Some("contentType") => envelope.content_type = value.text()?,
            Some("contentEncoding") if !value.bytes()?.is_empty() => {
                return Err(Problem::ContentEncoding(value.text()?.to_owned()).into());
            }
            _ => {}
        }
    }
    Ok(envelope)
}

fn int32(number: u64) -> Result<i32, Problem> {
    i32::try_from(number.cast_signed()).map_err(|_| Problem::Range)
}

fn first_text(message: &[u8]) -> Result<&str, Problem> {
    let mut text = "";
    let mut reader = Reader::new(message);
    while let Some((number, value)) = reader.next()? {
        if number == 1 {
            text = value.text()?;
        }
    }
    Ok(text)
}

fn int_or_string(message: &[u8]) -> Result<Value, Problem> {
    let (mut is_text, mut number, mut text) = (false, 0, "");
    let mut reader = Reader::new(message);
    while let Some((field, value)) = reader.next()? {
        match field {
            1 => is_text = value.varint()? == 1,
            2 => number = int32(value.varint()?)?,
            3 => text = value.text()?,
            _ => {}
        }
    }
    Ok(if is_text { json!(text) } else { json!(number) })
}

/// `None` for Go's zero time, which is an empty message.
fn instant(message: &[u8]) -> Result<Option<Timestamp>, Problem> {
    if message.is_empty() {
        return Ok(None);
    }
    let (mut seconds, mut nanos) = (0, 0);
    let mut reader = Reader::new(message);
    while let Some((number, value)) = reader.next()? {
        match number {
            1 => seconds = value.varint()?.cast_signed(),
            2 => nanos = int32(value.varint()?)?,
            _ => {}
        }
    }
    Timestamp::new(seconds, nanos)
        .map(Some)
        .map_err(|_| Problem::Range)
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Bool(is_set) => !is_set,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

fn count(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(count).sum::<usize>(),
        Value::Object(map) => 1 + map.values().map(count).sum::<usize>(),
        _ => 1,
    }
}
