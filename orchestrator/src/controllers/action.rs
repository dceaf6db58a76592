//! What controllers do to the cluster, as values, and the one place that does it.

use futures::future::join_all;

use api::{Collection, Object, ObjectKey, ResourceVersion, Uid};
use client::{Client, Context, DeleteOptions, Error, EventRecorder, Target, WriteOptions};

pub(crate) use client::{EventType, Propagation};

/// The largest group of creations or deletions that are under way at once.
const GROUP: usize = 64;

/// One step toward the spec. Each is safe to repeat: creations have names that follow from what
/// was observed, changes carry the version they were made from, deletions a uid.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    Create {
        collection: Collection,
        object: Object,
    },
    /// Replaces the whole object, at the version it was observed at.
    Replace {
        collection: Collection,
        object: Object,
    },
    /// Replaces the status, at the version it was observed at.
    ReplaceStatus {
        collection: Collection,
        object: Object,
    },
    /// Replaces `child` by its adopted form, if its new owner is still there and not going.
    Adopt {
        owner: ObjectKey,
        owner_uid: Uid,
        collection: Collection,
        child: Object,
    },
    Delete {
        key: ObjectKey,
        uid: Uid,
        /// The version the decision was made from; empty where any later one is as good.
        version: ResourceVersion,
        propagation: Propagation,
    },
    Record {
        about: Object,
        kind: EventType,
        reason: &'static str,
        message: String,
    },
}

impl Action {
    /// Background deletion of exactly this object.
    pub(crate) fn delete(collection: &Collection, object: &Object) -> Self {
        Self::Delete {
            key: object.key(collection),
            uid: object.uid(),
            version: ResourceVersion::default(),
            propagation: Propagation::Background,
        }
    }

    pub(crate) fn normal(about: &Object, reason: &'static str, message: String) -> Self {
        Self::record(about, EventType::Normal, reason, message)
    }

    pub(crate) fn warning(about: &Object, reason: &'static str, message: String) -> Self {
        Self::record(about, EventType::Warning, reason, message)
    }

    fn record(about: &Object, kind: EventType, reason: &'static str, message: String) -> Self {
        // An event needs the identity of its object only.
        let about = Object::from(serde_json::json!({
            "apiVersion": about.text("/apiVersion"), "kind": about.kind(),
            "metadata": {
                "name": about.name(), "namespace": about.namespace(), "uid": about.uid(),
                "resourceVersion": about.resource_version(),
            },
        }));
        Self::Record {
            about,
            kind,
            reason,
            message,
        }
    }

    fn is_create(&self) -> bool {
        matches!(self, Self::Create { .. })
    }

    fn is_delete(&self) -> bool {
        matches!(self, Self::Delete { .. })
    }
}

/// Carries actions out, in order, up to the first failure. Neighbouring creations start slowly
/// (1, 2, 4, …), so that what cannot succeed fails once and not a thousand times.
pub(crate) async fn execute(
    actions: &[Action],
    context: &Context<'_>,
    recorder: &EventRecorder,
) -> Result<(), Error> {
    let mut rest = actions;
    let mut group = 1;
    while let Some(first) = rest.first() {
        let alike = rest
            .iter()
            .take_while(|next| {
                (first.is_create() && next.is_create()) || (first.is_delete() && next.is_delete())
            })
            .count();
        if first.is_delete() {
            group = GROUP;
        }
        let (now, later) = rest.split_at(alike.clamp(1, group));
        finish(now.iter().map(|action| perform(action, context, recorder))).await?;
        group = if first.is_create() {
            (group * 2).min(GROUP)
        } else {
            1
        };
        rest = later;
    }
    Ok(())
}

/// Runs all of them to their ends, then answers the first failure. One that was dropped on its
/// way might be carried out unseen, and made once more by the next run.
async fn finish(
    calls: impl Iterator<Item = impl Future<Output = Result<(), Error>>>,
) -> Result<(), Error> {
    join_all(calls).await.into_iter().collect()
}

async fn perform(
    action: &Action,
    context: &Context<'_>,
    recorder: &EventRecorder,
) -> Result<(), Error> {
    let client = context.client;
    let options = WriteOptions {
        field_manager: "kube-controller-manager".into(),
        ..WriteOptions::default()
    };
    match action {
        Action::Create { collection, object } => create(client, collection, object, &options).await,
        Action::Replace { collection, object } => {
            let target = Target::object(object.key(collection));
            client.replace(&target, object, &options).await.map(|_| ())
        }
        Action::ReplaceStatus { collection, object } => {
            let target = Target::status(object.key(collection));
            client.replace(&target, object, &options).await.map(|_| ())
        }
        Action::Adopt {
            owner,
            owner_uid,
            collection,
            child,
        } => {
            let live = client.get(owner).await?;
            if live.uid() != *owner_uid || live.is_deleting() {
                return Ok(());
            }
            let target = Target::object(child.key(collection));
            client.replace(&target, child, &options).await.map(|_| ())
        }
        Action::Delete {
            key,
            uid,
            version,
            propagation,
        } => {
            let options = DeleteOptions {
                uid: Some(uid.clone()),
                resource_version: Some(version.clone()).filter(|version| !version.0.is_empty()),
                propagation: Some(*propagation),
                ..DeleteOptions::default()
            };
            match client.delete(key, &options).await {
                Err(error) if !error.is_not_found() => Err(error),
                _ => Ok(()),
            }
        }
        Action::Record {
            about,
            kind,
            reason,
            message,
        } => {
            recorder.record(about, *kind, reason, message);
            Ok(())
        }
    }
}

/// A name that is taken by the very child this creation stands for counts as success: an earlier
/// reply was lost, or another leader was faster.
async fn create(
    client: &dyn Client,
    collection: &Collection,
    object: &Object,
    options: &WriteOptions,
) -> Result<(), Error> {
    match client.create(collection, object, options).await {
        Err(error) if error.is_already_exists() => {
            let live = client.get(&object.key(collection)).await?;
            let same = |uid: Option<Uid>| uid.is_some_and(|uid| !uid.0.is_empty());
            let owner = live.controller().map(|owner| owner.uid);
            if owner == object.controller().map(|owner| owner.uid) && same(owner) {
                Ok(())
            } else {
                Err(error)
            }
        }
        answer => answer.map(|_| ()),
    }
}

#[cfg(test)]
mod tests {
    use futures::future::BoxFuture;

    use super::*;

    #[tokio::test]
    async fn a_failure_does_not_drop_what_is_under_way() {
        let mut is_finished = false;
        let fails: BoxFuture<'_, _> = Box::pin(async {
            Err(Error::Transport {
                operation: "create".into(),
                source: "cut".into(),
            })
        });
        let takes_longer: BoxFuture<'_, _> = Box::pin(async {
            tokio::task::yield_now().await;
            is_finished = true;
            Ok(())
        });
        assert!(finish([fails, takes_longer].into_iter()).await.is_err());
        assert!(is_finished);
    }
}
