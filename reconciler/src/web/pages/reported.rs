//! Events, as the API server has them.

use std::time::Duration;

use api::selector::FieldSelector;
use api::{Collection, Object, ObjectKey};
use client::ListOptions;

use crate::web::app::App;

/// How long a page waits for a panel of its own.
const PANEL: Duration = Duration::from_secs(3);

/// What was reported about one object.
pub(super) async fn of_object(
    app: &App,
    kind: &str,
    key: &ObjectKey,
) -> Result<Vec<Object>, String> {
    let fields = format!(
        "involvedObject.kind={kind},involvedObject.name={}",
        key.name
    );
    let namespace = (!key.namespace.is_empty()).then(|| key.namespace.clone());
    list(app, namespace, &fields).await
}

/// Those of a namespace, or all, that have these fields.
pub(super) async fn list(
    app: &App,
    namespace: Option<String>,
    fields: &str,
) -> Result<Vec<Object>, String> {
    let options = ListOptions {
        namespace,
        fields: FieldSelector::parse(fields).map_err(|error| error.to_string())?,
        ..ListOptions::default()
    };
    let collection = Collection::new("", "events");
    let asking = app.client.list(&collection, &options);
    match tokio::time::timeout(PANEL, asking).await {
        Ok(Ok(list)) => Ok(list.items),
        Ok(Err(error)) => Err(crate::web::gate::chain(&error)),
        Err(_) => Err("the API server did not answer in time".into()),
    }
}
