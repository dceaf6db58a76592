//! `GET /origins`: for the command line, which knows commit and field and wants file and line, and whose
//! the field is by the rule of the object's page.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use api::Collection;
use engine::Origin;
use engine::rollout::CommitId;

use crate::web::app::App;
use crate::web::asked::Query;
use crate::web::error::PageError;
use crate::web::json::{FieldOrigin, Origins};
use crate::web::view::object::{Sort, Whose, whose};

/// Fields of one request.
const MOST: usize = 100;

#[derive(Deserialize)]
pub(in crate::web) struct Wanted {
    /// Empty where none is known: then it is only said whose they are.
    #[serde(default)]
    commit: String,
    #[serde(default)]
    group: String,
    resource: String,
    #[serde(default)]
    namespace: String,
    name: String,
    /// One on each line.
    fields: String,
}

pub(in crate::web) async fn origins(
    State(app): State<Arc<App>>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, PageError> {
    let fields: Vec<String> = wanted.fields.lines().map(ToOwned::to_owned).collect();
    if fields.len() > MOST {
        return Err(PageError::BadRequest(format!("more than {MOST} fields")));
    }
    let collection = Collection::new(wanted.group, wanted.resource);
    let key = collection.key(&wanted.namespace, &wanted.name);
    let commit = CommitId(wanted.commit);
    let places = async {
        if commit.0.is_empty() {
            return Ok(Vec::new());
        }
        app.backend.origins(&key, &commit, &fields).await
    };
    let (places, object) = futures::join!(places, app.client.get(&key));
    // Of what is gone nobody can say it any more.
    let whose = object.map(|object| whose(&object)).unwrap_or_default();
    let items = of_fields(&fields, places?, &whose);
    Ok(Json(Origins { items }).into_response())
}

/// A default is in no file: the place of what it would be in is not told as its own.
fn of_fields(
    fields: &[String],
    places: Vec<Origin>,
    whose: &BTreeMap<String, Whose>,
) -> Vec<FieldOrigin> {
    let places = places.into_iter().map(Some).chain(std::iter::repeat(None));
    let one = |(field, place): (&String, Option<Origin>)| {
        let sort = whose.get(field).map(|whose| whose.sort);
        let place = place.filter(|_| sort != Some(Sort::Default));
        FieldOrigin {
            origin: place.unwrap_or_default(),
            sort,
        }
    };
    fields.iter().zip(places).map(one).collect()
}

#[test]
fn a_default_is_in_no_file() {
    let object = serde_json::json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "managedFields": [{"manager": "kedge", "operation": "Apply",
            "fieldsV1": {"f:spec": {"f:replicas": {}}}}]},
        "spec": {"replicas": 2, "revisionHistoryLimit": 10}});
    let fields = ["spec.replicas", "spec.revisionHistoryLimit", "spec.none"].map(String::from);
    let place = Origin {
        file: "web.yaml".into(),
        line: 5,
    };
    let told = |places: Vec<Origin>| -> Vec<(String, Option<Sort>)> {
        let items = of_fields(&fields, places, &whose(&object.clone().into()));
        let items = items.into_iter();
        items.map(|it| (it.origin.file, it.sort)).collect()
    };
    let (git, default) = (Some(Sort::Git), Some(Sort::Default));
    let file = || "web.yaml".to_owned();
    assert_eq!(
        told(vec![place.clone(), place.clone(), place]),
        [(file(), git), (String::new(), default), (file(), None)]
    );
    // Without a commit it is still known whose they are.
    let none = String::new;
    assert_eq!(
        told(Vec::new()),
        [(none(), git), (none(), default), (none(), None)]
    );
}
