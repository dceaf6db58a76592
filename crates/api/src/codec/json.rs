//! JSON bodies, with the keys that are there twice.

use std::fmt::{self, Write};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// A body and what a strict reader would say about its text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parsed {
    /// Of a key that is there twice the last value counts.
    pub value: Value,
    /// Paths such as `spec.replicas`, at most [`MAX_DUPLICATES`].
    pub duplicates: Vec<String>,
}

/// Reported at most; the rest adds nothing.
pub const MAX_DUPLICATES: usize = 100;

/// Text that is no JSON.
#[derive(Debug, thiserror::Error)]
#[error("the body is not JSON")]
pub struct Error(#[from] serde_json::Error);

impl Error {
    /// What and where, in one sentence.
    pub fn message(&self) -> String {
        format!("the body is not JSON: {}", self.0)
    }
}

/// Reads one JSON value and nothing after it. Nesting is limited to 128 levels.
pub fn parse(body: &[u8]) -> Result<Parsed, Error> {
    let mut duplicates = Vec::new();
    let mut path = String::new();
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = Seed {
        path: &mut path,
        duplicates: &mut duplicates,
    }
    .deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(Parsed { value, duplicates })
}

/// One value, at a path.
struct Seed<'a> {
    path: &'a mut String,
    duplicates: &'a mut Vec<String>,
}

impl Seed<'_> {
    fn below(&mut self) -> Seed<'_> {
        Seed {
            path: self.path,
            duplicates: self.duplicates,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let length = self.path.len();
        let mut list = Vec::new();
        loop {
            let _ = write!(self.path, "[{}]", list.len());
            let item = items.next_element_seed(self.below())?;
            self.path.truncate(length);
            match item {
                Some(item) => list.push(item),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Value, A::Error> {
        let length = self.path.len();
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if length > 0 {
                self.path.push('.');
            }
            self.path.push_str(&key);
            if map.contains_key(&key) && self.duplicates.len() < MAX_DUPLICATES {
                self.duplicates.push(self.path.clone());
            }
            let value = entries.next_value_seed(self.below())?;
            self.path.truncate(length);
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn duplicates_are_named_and_the_last_one_counts() {
        let text =
            r#"{"kind":"Pod","spec":{"a":1,"a":2,"list":[{"x":1},{"x":1,"x":null}]},"kind":"Job"}"#;
        let parsed = parse(text.as_bytes()).unwrap();
        assert_eq!(parsed.duplicates, ["spec.a", "spec.list[1].x", "kind"]);
        assert_eq!(
            parsed.value,
            json!({"kind": "Job", "spec": {"a": 2, "list": [{"x": 1}, {"x": null}]}})
        );
    }

    #[test]
    fn reads_what_serde_json_reads() {
        for text in [
            "null",
            "-1",
            "18446744073709551615",
            "1.5",
            "\"ä\\u00e9\"",
            "[[],{}]",
            "[true]",
        ] {
            let parsed = parse(text.as_bytes()).unwrap();
            assert_eq!(
                parsed.value,
                serde_json::from_str::<Value>(text).unwrap(),
                "{text}"
            );
        }
    }

    #[test]
    fn errors_say_where() {
        let message = |text: &str| parse(text.as_bytes()).unwrap_err().message();
        assert_eq!(
            message("{\"a\": \n}"),
            "the body is not JSON: expected value at line 2 column 1"
        );
        assert!(message("{} x").contains("trailing characters"));
        assert!(message(&"[".repeat(200)).contains("recursion limit"));
    }
}
