//! `JSONPath` (RFC 9535) as a rule may use it: it picks places in a value, and always ends.

use std::fmt;

use jsonpath_rust::parser::model::JpQuery;
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::Value;

/// Bytes an expression may have.
const LENGTH: usize = 256;
/// How often an expression may go down at any depth: each `..` multiplies the work by the size of
/// the value.
const DESCENTS: usize = 2;

/// An expression.
pub struct JsonPath {
    query: JpQuery,
}

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("must have at most {LENGTH} bytes")]
    Length,
    #[error("may use '..' at most {DESCENTS} times")]
    Descents,
    #[error(
        "must be a JSONPath (RFC 9535), such as $.spec.containers[?@.name == 'web'].image: {0}"
    )]
    Parse(String),
}

impl fmt::Debug for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JsonPath({})", self.query)
    }
}

impl JsonPath {
    /// Reads an expression.
    ///
    /// # Errors
    /// What is not well formed, and what might take long.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > LENGTH {
            return Err(Error::Length);
        }
        if text.matches("..").count() > DESCENTS {
            return Err(Error::Descents);
        }
        let query = parse_json_path(text).map_err(|error| {
            let text = error.to_string();
            Error::Parse(text.split_whitespace().collect::<Vec<_>>().join(" "))
        })?;
        Ok(Self { query })
    }

    /// The places it picks, each the very value in `value`.
    pub fn find<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        let found = js_path_process(&self.query, value).unwrap_or_default();
        found.into_iter().map(|found| found.val).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn picks_places_and_always_ends() {
        let value =
            json!({"spec": {"containers": [{"name": "a", "image": 1}, {"name": "b", "image": 2}]}});
        let check = |text: &str, expected: Option<Vec<&Value>>| {
            let found = JsonPath::parse(text).ok();
            assert_eq!(found.map(|path| path.find(&value)), expected, "{text}");
        };
        let (two, one) = (json!(2), json!(1));
        check("$.spec.containers[?@.name == 'b'].image", Some(vec![&two]));
        check("$..image", Some(vec![&one, &two]));
        check("$.spec.none", Some(vec![]));
        check("spec..", None);
        check("$..a..b..c", None);
        check(&format!("$.{}", "a".repeat(300)), None);
    }
}
