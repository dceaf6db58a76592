//! Why a pod has no node: asked of the scheduler that decides it; Git says what a fix would change.

use serde::Serialize;

use api::Object;
use client::{Placement, placement};
use engine::why::{Facts, draft};

use super::{PATIENCE, commits, gather, key_of};
use crate::web::app::App;

/// What the scheduler says, and the commits that would mend it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pending {
    pub namespace: String,
    pub pod: String,
    #[serde(flatten)]
    pub placement: Placement,
    /// A patch for each of the fixes, in their order; empty where the fix is none of a line.
    pub drafts: Vec<String>,
}

/// `None` where the pod has a node, or where the server's scheduler does not explain itself.
pub(in crate::web) async fn of_pod(app: &App, pod: &Object) -> Option<Pending> {
    let waits = pod.text("/spec/nodeName").is_empty()
        && pod
            .condition("PodScheduled")
            .is_some_and(|scheduled| scheduled.status == "False");
    if !waits {
        return None;
    }
    let key = api::Collection::new("", "pods").key(pod.namespace(), pod.name());
    let asking = placement::ask(&*app.client, &key);
    let placement = tokio::time::timeout(PATIENCE, asking).await.ok()?.ok()??;
    let facts = Facts {
        owners: gather::owners(app, pod).await,
        object: pod.clone(),
        ..Facts::default()
    };
    let mut drafts = Vec::new();
    for fix in &placement.fixes {
        let drafting = async {
            let change = fix.field.as_ref()?;
            let field = facts.pod_field(&change.path);
            let key = key_of(&facts, &field)?;
            let commits = commits(app, &facts, &key).await;
            let written = app
                .backend
                .written(&key, &commits, &field.path)
                .await
                .ok()??;
            draft(&written, &change.from, &change.to)
        };
        let drafted = tokio::time::timeout(PATIENCE, drafting).await;
        drafts.push(drafted.ok().flatten().unwrap_or_default());
    }
    Some(Pending {
        namespace: pod.namespace().into(),
        pod: pod.name().into(),
        placement,
        drafts,
    })
}
