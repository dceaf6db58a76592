//! The order of the objects that come out: by kind unless `sortOptions` says otherwise.

use std::collections::HashMap;

use api::GroupVersionKind;

use super::kustomization::{LegacySortOptions, SortOptions};
use super::resource::{Id, Resources};
use super::site::Site;
use crate::Problem;

const FIRST: &[&str] = &[
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

const LAST: &[&str] = &[
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// Sorts as the root of the build says. Nothing said means by kind, as `kubectl kustomize` does.
pub(super) fn sort(
    site: &Site,
    options: Option<&SortOptions>,
    resources: &mut Resources,
) -> Result<(), Problem> {
    let Some(options) = options else {
        by_kind(FIRST, LAST, resources);
        return Ok(());
    };
    match (options.order.as_str(), &options.legacy_sort_options) {
        ("fifo", None) => {}
        ("fifo", Some(_)) => {
            let text = "legacySortOptions are for the order legacy only";
            return Err(site.field("legacySortOptions").problem(text));
        }
        ("legacy", None) => by_kind(FIRST, LAST, resources),
        (
            "legacy",
            Some(LegacySortOptions {
                order_first,
                order_last,
            }),
        ) => {
            let texts =
                |all: &'_ [String]| all.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
            let (first, last) = (texts(order_first), texts(order_last));
            let first: Vec<&str> = first.split_whitespace().collect();
            let last: Vec<&str> = last.split_whitespace().collect();
            by_kind(&first, &last, resources);
        }
        (other, _) => {
            let problem = site
                .field("order")
                .problem(format!("there is no order {other:?}"));
            return Err(problem.hint("write fifo or legacy"));
        }
    }
    Ok(())
}

fn by_kind(first: &[&str], last: &[&str], resources: &mut Resources) {
    let mut ranks: HashMap<&str, i64> = HashMap::new();
    ranks.extend(
        first
            .iter()
            .rev()
            .copied()
            .zip(1..)
            .map(|(kind, rank)| (kind, -rank)),
    );
    ranks.extend(last.iter().copied().zip(1..));
    resources.sort_by_cached_key(|resource| {
        let id = resource.id();
        let rank = ranks.get(id.gvk.kind.as_str()).copied().unwrap_or(0);
        (rank, kind_text(&id.gvk), id_text(&id))
    });
}

/// Kustomize orders by these texts, `~` being for what is not there.
fn kind_text(gvk: &GroupVersionKind) -> String {
    let or = |text: &str, absent: &str| {
        if text.is_empty() {
            absent.to_owned()
        } else {
            text.to_owned()
        }
    };
    let group = or(&gvk.group, "~G");
    format!("{group}_{}_{}", or(&gvk.version, "~V"), or(&gvk.kind, "~K"))
}

fn id_text(id: &Id) -> String {
    let namespace = if id.namespace.is_empty() {
        "~X"
    } else {
        &id.namespace
    };
    format!("{namespace}|{}", id.name)
}
