//! Whether the names of a definition are free, and what its status says about that.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Definition;
use crate::Object;

/// Names that others of the same group have. They are apart from each other: one definition's
/// plural may be another one's short name no more than its plural, but a kind is only in the way
/// of kinds.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    resources: BTreeSet<String>,
    kinds: BTreeSet<String>,
}

impl Taken {
    /// The names of one more kind.
    pub fn add<'a>(
        &mut self,
        resources: impl IntoIterator<Item = &'a str>,
        kinds: impl IntoIterator<Item = &'a str>,
    ) {
        self.resources
            .extend(resources.into_iter().map(str::to_owned));
        self.kinds.extend(kinds.into_iter().map(str::to_owned));
    }

    /// The accepted names of another definition.
    pub fn add_accepted(&mut self, other: &Object) {
        let names = &other.body["status"]["acceptedNames"];
        let text = |name: &str| names[name].as_str().unwrap_or_default();
        let short = names["shortNames"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        self.add(
            [text("plural"), text("singular")].into_iter().chain(short),
            [text("kind"), text("listKind")],
        );
    }

    /// The first name that is somebody else's: the field, the name and the reason.
    fn conflict(&self, definition: &Definition) -> Option<(&'static str, String)> {
        let used = |known: &BTreeSet<String>, name: &str| known.contains(name);
        if used(&self.resources, &definition.plural) {
            return Some(("PluralConflict", definition.plural.clone()));
        }
        if used(&self.resources, &definition.singular) {
            return Some(("SingularConflict", definition.singular.clone()));
        }
        if let Some(name) = definition
            .short_names
            .iter()
            .find(|it| used(&self.resources, it))
        {
            return Some(("ShortNamesConflict", name.clone()));
        }
        if used(&self.kinds, &definition.kind) {
            return Some(("KindConflict", definition.kind.clone()));
        }
        used(&self.kinds, &definition.list_kind)
            .then(|| ("ListKindConflict", definition.list_kind.clone()))
    }
}

/// The status that a definition comes to have. What was established stays so: its objects are
/// there. `now` is RFC 3339.
pub fn status(object: &Object, definition: &Definition, taken: &Taken, now: &str) -> Value {
    let conflict = taken.conflict(definition);
    let was_established = object
        .condition("Established")
        .is_some_and(|it| it.status == "True");
    let (accepted, established) = match &conflict {
        None => (
            ("True", "NoConflicts", "no conflicts found".to_owned()),
            (
                "True",
                "InitialNamesAccepted",
                "the initial names have been accepted".to_owned(),
            ),
        ),
        Some((reason, name)) => (
            ("False", *reason, format!("{name:?} is already in use")),
            if was_established {
                (
                    "True",
                    "InitialNamesAccepted",
                    "the initial names have been accepted".to_owned(),
                )
            } else {
                (
                    "False",
                    "NotAccepted",
                    "not all names are accepted".to_owned(),
                )
            },
        ),
    };
    let mut conditions = Vec::new();
    set(object, "NamesAccepted", accepted, now, &mut conditions);
    set(object, "Established", established, now, &mut conditions);
    let others = object.body["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten();
    let is_own = |it: &&Value| it["type"] == "NamesAccepted" || it["type"] == "Established";
    conditions.extend(others.filter(|it| !is_own(it)).cloned());
    let before = &object.body["status"];
    let names = if conflict.is_none() {
        names(definition)
    } else {
        match &before["acceptedNames"] {
            Value::Null => json!({"plural": "", "kind": ""}),
            kept => kept.clone(),
        }
    };
    json!({
        "conditions": conditions,
        "acceptedNames": names,
        "storedVersions": stored(before, &definition.storage),
    })
}

fn names(definition: &Definition) -> Value {
    let mut names = Map::new();
    names.insert("plural".into(), json!(definition.plural));
    names.insert("singular".into(), json!(definition.singular));
    for (field, list) in [
        ("shortNames", &definition.short_names),
        ("categories", &definition.categories),
    ] {
        if !list.is_empty() {
            names.insert(field.into(), json!(list));
        }
    }
    names.insert("kind".into(), json!(definition.kind));
    names.insert("listKind".into(), json!(definition.list_kind));
    names.into()
}

/// Every version that an object may be stored in: those of before, and the one of now.
fn stored(before: &Value, storage: &str) -> Vec<String> {
    let known = before["storedVersions"].as_array().into_iter().flatten();
    let mut known: Vec<String> = known.filter_map(Value::as_str).map(str::to_owned).collect();
    if !known.iter().any(|version| version == storage) {
        known.push(storage.to_owned());
    }
    known
}

/// Adds a condition; its time is that of before where it says the same as before.
fn set(
    object: &Object,
    kind: &str,
    (status, reason, message): (&str, &str, String),
    now: &str,
    to: &mut Vec<Value>,
) {
    let before = object.body["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten();
    let before = before
        .into_iter()
        .find(|it| it["type"] == kind && it["status"] == status);
    let since = before
        .and_then(|it| it["lastTransitionTime"].as_str())
        .unwrap_or(now);
    to.push(json!({
        "type": kind, "status": status, "lastTransitionTime": since, "reason": reason, "message": message,
    }));
}
