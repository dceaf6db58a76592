//! Object by object: what a server without transactions is asked.

use futures::StreamExt;

use api::{Object, ObjectKey, Reason};
use client::{Client, Error, Patch, PatchOptions, Target, WriteOptions};
use engine::Kinds;

use super::cluster::Refusal;
use crate::config::MANAGER;

/// Dry runs that are under way at once.
const AT_ONCE: usize = 8;

/// Whether anything is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Write {
    Dry,
    Real,
}

/// Server-side apply. Git wins: what others own by now is taken over.
pub(super) async fn apply(
    client: &dyn Client,
    kinds: &Kinds,
    object: &Object,
    write: Write,
) -> Result<Object, Error> {
    let key = kinds.key(object).ok_or_else(|| Error::Decode {
        operation: "apply".into(),
        detail: format!("no kind {} is known", object.gvk()),
    })?;
    let options = PatchOptions {
        dry_run: write == Write::Dry,
        field_manager: MANAGER.into(),
        force: true,
    };
    let patch = Patch::Apply(object.clone());
    client.patch(&Target::object(key), &patch, &options).await
}

/// Replaces `live`, unless it is another one by now.
pub(super) async fn replace(
    client: &dyn Client,
    key: ObjectKey,
    mut next: Object,
    live: &Object,
) -> Result<Object, Error> {
    let version = live.body["metadata"]["resourceVersion"].clone();
    let metadata = next.metadata_mut();
    metadata.insert("resourceVersion".into(), version);
    let options = WriteOptions {
        field_manager: MANAGER.into(),
        ..WriteOptions::default()
    };
    client.replace(&Target::object(key), &next, &options).await
}

/// What the server would store for each; `None` where it does not say.
pub(super) async fn stored(
    client: &dyn Client,
    kinds: &Kinds,
    objects: &[&Object],
) -> Result<Vec<Option<Object>>, Refusal> {
    let asked: Vec<_> = objects
        .iter()
        .map(|object| apply(client, kinds, object, Write::Dry))
        .collect();
    let mut answers = futures::stream::iter(asked).buffered(AT_ONCE);
    let mut stored = Vec::with_capacity(objects.len());
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(object) => stored.push(Some(object)),
            Err(error) if is_unsaid(&error) => stored.push(None),
            Err(error) => {
                return Err(Refusal {
                    object: Some(stored.len()),
                    error,
                });
            }
        }
    }
    Ok(stored)
}

/// Its namespace is part of the same commit, or who admits it is only there for real writes: the
/// server cannot say.
fn is_unsaid(error: &Error) -> bool {
    match error {
        Error::Api(status) if status.reason == Reason::BadRequest => {
            status.message.contains("does not support dry run")
        }
        error => error.is_not_found(),
    }
}

#[cfg(test)]
mod tests {
    use api::Status;

    use super::*;

    #[test]
    fn what_a_server_cannot_say_is_no_refusal() {
        let check = |reason: Reason, message: &str, expected: bool| {
            let error = Error::from(Status::new(reason, message));
            assert_eq!(is_unsaid(&error), expected, "{message}");
        };
        check(Reason::NotFound, "namespaces \"shop\" not found", true);
        let webhook = "admission webhook \"a.example.org\" does not support dry run";
        check(Reason::BadRequest, webhook, true);
        check(Reason::BadRequest, "spec.replicas: not a number", false);
        check(Reason::Invalid, webhook, false);
    }
}
