//! `replicas`.

use super::fields::{Absent, visit};
use super::kustomization::Kustomization;
use super::resource::Resources;
use crate::Problems;

const KINDS: [&str; 4] = [
    "Deployment",
    "ReplicationController",
    "ReplicaSet",
    "StatefulSet",
];

pub(super) fn set(
    kustomization: &Kustomization,
    resources: &mut Resources,
) -> Result<(), Problems> {
    for replicas in &kustomization.replicas {
        let mut found = false;
        for resource in resources.iter_mut() {
            let matches = KINDS.contains(&resource.object.kind())
                && resource.was(|id| id.name == replicas.name);
            if matches {
                found = true;
                let body = &mut resource.object.body;
                visit(body, "spec/replicas", Absent::Text, &mut |value| {
                    *value = replicas.count.into();
                });
            }
        }
        if !found {
            let text = format!(
                "replicas names {:?}, and no workload is called so",
                replicas.name
            );
            return Err(kustomization.problem("replicas", text).into());
        }
    }
    Ok(())
}
