//! Events: as the API server has them, and as they are kept after it forgot them.

use std::collections::BTreeSet;
use std::time::Duration;

use api::selector::FieldSelector;
use api::{Collection, Object, ObjectKey, Uid};
use client::ListOptions;
use serde_json::Value;

use crate::history::ReportsAbout;
use crate::web::app::App;
use crate::web::gate::chain;
use crate::web::view::events::subject;
use crate::web::view::pod::{happened, message};

/// How long a page waits for a panel of its own.
const PANEL: Duration = Duration::from_secs(3);
/// Kept ones on one page.
const KEPT: u16 = 300;

/// Kind, namespace and name of what an event is about.
pub(super) type Subject = (String, String, String);

/// What was heard of the API server and of what is kept.
pub(super) struct Heard {
    /// Newest first; `None` where neither answered.
    pub(super) events: Option<Vec<Object>>,
    /// Which of the two did not answer, as a sentence; empty where both did.
    pub(super) error: String,
}

impl Heard {
    /// As programs get them.
    pub(super) fn bodies(self) -> Option<Vec<Value>> {
        let events = self.events?.into_iter();
        Some(events.map(|event| event.body).collect())
    }
}

/// What was reported about one object.
pub(super) async fn of_object(app: &App, kind: &str, key: &ObjectKey) -> Heard {
    let fields = format!(
        "involvedObject.kind={kind},involvedObject.name={}",
        key.name
    );
    let namespace = (!key.namespace.is_empty()).then(|| key.namespace.clone());
    let subject = (kind.to_owned(), key.namespace.clone(), key.name.clone());
    about(app, vec![subject], namespace, &fields).await
}

/// What was reported about some objects.
pub(super) async fn of_objects(app: &App, subjects: BTreeSet<Subject>) -> Heard {
    about(app, subjects.into_iter().collect(), None, "").await
}

/// What either of the two knows.
async fn about(
    app: &App,
    subjects: Vec<Subject>,
    namespace: Option<String>,
    fields: &str,
) -> Heard {
    let query = ReportsAbout {
        subjects,
        until: None,
        limit: KEPT,
    };
    let keeping = app.backend.reports_about(&query);
    let (live, kept) = futures::join!(list(app, namespace, fields), keeping);
    let kept = kept.map_err(|error| chain(&error));
    let error = match (&live, &kept) {
        (Ok(_), Ok(_)) => String::new(),
        (Err(error), Err(_)) => format!("The events cannot be read: {error}."),
        (Err(error), Ok(_)) => format!("The newest events cannot be read: {error}."),
        (Ok(_), Err(error)) => format!("The kept events cannot be read: {error}."),
    };
    if live.is_err() && kept.is_err() {
        let events = None;
        return Heard { events, error };
    }
    let (live, kept) = (live.unwrap_or_default(), kept.unwrap_or_default());
    let wanted: BTreeSet<Subject> = query.subjects.into_iter().collect();
    let live = live.into_iter().filter(|it| wanted.contains(&subject(it)));
    Heard {
        events: Some(merged(live.collect(), kept)),
        error,
    }
}

/// Both, each event once: as the API server has it now, where it has.
fn merged(live: Vec<Object>, kept: Vec<Object>) -> Vec<Object> {
    let known: BTreeSet<_> = live.iter().map(identity).collect();
    let more = kept.into_iter().filter(|it| !known.contains(&identity(it)));
    let more: Vec<Object> = more.collect();
    let mut all = live;
    all.extend(more);
    all.sort_by_key(|event| std::cmp::Reverse(happened(event)));
    all
}

/// What makes two of them the same event.
fn identity(event: &Object) -> (Uid, String, String) {
    let uid = event.uid();
    if uid.0.is_empty() {
        let (reason, message) = (event.text("/reason"), message(event));
        return (uid, reason.to_owned(), message.to_owned());
    }
    (uid, String::new(), String::new())
}

/// Those of a namespace, or all, that have these fields.
async fn list(app: &App, namespace: Option<String>, fields: &str) -> Result<Vec<Object>, String> {
    let options = ListOptions {
        namespace,
        fields: FieldSelector::parse(fields).map_err(|error| error.to_string())?,
        ..ListOptions::default()
    };
    let collection = Collection::new("", "events");
    let asking = app.client.list(&collection, &options);
    match tokio::time::timeout(PANEL, asking).await {
        Ok(Ok(list)) => Ok(list.items),
        Ok(Err(error)) => Err(chain(&error)),
        Err(_) => Err("the API server did not answer in time".into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_event_is_told_once_as_it_is_now() {
        let event = |uid: &str, count: i64, at: &str| -> Object {
            let body: Value = json!({
                "metadata": {"uid": uid}, "reason": "BackOff", "count": count,
                "lastTimestamp": format!("2026-03-01T{at}:00Z"),
            });
            body.into()
        };
        let live = vec![event("a", 14, "14:00")];
        let kept = vec![
            event("a", 12, "13:50"),
            event("b", 1, "09:00"),
            event("c", 3, "14:05"),
        ];
        let all = merged(live, kept);
        let told: Vec<(String, i64)> = all
            .iter()
            .map(|it| (it.uid().0, it.body["count"].as_i64().unwrap()))
            .collect();
        assert_eq!(told, [("c".into(), 3), ("a".into(), 14), ("b".into(), 1)]);
    }
}
