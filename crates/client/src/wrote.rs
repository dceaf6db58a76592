//! Who wrote an object, as a server that keeps a log of its writes tells it.

use serde_json::Value;

use api::ObjectKey;

/// One write.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wrote {
    /// A person, a service account, or a component.
    pub user: String,
    /// The field manager; may be empty.
    pub manager: String,
    /// `created`, `changed` or `deleted`.
    pub operation: String,
    /// What it changed, such as `spec.replicas`.
    pub fields: Vec<String>,
}

impl Wrote {
    /// The items of a `History` of `kedge.dev`.
    pub fn of_history(answer: &Value) -> Vec<Self> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let all = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let one = |item: &Value| Self {
            user: text(&item["user"]),
            manager: text(&item["manager"]),
            operation: text(&item["operation"]),
            fields: all(&item["fields"])
                .iter()
                .map(|field| text(&field["field"]))
                .collect(),
        };
        all(&answer["items"]).iter().map(one).collect()
    }
}

/// How to ask for one.
pub(crate) fn query(key: &ObjectKey) -> [(&'static str, &str); 4] {
    [
        ("group", &key.collection.group),
        ("resource", &key.collection.resource),
        ("namespace", &key.namespace),
        ("name", &key.name),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_history_names_who_wrote_what() {
        let answer = json!({"items": [
            {"user": "ann", "manager": "kubectl-edit", "operation": "changed",
             "fields": [{"field": "spec.replicas", "is": 5}]},
            {"user": "system:kedge:reconciler", "operation": "created"},
        ]});
        let all = Wrote::of_history(&answer);
        assert_eq!((all[0].user.as_str(), all[0].fields.len()), ("ann", 1));
        assert_eq!((all[1].manager.as_str(), all.len()), ("", 2));
        assert_eq!(Wrote::of_history(&json!({"kind": "Status"})), Vec::new());
    }
}
