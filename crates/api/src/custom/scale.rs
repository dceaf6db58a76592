//! `subresources.scale`: where a kind keeps how many there are to be.

use serde_json::{Map, Value, json};

use super::path::{fields, value};
use crate::{Cause, Object};

/// The fields that a `Scale` is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScalePaths {
    wanted: Vec<String>,
    there: Vec<String>,
    selector: Option<Vec<String>>,
}

impl ScalePaths {
    /// Reads `subresources.scale`, its field being `field`.
    pub(super) fn read(scale: &Value, field: &str) -> Result<Self, Vec<Cause>> {
        let mut causes = Vec::new();
        let mut path = |name: &str, below: &[&str]| {
            let text = scale[name].as_str().unwrap_or_default();
            let at = format!("{field}.{name}");
            if text.is_empty() {
                causes.push(Cause::required(at, ""));
                return Vec::new();
            }
            let found = fields(text).filter(|it| below.contains(&it[0].as_str()) && it.len() > 1);
            found.unwrap_or_else(|| {
                let rule = format!("should be a json path under .{}", below.join(" or ."));
                causes.push(Cause::invalid(at, &json!(text), &rule));
                Vec::new()
            })
        };
        let wanted = path("specReplicasPath", &["spec"]);
        let there = path("statusReplicasPath", &["status"]);
        let selector = scale["labelSelectorPath"]
            .as_str()
            .filter(|it| !it.is_empty());
        let selector = selector.map(|_| path("labelSelectorPath", &["spec", "status"]));
        let read = Self {
            wanted,
            there,
            selector,
        };
        if causes.is_empty() {
            Ok(read)
        } else {
            Err(causes)
        }
    }

    /// The `Scale` of an object.
    ///
    /// # Errors
    /// Where the object says nothing of how many it wants.
    pub fn scale(&self, object: &Object) -> Result<Object, Cause> {
        let number = |path: &[String]| value(&object.body, path).and_then(Value::as_i64);
        let wanted = number(&self.wanted);
        let field = self.wanted.join(".");
        let wanted = wanted.ok_or_else(|| Cause::required(field, "the number of replicas"))?;
        let mut metadata = Map::new();
        for field in [
            "name",
            "namespace",
            "uid",
            "resourceVersion",
            "creationTimestamp",
        ] {
            if let Some(value) = object.body["metadata"].get(field) {
                metadata.insert(field.into(), value.clone());
            }
        }
        let selector = self
            .selector
            .as_ref()
            .and_then(|it| value(&object.body, it));
        Ok(json!({
            "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata,
            "spec": {"replicas": wanted},
            "status": {
                "replicas": number(&self.there).unwrap_or(0),
                "selector": selector.and_then(Value::as_str).unwrap_or_default(),
            },
        })
        .into())
    }

    /// Takes the replicas of a `Scale` over into the object.
    ///
    /// # Errors
    /// A number that is none.
    pub fn set(&self, object: &mut Object, scale: &Object) -> Result<(), Cause> {
        let wanted = scale.pointer("/spec/replicas").unwrap_or(&Value::Null);
        let count = if wanted.is_null() {
            Some(0)
        } else {
            wanted.as_i64()
        };
        let count = count.filter(|it| (0..=i64::from(i32::MAX)).contains(it));
        let rule = "must be greater than or equal to 0";
        let count = count.ok_or_else(|| Cause::invalid("spec.replicas", wanted, rule))?;
        let (last, parents) = self
            .wanted
            .split_last()
            .expect("a path has a field; read above");
        let mut at = &mut object.body;
        for parent in parents {
            if !at[parent.as_str()].is_object() {
                at[parent.as_str()] = json!({});
            }
            at = &mut at[parent.as_str()];
        }
        at[last.as_str()] = json!(count);
        Ok(())
    }
}
