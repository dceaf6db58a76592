//! What is different between two states of a cluster.

use std::collections::BTreeMap;

use engine::diff::{self, FieldChange};
use serde_json::{Value, json};

use api::Object;

use super::patch;
use super::table::plain_line;
use super::tint;

/// A lease is written all the time, and says only that somebody lives.
const ROUTINE: &str = "Lease";

/// An object that is not the same in both.
#[derive(Debug, PartialEq)]
pub(super) struct Different {
    kind: String,
    namespace: String,
    name: String,
    what: What,
    /// As they may be shown.
    fields: Vec<FieldChange>,
    /// The object as it is after them, without what only the server sets.
    after: Object,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Created,
    Deleted,
    Changed,
    /// Another one has its name.
    Replaced,
}

impl What {
    fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Deleted => "deleted",
            Self::Changed => "changed",
            Self::Replaced => "replaced",
        }
    }

    fn sign(self) -> char {
        match self {
            Self::Created => '+',
            Self::Deleted => '-',
            Self::Changed | Self::Replaced => '~',
        }
    }
}

type Key = (String, String, String, String);

/// What came, went and changed, by kind, namespace and name.
pub(super) fn between(before: &[Object], after: &[Object]) -> Vec<Different> {
    let (before, after) = (by_key(before), by_key(after));
    let mut keys: Vec<&Key> = before.keys().chain(after.keys()).collect();
    keys.sort();
    keys.dedup();
    let pairs = keys.into_iter();
    let pairs = pairs.map(|key| (before.get(key).copied(), after.get(key).copied()));
    pairs.filter_map(|(old, new)| different(old, new)).collect()
}

fn by_key(objects: &[Object]) -> BTreeMap<Key, &Object> {
    let key = |object: &Object| {
        let group = object.gvk().group.clone();
        let (namespace, name) = (object.namespace().to_owned(), object.name().to_owned());
        (object.kind().to_owned(), group, namespace, name)
    };
    let told = objects.iter().filter(|it| it.kind() != ROUTINE);
    told.map(|object| (key(object), object)).collect()
}

fn different(old: Option<&Object>, new: Option<&Object>) -> Option<Different> {
    let object = new.or(old)?;
    let mut fields = Vec::new();
    let what = match (old, new) {
        (None, _) => What::Created,
        (_, None) => What::Deleted,
        (Some(old), Some(new)) => {
            let changes = diff::changes(old, new);
            let is_other = old.uid() != new.uid();
            if changes.is_empty() && !is_other {
                return None;
            }
            let is_secret = diff::is_secret(new);
            let shown = changes.iter().map(|it| diff::shown(it, is_secret));
            fields.extend(shown);
            if is_other {
                What::Replaced
            } else {
                What::Changed
            }
        }
    };
    Some(Different {
        kind: object.kind().to_owned(),
        namespace: object.namespace().to_owned(),
        name: object.name().to_owned(),
        what,
        fields,
        after: diff::masked(&diff::clean(object)),
    })
}

/// For programs.
pub(super) fn data(found: &[Different]) -> Value {
    let item = |it: &Different| {
        json!({
            "kind": it.kind, "namespace": it.namespace, "name": it.name,
            "change": it.what.as_str(), "fields": it.fields,
        })
    };
    json!({"items": found.iter().map(item).collect::<Vec<_>>()})
}

/// For people.
pub(super) fn lines(found: &[Different]) -> Vec<String> {
    if found.is_empty() {
        return vec!["no difference".to_owned()];
    }
    let told = |it: &Different| {
        let (kind, what) = (&it.kind, it.what.as_str());
        let name = match it.namespace.as_str() {
            "" => it.name.clone(),
            namespace => format!("{namespace}/{}", it.name),
        };
        let title = format!("{} {what:8} {kind} {name}", it.what.sign());
        let mut lines = vec![tint::change(&plain_line(&title))];
        let fields = patch::fields(Some(&it.after), &it.fields).into_iter();
        lines.extend(fields.map(|line| format!("    {line}")));
        lines
    };
    found.iter().flat_map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(kind: &str, name: &str, uid: &str, data: Value) -> Object {
        let mut body = json!({
            "apiVersion": "v1", "kind": kind,
            "metadata": {"name": name, "namespace": "shop", "uid": uid, "resourceVersion": uid},
            "status": {"of": uid},
        });
        body["data"] = data;
        body.into()
    }

    #[test]
    fn tells_what_came_went_and_changed() {
        let map = |name, uid, value: &str| object("ConfigMap", name, uid, json!({"k": value}));
        let secret = |value: &str| object("Secret", "s", "9", json!({"k": value}));
        let lease = |uid| object("Lease", "l", uid, json!({}));
        let before = [
            map("gone", "1", "a"),
            map("same", "2", "a"),
            map("new", "3", "a"),
            map("other", "4", "a"),
            secret("c2VzYW1l"),
            lease("1"),
        ];
        let after = [
            map("same", "2", "a"),
            map("new", "3", "b"),
            map("other", "5", "a"),
            map("came", "6", "a"),
            secret("b3Blbg=="),
            lease("2"),
        ];
        let lines = lines(&between(&before, &after));
        let lines: Vec<String> = lines
            .iter()
            .map(|line| anstream::adapter::strip_str(line).to_string())
            .collect();
        let secret = lines.last().unwrap();
        assert!(secret.starts_with("    +k: (hidden, sha256 "), "{secret}");
        assert_eq!(
            lines[..lines.len() - 2],
            [
                "+ created  ConfigMap shop/came",
                "- deleted  ConfigMap shop/gone",
                "~ changed  ConfigMap shop/new",
                "    @@ data @@",
                "    -k: a",
                "    +k: b",
                "~ replaced ConfigMap shop/other",
                "~ changed  Secret shop/s",
                "    @@ data @@",
            ]
        );
        let data = data(&between(&before, &after));
        let fields = |at: usize| &data["items"][at]["fields"];
        let field = json!([{"path": "data.k", "old": "a", "new": "b"}]);
        assert_eq!(fields(2), &field);
        let secret = fields(4)[0]["new"].as_str().unwrap();
        assert!(secret.starts_with("(hidden, sha256 "), "{secret}");
        assert!(between(&before, &before).is_empty());
    }
}
