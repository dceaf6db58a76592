//! One object for programs.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use api::Object;
use engine::Health;
use engine::diff::masked;

use crate::web::view::object::{self as view, Owned};

/// Any object of an application.
#[derive(Debug, Serialize)]
pub struct ObjectPage {
    pub application: String,
    /// Absent for kinds that have none.
    pub health: Option<Health>,
    pub relations: Vec<Relation>,
    /// Whose each field is.
    pub fields: Vec<Field>,
    /// As it is, values of Secrets replaced by fingerprints.
    pub object: Value,
    /// As the API has them; absent where it does not answer.
    pub events: Option<Vec<Value>>,
}

/// What an object has to do with another one.
#[derive(Debug, Serialize)]
pub struct Relation {
    /// `made by`, `made`, `selects`, `selected by`, `names` or `named by`.
    pub how: &'static str,
    pub kind: String,
    pub namespace: String,
    pub name: String,
    /// The page of the other one; empty where nothing more is known of it.
    pub page: String,
}

/// A field and its owner.
#[derive(Debug, Serialize)]
pub struct Field {
    /// `spec.template.spec.containers[name=web].image`
    pub field: String,
    pub owner: Owner,
}

/// Who a field is from.
#[derive(Debug, Serialize)]
pub struct Owner {
    /// `git`, `controller`, `autoscaler`, `person` or `default`.
    pub sort: String,
    /// The person, or the field manager; empty for a default.
    pub name: String,
    /// Of Git; empty where it is not known.
    pub commit: String,
    /// Of Git: `shop/web.yaml:7`; empty where it is not known.
    pub place: String,
    pub since: Option<Timestamp>,
    /// Others that own it as well.
    pub also: Vec<String>,
}

/// An object that was deleted. The answer's status is 410.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GoneObject {
    pub application: String,
    pub deleted_at: Option<Timestamp>,
    /// When something was reported about it last; absent where nothing was.
    pub reported_at: Option<Timestamp>,
    pub by: String,
    /// The commit that left it out; empty where it was no commit.
    pub commit: String,
    /// As it was last; absent where that is no longer known.
    pub object: Option<Value>,
}

impl Relation {
    pub(in crate::web) fn of(relation: &view::Relation) -> Self {
        Self {
            how: relation.how,
            kind: relation.kind.clone(),
            namespace: relation.namespace.clone(),
            name: relation.name.clone(),
            page: relation.href.clone(),
        }
    }
}

impl Field {
    /// One for each field, in the order of the object.
    pub(in crate::web) fn of(lines: &[Owned]) -> Vec<Self> {
        let mut fields: Vec<Self> = Vec::new();
        for line in lines {
            let Some(owner) = &line.owner else { continue };
            if fields.last().is_some_and(|last| last.field == line.path) {
                continue;
            }
            fields.push(Self {
                field: line.path.clone(),
                owner: Owner::of(owner),
            });
        }
        fields
    }
}

impl Owner {
    fn of(owner: &view::Owner) -> Self {
        Self {
            sort: owner.sort.word().to_lowercase(),
            name: owner.name.clone(),
            commit: owner.commit.0.clone(),
            place: owner
                .origin
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            since: owner.since,
            also: owner.also.clone(),
        }
    }
}

/// The object as programs may see it.
pub(in crate::web) fn shown(object: &Object) -> Value {
    let mut body = masked(object).body;
    if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    body
}
