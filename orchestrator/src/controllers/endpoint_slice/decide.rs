//! Which slices a Service has and what is in them. Endpoints stay in the slice they are in, so
//! that one pod's change is one slice's change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::Object;
use serde_json::{Map, Value, json};

use super::endpoint::{Family, endpoint, ports};
use crate::controllers::action::Action;
use crate::controllers::collections::endpoint_slices;
use crate::controllers::names::Seed;

pub(super) const SERVICE_NAME: &str = "kubernetes.io/service-name";
pub(super) const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
pub(super) const MANAGER: &str = "endpointslice-controller.k8s.io";
const HEADLESS: &str = "service.kubernetes.io/headless";
/// The most endpoints in one slice.
const FULL: usize = 100;

/// What the caches hold for one Service.
pub(super) struct Observed {
    pub(super) service: Arc<Object>,
    /// Those the selector finds, ordered by name.
    pub(super) pods: Vec<Arc<Object>>,
    /// Those of this controller, ordered by name.
    pub(super) slices: Vec<Arc<Object>>,
}

/// Endpoints by the uid of their pod.
type Endpoints = BTreeMap<String, Value>;

/// Slices of one family with the same ports.
struct Group {
    family: Family,
    ports: Value,
    endpoints: Endpoints,
}

/// A slice as it should be: its ports and endpoints, in an existing object or a new one.
struct Filled<'a> {
    slice: Option<&'a Arc<Object>>,
    family: Family,
    ports: Value,
    endpoints: Vec<Value>,
}

pub(super) fn decide(observed: &Observed) -> Vec<Action> {
    let service = &observed.service;
    if service.is_deleting() {
        return Vec::new();
    }
    let selector = service.pointer("/spec/selector").and_then(Value::as_object);
    let is_external = service.text("/spec/type") == "ExternalName";
    if is_external || selector.is_none_or(Map::is_empty) {
        // Slices without a selector are their author's; what was made for the selector goes.
        return delete(observed.slices.iter());
    }
    let mut spare: Vec<&Arc<Object>> = observed.slices.iter().collect();
    let mut filled = Vec::new();
    for group in groups(observed) {
        filled.extend(fill(group, &mut spare));
    }
    if filled.is_empty() {
        filled.push(Filled {
            slice: None,
            family: families(service)[0],
            ports: json!([]),
            endpoints: Vec::new(),
        });
    }
    write(observed, filled, spare)
}

fn delete<'a>(slices: impl Iterator<Item = &'a Arc<Object>>) -> Vec<Action> {
    slices
        .filter(|slice| !slice.is_deleting())
        .map(|slice| Action::delete(&endpoint_slices(), slice))
        .collect()
}

fn families(service: &Object) -> Vec<Family> {
    let listed = service
        .pointer("/spec/ipFamilies")
        .and_then(Value::as_array);
    let families: Vec<Family> = Family::ALL
        .into_iter()
        .filter(|family| listed.is_some_and(|list| list.iter().any(|f| f == family.name())))
        .collect();
    if families.is_empty() {
        vec![Family::V4]
    } else {
        families
    }
}

fn groups(observed: &Observed) -> Vec<Group> {
    let service = &observed.service;
    let mut groups: BTreeMap<(Family, String), Group> = BTreeMap::new();
    for family in families(service) {
        for pod in &observed.pods {
            let Some(endpoint) = endpoint(pod, service, family) else {
                continue;
            };
            let ports = ports(pod, service);
            let group = groups
                .entry((family, ports.to_string()))
                .or_insert_with(|| Group {
                    family,
                    ports,
                    endpoints: Endpoints::new(),
                });
            group.endpoints.insert(pod.uid().0, endpoint);
        }
    }
    groups.into_values().collect()
}

/// Distributes a group: into the slices its endpoints are in already, then where there is room.
/// Slices it uses leave `spare`.
fn fill<'a>(mut group: Group, spare: &mut Vec<&'a Arc<Object>>) -> Vec<Filled<'a>> {
    let mut filled = Vec::new();
    spare.retain(|slice| {
        let is_same = slice.text("/addressType") == group.family.name()
            && slice.body["ports"] == group.ports
            && !slice.is_deleting();
        if !is_same {
            return true;
        }
        let kept: Vec<Value> = uids(slice)
            .filter_map(|uid| group.endpoints.remove(uid))
            .take(FULL)
            .collect();
        if kept.is_empty() {
            return true;
        }
        filled.push(Filled {
            slice: Some(slice),
            family: group.family,
            ports: group.ports.clone(),
            endpoints: kept,
        });
        false
    });
    let mut rest: Vec<Value> = group.endpoints.into_values().collect();
    rest.sort_by_key(|endpoint| endpoint["targetRef"]["name"].to_string());
    let mut rest = rest.into_iter();
    for slice in &mut filled {
        let room = FULL - slice.endpoints.len();
        slice.endpoints.extend(rest.by_ref().take(room));
    }
    loop {
        let endpoints: Vec<Value> = rest.by_ref().take(FULL).collect();
        if endpoints.is_empty() {
            return filled;
        }
        filled.push(Filled {
            slice: None,
            family: group.family,
            ports: group.ports.clone(),
            endpoints,
        });
    }
}

fn uids(slice: &Object) -> impl Iterator<Item = &str> {
    slice
        .pointer("/endpoints")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|endpoint| endpoint["targetRef"]["uid"].as_str())
}

/// Additions first, then what is gone: in between, a reader sees too much rather than too little.
fn write<'a>(
    observed: &Observed,
    filled: Vec<Filled<'a>>,
    mut spare: Vec<&'a Arc<Object>>,
) -> Vec<Action> {
    let service = &observed.service;
    let mut taken: BTreeSet<String> = observed
        .slices
        .iter()
        .map(|slice| slice.name().to_owned())
        .collect();
    let mut actions = Vec::new();
    for filled in filled {
        // A slice that nothing is in any more is used again rather than deleted and made anew.
        let reusable = |slice: &&Arc<Object>| {
            slice.text("/addressType") == filled.family.name() && !slice.is_deleting()
        };
        let slice = filled.slice.or_else(|| {
            let index = spare.iter().position(reusable)?;
            Some(spare.remove(index))
        });
        if let Some(old) = slice {
            actions.extend(replace(service, &filled, old));
        } else {
            actions.push(create(service, &filled, &mut taken));
        }
    }
    actions.extend(delete(spare.into_iter()));
    actions
}

fn replace(service: &Object, filled: &Filled, old: &Object) -> Option<Action> {
    let new = body(service, filled, old.clone());
    (new != *old).then(|| Action::Replace {
        collection: endpoint_slices(),
        object: new,
    })
}

fn create(service: &Object, filled: &Filled, taken: &mut BTreeSet<String>) -> Action {
    let seed = Seed::new([service.uid().0.as_str()]);
    let name = seed.names(service.name(), 1, taken).remove(0);
    let new = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {
            "name": name, "generateName": format!("{}-", service.name()),
            "namespace": service.namespace(),
            "ownerReferences": [service.controller_reference()],
        },
        "addressType": filled.family.name(),
    });
    taken.insert(name);
    Action::Create {
        collection: endpoint_slices(),
        object: body(service, filled, new.into()),
    }
}

fn body(service: &Object, filled: &Filled, mut slice: Object) -> Object {
    let labels = labels(service);
    slice.metadata_mut().insert("labels".into(), labels);
    slice.body["endpoints"] = json!(filled.endpoints);
    slice.body["ports"] = filled.ports.clone();
    slice
}

/// The Service's own labels, and what says whose slice it is.
fn labels(service: &Object) -> Value {
    let reserved = [SERVICE_NAME, MANAGED_BY, HEADLESS];
    let mut labels: Map<String, Value> = service
        .labels()
        .filter(|(key, _)| !reserved.contains(key))
        .map(|(key, value)| (key.to_owned(), json!(value)))
        .collect();
    labels.insert(SERVICE_NAME.into(), json!(service.name()));
    labels.insert(MANAGED_BY.into(), json!(MANAGER));
    if service.text("/spec/clusterIP") == "None" {
        labels.insert(HEADLESS.into(), json!(""));
    }
    labels.into()
}
