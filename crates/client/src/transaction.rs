//! The JSON form of `POST /apis/kedge.dev/v1alpha1/transactions`, the same code for both ends.

use serde_json::{Map, Value, json};

use api::{Collection, Object, Uid};

use crate::Step;

/// Below this path is what other Kubernetes do not have.
pub(crate) const BASE: &str = "/apis/kedge.dev/v1alpha1";
/// Where transactions are posted.
pub const PATH: &str = "/apis/kedge.dev/v1alpha1/transactions";
const API_VERSION: &str = "kedge.dev/v1alpha1";

/// A body that is not a transaction, or not a transaction's answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("{field} must be {expected}")]
    Field {
        field: String,
        expected: &'static str,
    },
    #[error("{field}: unknown step, expected apply, delete or restore")]
    UnknownStep { field: String },
}

/// The request.
pub fn encode(steps: &[Step]) -> Value {
    let steps: Vec<Value> = steps.iter().map(encode_step).collect();
    json!({"apiVersion": API_VERSION, "kind": "Transaction", "steps": steps})
}

fn encode_step(step: &Step) -> Value {
    match step {
        Step::Apply { object, force, uid } => {
            let mut apply = json!({"object": object, "force": force});
            put_uid(&mut apply, uid.as_ref());
            json!({"apply": apply})
        }
        Step::Delete { key, uid } => {
            let mut delete = json!({
                "group": key.collection.group, "resource": key.collection.resource,
                "namespace": key.namespace, "name": key.name,
            });
            put_uid(&mut delete, uid.as_ref());
            json!({"delete": delete})
        }
        Step::Restore { object } => json!({"restore": {"object": object}}),
    }
}

fn put_uid(value: &mut Value, uid: Option<&Uid>) {
    if let Some(uid) = uid {
        value["uid"] = json!(uid);
    }
}

/// Reads a request.
pub fn decode(body: &Value) -> Result<Vec<Step>, Error> {
    expect_kind(body)?;
    array(body, "steps")?
        .iter()
        .enumerate()
        .map(|(index, step)| decode_step(step, &format!("steps[{index}]")))
        .collect()
}

fn decode_step(step: &Value, field: &str) -> Result<Step, Error> {
    let fields = step.as_object().filter(|fields| fields.len() == 1);
    let Some((name, body)) = fields.and_then(|fields| fields.iter().next()) else {
        return Err(Error::UnknownStep {
            field: field.to_owned(),
        });
    };
    let field = format!("{field}.{name}");
    let body = body
        .as_object()
        .ok_or_else(|| mistyped(&field, "an object"))?;
    match name.as_str() {
        "apply" => Ok(Step::Apply {
            object: object(body, &field)?,
            force: body.get("force").and_then(Value::as_bool).unwrap_or(false),
            uid: uid(body),
        }),
        "delete" => {
            let collection = Collection::new(text(body, "group"), text(body, "resource"));
            let (namespace, name) = (text(body, "namespace"), text(body, "name"));
            if collection.resource.is_empty() || name.is_empty() {
                return Err(mistyped(&field, "an object with resource and name"));
            }
            Ok(Step::Delete {
                key: collection.key(namespace, name),
                uid: uid(body),
            })
        }
        "restore" => Ok(Step::Restore {
            object: object(body, &field)?,
        }),
        _ => Err(Error::UnknownStep { field }),
    }
}

/// The answer.
pub fn encode_results(objects: &[Object]) -> Value {
    json!({"apiVersion": API_VERSION, "kind": "Transaction", "results": objects})
}

/// Reads an answer: one object for each step, in order.
pub fn decode_results(body: &Value) -> Result<Vec<Object>, Error> {
    expect_kind(body)?;
    Ok(array(body, "results")?
        .iter()
        .map(|object| Object::from(object.clone()))
        .collect())
}

fn expect_kind(body: &Value) -> Result<(), Error> {
    if body["kind"] == "Transaction" && body["apiVersion"] == API_VERSION {
        Ok(())
    } else {
        Err(mistyped("kind", "Transaction of kedge.dev/v1alpha1"))
    }
}

fn array<'a>(body: &'a Value, field: &str) -> Result<&'a Vec<Value>, Error> {
    body[field]
        .as_array()
        .ok_or_else(|| mistyped(field, "a list"))
}

fn object(body: &Map<String, Value>, field: &str) -> Result<Object, Error> {
    body.get("object")
        .filter(|object| object.is_object())
        .map(|object| Object::from(object.clone()))
        .ok_or_else(|| mistyped(&format!("{field}.object"), "an object"))
}

fn text(body: &Map<String, Value>, field: &str) -> String {
    body.get(field)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn uid(body: &Map<String, Value>) -> Option<Uid> {
    Some(Uid(text(body, "uid"))).filter(|uid| !uid.0.is_empty())
}

fn mistyped(field: &str, expected: &'static str) -> Error {
    Error::Field {
        field: field.to_owned(),
        expected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_survive_the_wire() {
        let object: Object = json!({"kind": "ConfigMap", "metadata": {"name": "a"}}).into();
        let key = Collection::new("apps", "deployments").key("default", "web");
        let steps = vec![
            Step::Apply {
                object: object.clone(),
                force: true,
                uid: Some(Uid("u".into())),
            },
            Step::Apply {
                object: object.clone(),
                force: false,
                uid: None,
            },
            Step::Delete {
                key: key.clone(),
                uid: None,
            },
            Step::Delete {
                key,
                uid: Some(Uid("u".into())),
            },
            Step::Restore {
                object: object.clone(),
            },
        ];
        assert_eq!(decode(&encode(&steps)), Ok(steps));
        let results = vec![object];
        assert_eq!(decode_results(&encode_results(&results)), Ok(results));
    }

    #[test]
    fn a_bad_step_is_named() {
        let of = |steps: Value| {
            let body = json!({"apiVersion": API_VERSION, "kind": "Transaction", "steps": steps});
            decode(&body).unwrap_err().to_string()
        };
        for (steps, message) in [
            (json!({}), "steps must be a list"),
            (
                json!([{}]),
                "steps[0]: unknown step, expected apply, delete or restore",
            ),
            (
                json!([{"apply": {}}]),
                "steps[0].apply.object must be an object",
            ),
            (
                json!([{"patch": {}}]),
                "steps[0].patch: unknown step, expected apply, delete or restore",
            ),
            (
                json!([{"delete": {}}]),
                "steps[0].delete must be an object with resource and name",
            ),
        ] {
            assert_eq!(of(steps), message);
        }
    }
}
