//! What made a pod, and from which commit.

use jiff::SignedDuration;

use api::{GroupVersionKind, Object, ObjectKey, OwnerReference, parse_time};
use engine::rollout::CommitId;

use crate::history::{Rollout, RolloutQuery};
use crate::web::app::App;
use crate::web::view::object;

/// Where what made the pod has a page; empty for nowhere.
pub(super) fn made_by(app: &App, pod: &Object, owner: &str) -> String {
    let key = pod.controller().and_then(|it| maker(app, pod, &it));
    match (key, pod.controller()) {
        (Some(key), Some(made_by)) if !owner.is_empty() => object::href(owner, &made_by.kind, &key),
        _ => String::new(),
    }
}

fn maker(app: &App, pod: &Object, made_by: &OwnerReference) -> Option<ObjectKey> {
    let gvk = GroupVersionKind::from_type_meta(&made_by.api_version, &made_by.kind);
    let catalog = app.client.catalog();
    let collection = catalog.by_kind(&gvk)?.collection();
    Some(collection.key(pod.namespace(), &made_by.name))
}

/// Rollouts among which that of a pod is looked for.
const ROLLOUTS: u16 = 20;

/// The commit that its template is from: of the newest rollout that had begun when its ReplicaSet
/// was made, or without one, the pod itself.
pub(super) async fn origin(app: &App, pod: &Object, owner: &str) -> Option<CommitId> {
    if owner.is_empty() {
        return None;
    }
    let made_by = pod.controller().filter(|it| it.kind == "ReplicaSet");
    let set = made_by.and_then(|it| app.cached(&maker(app, pod, &it)?));
    let born = set.as_deref().unwrap_or(pod).creation_timestamp();
    // Written in whole seconds.
    let born = parse_time(born)? + SignedDuration::from_secs(1);
    let query = RolloutQuery {
        application: Some(owner.to_owned()),
        before: Some(born),
        limit: ROLLOUTS,
        ..RolloutQuery::default()
    };
    let rollouts = app.backend.rollouts(&query).await.ok()?;
    let begun = |it: &&Rollout| it.began_at.is_some_and(|at| at < born);
    Some(rollouts.iter().find(begun)?.revision.clone())
}
