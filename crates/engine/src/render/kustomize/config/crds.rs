//! `crds`: definitions of types, annotated with which of their fields are names, labels or
//! annotations.

use serde_json::Value;

use super::{Config, FieldSpec, References};

/// How deep definitions may refer to one another.
const DEPTH: usize = 32;

/// What the definitions of one file say.
///
/// # Errors
/// What is not a definition.
pub(super) fn config(definitions: &Value) -> Result<Config, String> {
    let Value::Object(types) = definitions else {
        return Err("is no map of definitions".into());
    };
    let mut config = Config::default();
    for (name, definition) in types {
        let properties = properties(definition);
        let is_kind = ["kind", "apiVersion", "metadata"]
            .iter()
            .all(|field| properties.is_some_and(|all| all.contains_key(*field)));
        if !is_kind {
            continue;
        }
        if name.split('.').count() < 3 {
            return Err(format!("{name:?} is not of the form group.version.Kind"));
        }
        let kind = name.rsplit('.').next().unwrap_or_default();
        let mut walk = Walk {
            types: definitions,
            kind,
            config: &mut config,
        };
        walk.definition(name, &mut Vec::new())?;
    }
    Ok(config)
}

fn properties(definition: &Value) -> Option<&serde_json::Map<String, Value>> {
    definition.get("Schema")?.get("properties")?.as_object()
}

struct Walk<'a> {
    types: &'a Value,
    kind: &'a str,
    config: &'a mut Config,
}

impl Walk<'_> {
    fn definition(&mut self, name: &str, path: &mut Vec<String>) -> Result<(), String> {
        let types = self.types;
        let Some(properties) = types.get(name).and_then(properties) else {
            return Ok(());
        };
        if path.len() > DEPTH {
            return Err(format!("{name:?} refers to itself"));
        }
        for (field, property) in properties {
            path.push(field.clone());
            self.property(property, path);
            if let Some(to) = property.get("$ref").and_then(Value::as_str) {
                self.definition(to, path)?;
            }
            path.pop();
        }
        Ok(())
    }

    fn property(&mut self, property: &Value, path: &[String]) {
        let spec = |path: &[String]| FieldSpec {
            kind: self.kind.to_owned(),
            path: path.join("/"),
            ..FieldSpec::default()
        };
        let text = |name: &str| property.get(name).and_then(Value::as_str);
        if text("x-kubernetes-annotation").is_some() {
            self.config.common_annotations.push(spec(path));
        }
        if text("x-kubernetes-label-selector").is_some() {
            self.config.common_labels.push(spec(path));
        }
        if text("x-kubernetes-identity").is_some() {
            self.config.name_prefix.push(spec(path));
        }
        let version = text("x-kubernetes-object-ref-api-version");
        if let (Some(version), Some(kind)) = (version, text("x-kubernetes-object-ref-kind")) {
            let key = text("x-kubernetes-object-ref-name-key").unwrap_or("name");
            let mut path = path.to_vec();
            path.push(key.to_owned());
            self.config.name_reference.push(References {
                version: version.to_owned(),
                kind: kind.to_owned(),
                field_specs: vec![spec(&path)],
                ..References::default()
            });
        }
    }
}
