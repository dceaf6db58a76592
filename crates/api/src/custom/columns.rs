//! `additionalPrinterColumns`: what `kubectl get` shows of an object.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::path::json_path;
use crate::Cause;
use crate::json_path::JsonPath;
use crate::resource::Column;

/// What stands in one cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Value(Value),
    /// Shown as how long ago it is.
    Since(Timestamp),
}

/// A column and where its cells come from.
#[derive(Debug, Clone)]
pub(super) struct Printed {
    pub(super) column: Column,
    path: Arc<JsonPath>,
}

/// Reads the columns of a version, its field being `field`. Where there are none, the age is one.
pub(super) fn read(version: &Value, field: &str) -> (Vec<Printed>, Vec<Cause>) {
    let age = [json!({"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"})];
    let said = version["additionalPrinterColumns"].as_array();
    let said = said.map(Vec::as_slice).filter(|it| !it.is_empty());
    let (mut columns, mut causes) = (Vec::new(), Vec::new());
    for (at, column) in said.unwrap_or(&age).iter().enumerate() {
        let text = |name: &str| column[name].as_str().unwrap_or_default().to_owned();
        let at = format!("{field}.additionalPrinterColumns[{at}]");
        if text("name").is_empty() {
            causes.push(Cause::required(format!("{at}.name"), ""));
        }
        let kinds = ["boolean", "date", "integer", "number", "string"];
        if !kinds.contains(&text("type").as_str()) {
            causes.push(Cause::not_supported(
                format!("{at}.type"),
                &column["type"],
                &kinds,
            ));
        }
        match json_path(&text("jsonPath")) {
            Ok(path) => columns.push(Printed {
                column: Column {
                    name: text("name"),
                    kind: text("type"),
                    format: text("format"),
                    priority: column["priority"]
                        .as_i64()
                        .and_then(|it| i32::try_from(it).ok())
                        .unwrap_or(0),
                },
                path: Arc::new(path),
            }),
            Err(rule) => causes.push(Cause::invalid(
                format!("{at}.jsonPath"),
                &column["jsonPath"],
                &rule,
            )),
        }
    }
    (columns, causes)
}

impl Printed {
    /// The cell of an object; null where it has no such value.
    pub(super) fn cell(&self, body: &Value) -> Cell {
        let found = self.path.find(body);
        let Some(first) = found.first() else {
            return Cell::Value(Value::Null);
        };
        Cell::Value(match self.column.kind.as_str() {
            "string" => json!(
                found
                    .iter()
                    .map(|it| plain(it))
                    .collect::<Vec<_>>()
                    .join(" ")
            ),
            "date" => match first.as_str().and_then(crate::parse_time) {
                Some(time) => return Cell::Since(time),
                None if first.is_string() => json!("<invalid>"),
                None => Value::Null,
            },
            "integer" => match first.as_i64() {
                Some(whole) => json!(whole),
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "Kubernetes cuts it off, too"
                )]
                None => first.as_f64().map_or(Value::Null, |it| json!(it as i64)),
            },
            "number" if first.is_number() => (*first).clone(),
            "boolean" if first.is_boolean() => (*first).clone(),
            _ => Value::Null,
        })
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
