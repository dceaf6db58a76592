//! What the log of changes and the repository know of an object: who made each field what it is,
//! and where a commit asks for it.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use api::{Object, ObjectKey};
use engine::rollout::CommitId;

use super::object::Named;
use crate::web::app::App;
use crate::web::gate::chain;
use crate::web::view::object::{Guilt, Known, asked, identity};

/// Below this path is what Kedge's API server has and others have not.
const OWN: &str = "/apis/kedge.dev/v1alpha1";
/// How long each of the two may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// Commits that one object's fields are looked up in.
const COMMITS: usize = 8;

/// What the log says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Blame {
    pub(super) fields: Vec<Guilt>,
    /// That it was deleted, where it was.
    pub(super) deleted: Option<Deed>,
}

/// A deletion.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Deed {
    pub(super) revision: String,
    pub(super) time: Option<jiff::Timestamp>,
    pub(super) user: String,
    pub(super) manager: String,
    pub(super) commit: String,
}

impl Deed {
    /// Who did it, and with what.
    pub(super) fn who(&self) -> String {
        match (self.user.as_str(), self.manager.as_str()) {
            ("", one) | (one, "") => one.to_owned(),
            (user, manager) => format!("{user} with {manager}"),
        }
    }
}

/// Asks the log of an object; of one it knows nothing of, nothing.
pub(super) async fn blame(app: &App, key: &ObjectKey) -> Result<Option<Blame>, String> {
    let query = [
        ("group", key.collection.group.as_str()),
        ("resource", key.collection.resource.as_str()),
        ("namespace", key.namespace.as_str()),
        ("name", key.name.as_str()),
    ];
    let asking = format!("{OWN}/blame");
    let answer: Value = match tokio::time::timeout(PATIENCE, app.client.read(&asking, &query)).await
    {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) if error.is_not_found() => return Ok(None),
        Ok(Err(error)) => return Err(chain(&error)),
        Err(_) => return Err("the API server did not answer in time".into()),
    };
    let blame = serde_json::from_value(answer).map_err(|error| error.to_string())?;
    Ok(Some(blame))
}

/// All that is known of the owners of an object's fields, and why something may be missing.
pub(super) async fn known(app: &App, named: &Named, object: &Object) -> (Known, String) {
    let (mut known, mut error) = owners(app, named).await;
    if let Err(why) = locate(app, &named.key, object, &mut known).await
        && error.is_empty()
    {
        error = format!("Files and lines cannot be read: {why}.");
    }
    (known, error)
}

/// The same without files and lines.
pub(super) async fn owners(app: &App, named: &Named) -> (Known, String) {
    let (blame, error) = match blame(app, &named.key).await {
        Ok(blame) => (blame.unwrap_or_default(), String::new()),
        Err(error) => (
            Blame::default(),
            format!("Who changed which field, and for which commit, cannot be read: {error}."),
        ),
    };
    let view = app.backend.application(&named.application).await;
    let applied = view.map(|view| view.standing.applied.clone());
    let guilt = blame.fields.into_iter();
    let known = Known {
        guilt: guilt.map(|guilt| (guilt.field.clone(), guilt)).collect(),
        commit: applied.unwrap_or_default(),
        ..Known::default()
    };
    (known, error)
}

async fn locate(
    app: &App,
    key: &ObjectKey,
    object: &Object,
    known: &mut Known,
) -> Result<(), String> {
    let wanted: Vec<(CommitId, Vec<String>)> = asked(object, known).into_iter().collect();
    for (commit, fields) in wanted.into_iter().take(COMMITS) {
        let asking = app.backend.origins(key, &commit, &fields);
        let found = match tokio::time::timeout(PATIENCE, asking).await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => return Err(chain(&error)),
            Err(_) => return Err("the repository did not answer in time".into()),
        };
        known.origins.extend(fields.into_iter().zip(found));
    }
    brought(app, key, object, known).await
}

/// Asks which commit says which object it is: no apply owns such a field, so the log does not know.
async fn brought(
    app: &App,
    key: &ObjectKey,
    object: &Object,
    known: &mut Known,
) -> Result<(), String> {
    let fields = identity(object, known);
    if fields.is_empty() || known.commit.0.is_empty() {
        return Ok(());
    }
    let asking = app.backend.brought(key, &known.commit, &fields);
    let found = match tokio::time::timeout(PATIENCE, asking).await {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => return Err(chain(&error)),
        Err(_) => return Err("the repository did not answer in time".into()),
    };
    let found = fields.into_iter().zip(found);
    known.brought = found.filter(|(_, commit)| !commit.0.is_empty()).collect();
    Ok(())
}

/// The object as it was before a deletion.
pub(super) async fn before(app: &App, key: &ObjectKey, deed: &Deed) -> Option<Object> {
    let before = deed.revision.parse::<i64>().ok()? - 1;
    let catalog = app.client.catalog();
    let resource = catalog.by_collection(&key.collection)?;
    let path = format!("{}/{}", resource.collection_path(&key.namespace), key.name);
    let before = before.to_string();
    let query = [("at", before.as_str())];
    let asking = app.client.read(&path, &query);
    let answer = tokio::time::timeout(PATIENCE, asking).await;
    answer.ok()?.ok().map(Object::from)
}

/// The command that says the same.
pub(super) fn by_hand(named: &Named) -> String {
    let kind = named.kind.to_lowercase();
    match named.key.namespace.as_str() {
        "" => format!("kedge blame {kind}/{}", named.key.name),
        namespace => format!("kedge blame {kind}/{} -n {namespace}", named.key.name),
    }
}
