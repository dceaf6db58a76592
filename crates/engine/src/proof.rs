//! That the cluster was what a commit says: one hash over every object, which can be made again
//! from the commit and from the objects as they were.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use api::patch::fields::{FieldSet, Node, PathElement};
use api::patch::managed::{Managed, Operation};
use api::{Object, ObjectKey, Uid};

use crate::diff::{is_secret, masked, overlay};
use crate::ignore::part;
use crate::plan::canonical;
use crate::rollout::CommitId;
use crate::tree::hex;

/// One object of a proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Leaf {
    pub key: ObjectKey,
    pub kind: String,
    pub uid: Uid,
    /// At which version of the object this was so.
    pub resource_version: String,
    /// SHA-256 of the object as the commit has it, see [`manifest`].
    pub manifest: String,
    /// SHA-256 of the fields that Kedge owns, with the values that the commit asks for.
    pub wanted: String,
    /// SHA-256 of the same fields, with the values that they have in the cluster.
    pub live: String,
    /// Which fields these are, as `FieldsV1`, where they are not the ones that the object says Kedge
    /// owns by applying them.
    #[serde(default)]
    pub fields: Option<Value>,
}

impl Leaf {
    /// Compares `live` with what an apply of the commit would leave of it: with `stored`, which is
    /// the server's answer to a dry run, so that both are in the server's own words. Where it has
    /// none, `applied` is put over `live`.
    pub fn of(
        key: &ObjectKey,
        manifest: &Object,
        applied: &Object,
        stored: Option<&Object>,
        live: &Object,
        manager: &str,
    ) -> Self {
        let wanted = stored.map_or_else(|| Cow::Owned(overlay(live, applied)), Cow::Borrowed);
        let (asked, known) = (owned(&wanted, manager), owned(live, manager));
        let fields = if asked.is_empty() { &known } else { &asked };
        Self {
            key: key.clone(),
            kind: live.kind().to_owned(),
            uid: live.uid(),
            resource_version: live.resource_version().0,
            manifest: self::manifest(manifest),
            wanted: digest(&wanted, fields),
            live: digest(live, fields),
            fields: (*fields != known).then(|| fields.to_value()),
        }
    }

    /// Whether the object was what the commit asks for.
    pub fn matches(&self) -> bool {
        self.wanted == self.live
    }

    /// Whether `live` is what it was then.
    pub fn holds(&self, live: &Object, manager: &str) -> bool {
        let known = self.fields.as_ref();
        let fields = known.and_then(|fields| FieldSet::parse(fields).ok());
        let fields = fields.unwrap_or_else(|| owned(live, manager));
        live.uid() == self.uid && digest(live, &fields) == self.live
    }

    fn line(&self) -> String {
        let Self {
            key,
            uid,
            resource_version,
            manifest,
            wanted,
            live,
            fields,
            ..
        } = self;
        let fields = fields
            .as_ref()
            .map(|it| format!(" {}", canonical(it.clone())));
        let fields = fields.unwrap_or_default();
        format!("{key} {uid} {resource_version} {manifest} {wanted} {live}{fields}\n")
    }
}

/// The hash over all leaves, whatever their order: SHA-256 of one line for the application and the
/// commit, and one for each leaf.
pub fn root(application: &str, commit: &CommitId, leaves: &[Leaf]) -> String {
    let mut lines: Vec<String> = leaves.iter().map(Leaf::line).collect();
    lines.sort();
    let mut hash = Sha256::new();
    hash.update(format!("{application} {commit}\n"));
    hash.update(lines.concat());
    hex(&hash.finalize())
}

/// The hash of an object as a commit has it: of its canonical JSON (sorted keys, no spaces).
pub fn manifest(object: &Object) -> String {
    hash(masked(object).body)
}

/// The fields that `manager` owns by applying them.
fn owned(object: &Object, manager: &str) -> FieldSet {
    let entries = Managed::of(object).entries.into_iter();
    let own = entries.filter(|it| it.manager == manager && it.operation == Operation::Apply);
    let set = own.fold(FieldSet::default(), |all, entry| all.union(entry.fields));
    if is_secret(object) {
        stored_as(set)
    } else {
        set
    }
}

/// What a Secret's `stringData` says is stored in its `data`.
fn stored_as(set: FieldSet) -> FieldSet {
    let Some(said) = set.get(&PathElement::field("stringData")) else {
        return set;
    };
    let stored = Node {
        element: PathElement::field("data"),
        ..said.clone()
    };
    set.union(FieldSet::from_nodes([stored]))
}

/// The hash of these fields of an object. What can be guessed is found by its hash: of the values of
/// Secrets there is in it what may be shown of them.
fn digest(object: &Object, fields: &FieldSet) -> String {
    hash(part(&masked(object).body, fields).unwrap_or_default())
}

fn hash(value: Value) -> String {
    hex(&Sha256::digest(canonical(value).to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use api::Collection;

    use super::*;

    fn leaf(name: &str, live: &str) -> Leaf {
        Leaf {
            key: Collection::new("", "configmaps").key("shop", name),
            kind: "ConfigMap".into(),
            uid: Uid(name.into()),
            resource_version: "7".into(),
            manifest: "m".into(),
            wanted: "w".into(),
            live: live.into(),
            fields: None,
        }
    }

    #[test]
    fn the_root_is_of_all_of_it_and_of_no_order() {
        let commit = CommitId("c".into());
        let of = |leaves: &[Leaf]| root("web", &commit, leaves);
        let (a, b) = (leaf("a", "1"), leaf("b", "1"));
        let whole = of(&[a.clone(), b.clone()]);
        assert_eq!(whole, of(&[b.clone(), a.clone()]));
        assert_ne!(whole, of(std::slice::from_ref(&a)));
        assert_ne!(whole, of(&[a.clone(), leaf("b", "2")]));
        assert_ne!(whole, root("api", &commit, &[a.clone(), b.clone()]));
        let other = Leaf {
            fields: Some(json!({"f:data": {}})),
            ..b
        };
        assert_ne!(whole, of(&[a, other]));
    }

    /// A Deployment of which `owner` applied the replicas and the processor's limit.
    fn deployment(replicas: i64, cpu: &str, owner: &str) -> Object {
        let fields = json!({"f:spec": {"f:replicas": {}, "f:cpu": {}}});
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "uid": "1", "resourceVersion": "7", "managedFields": [{
                "manager": owner, "operation": "Apply", "apiVersion": "apps/v1",
                "fieldsType": "FieldsV1", "fieldsV1": fields,
            }]},
            "spec": {"replicas": replicas, "cpu": cpu, "paused": false},
            "status": {"replicas": replicas},
        })
        .into()
    }

    fn compared(manifest: &Object, stored: Option<&Object>, live: &Object) -> Leaf {
        let key = Collection::new("apps", "deployments").key("shop", "web");
        Leaf::of(&key, manifest, manifest, stored, live, "kedge")
    }

    #[test]
    fn what_the_commit_asks_for_and_what_is_there_are_one_text_where_they_match() {
        let manifest: Object = json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web"}, "spec": {"replicas": 2, "cpu": "1000m"}})
        .into();
        let stored = deployment(2, "1", "kedge");
        let mut live = deployment(2, "1", "kedge");
        // What others own and what only the server says is in neither.
        live.body["spec"]["paused"] = true.into();
        live.body["status"]["replicas"] = 1.into();
        let one = compared(&manifest, Some(&stored), &live);
        assert!(one.matches() && one.holds(&live, "kedge"), "{one:?}");
        assert_eq!(one.fields, None);

        let drifted = deployment(3, "1", "kedge");
        assert!(!one.holds(&drifted, "kedge"));
        let other = compared(&manifest, Some(&stored), &drifted);
        assert!(!other.matches());
        assert_eq!(
            (&other.wanted, &other.manifest),
            (&one.wanted, &one.manifest)
        );
    }

    #[test]
    fn fields_that_the_object_does_not_say_are_ours_are_named() {
        let (stored, live) = (deployment(2, "1", "kedge"), deployment(2, "1", "kubectl"));
        let found = compared(&stored, Some(&stored), &live);
        assert!(found.matches() && found.holds(&live, "kedge"), "{found:?}");
        assert!(found.fields.is_some());
        assert!(!found.holds(&deployment(3, "1", "kubectl"), "kedge"));
        // A server that does not say what it would store: the manifest is put over what is there.
        let said: Object = json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web"}, "spec": {"replicas": 4}})
        .into();
        let ours = deployment(2, "1", "kedge");
        assert!(!compared(&said, None, &ours).matches());
        assert!(compared(&ours, None, &ours).matches());
    }

    #[test]
    fn a_secret_is_in_it_with_what_may_be_shown_of_it() {
        let secret = |password: &str| -> Object {
            json!({
                "apiVersion": "v1", "kind": "Secret", "data": {"password": password},
                "metadata": {"name": "a", "managedFields": [{
                    "manager": "kedge", "operation": "Apply", "apiVersion": "v1",
                    "fieldsType": "FieldsV1", "fieldsV1": {"f:stringData": {"f:password": {}}},
                }]},
            })
            .into()
        };
        let said: Object = json!({"apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": "a"}, "stringData": {"password": "one"}})
        .into();
        let (one, two) = (secret("b25l"), secret("dHdv"));
        assert!(compared(&said, Some(&one), &one).matches());
        assert!(!compared(&said, Some(&one), &two).matches());
        let shown = masked(&one).body["data"].clone();
        let known = hash(json!({"data": shown}));
        assert_eq!(compared(&said, Some(&one), &one).live, known);
    }
}
