//! That the cluster was what a commit says: one hash over every object, which can be made again
//! from the commit and from the objects as they were.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use api::patch::fields::FieldSet;
use api::patch::managed::{Managed, Operation};
use api::{Object, ObjectKey, Uid};

use crate::diff::is_secret;
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
    /// SHA-256 of the object as the commit has it, see [`wanted`].
    pub wanted: String,
    /// SHA-256 of what of it is in the cluster, see [`live`].
    pub live: String,
}

/// The hash over all leaves, whatever their order: SHA-256 of one line for the application and the
/// commit, and one for each leaf.
pub fn root(application: &str, commit: &CommitId, leaves: &[Leaf]) -> String {
    let line = |leaf: &Leaf| {
        let Leaf {
            key,
            uid,
            resource_version,
            wanted,
            live,
            ..
        } = leaf;
        format!("{key} {uid} {resource_version} {wanted} {live}\n")
    };
    let mut lines: Vec<String> = leaves.iter().map(line).collect();
    lines.sort();
    let mut hash = Sha256::new();
    hash.update(format!("{application} {commit}\n"));
    hash.update(lines.concat());
    hex(&hash.finalize())
}

/// The hash of an object as a commit has it: of its canonical JSON (sorted keys, no spaces). Values
/// of Secrets are left out, and their keys are not.
pub fn wanted(object: &Object) -> String {
    digest(object.body.clone(), is_secret(object))
}

/// The hash of the fields of a live object that `manager` owns by applying it.
pub fn live(object: &Object, manager: &str) -> String {
    let entries = Managed::of(object).entries.into_iter();
    let own = entries.filter(|it| it.manager == manager && it.operation == Operation::Apply);
    let set = own.fold(FieldSet::default(), |all, entry| all.union(entry.fields));
    let owned = part(&object.body, &set).unwrap_or_default();
    digest(owned, is_secret(object))
}

fn digest(mut body: Value, secret: bool) -> String {
    for field in ["data", "stringData"] {
        if let Some(data) = body.get_mut(field).filter(|_| secret)
            && let Some(data) = data.as_object_mut()
        {
            // What can be guessed is found by its hash.
            data.values_mut().for_each(|value| *value = Value::Null);
        }
    }
    hex(&Sha256::digest(canonical(body).to_string()))
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
            wanted: "w".into(),
            live: live.into(),
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
        assert_ne!(whole, root("api", &commit, &[a, b]));
    }

    #[test]
    fn only_what_is_owned_counts_and_no_secret_is_in_it() {
        let object = |replicas: i64, status: &str, owner: &str| -> Object {
            json!({
                "apiVersion": "apps/v1", "kind": "Deployment",
                "metadata": {"name": "web", "resourceVersion": status, "managedFields": [{
                    "manager": owner, "operation": "Apply", "apiVersion": "apps/v1",
                    "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:replicas": {}}},
                }]},
                "spec": {"replicas": replicas, "paused": false}, "status": {"phase": status},
            })
            .into()
        };
        let of = |object: &Object| live(object, "kedge");
        assert_eq!(of(&object(1, "a", "kedge")), of(&object(1, "b", "kedge")));
        assert_ne!(of(&object(1, "a", "kedge")), of(&object(2, "a", "kedge")));
        assert_ne!(of(&object(1, "a", "kedge")), of(&object(1, "a", "other")));

        let secret = |data: Value| -> Object {
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": data})
                .into()
        };
        let known = wanted(&secret(json!({"password": "b25l"})));
        assert_eq!(known, wanted(&secret(json!({"password": "dHdv"}))));
        assert_ne!(known, wanted(&secret(json!({"token": "b25l"}))));
    }
}
