//! What an object has to do with others: who made it, what it made, whom it selects, whom it
//! names, and who names it. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use api::selector::LabelSelector;
use api::{Catalog, Object, ObjectKey, Uid};
use engine::Kinds;

use super::href;
use crate::service::ObjectNode;
use crate::web::view::component::State;

/// Of one sort.
const MOST: usize = 50;

/// What may be related to an object.
#[derive(Default)]
pub(crate) struct Around {
    /// The application that the links stay in.
    pub(crate) application: String,
    /// The application's objects and what they made.
    pub(crate) own: Vec<ObjectNode>,
    /// Live objects, as far as they are followed.
    pub(crate) live: Vec<(ObjectKey, Arc<Object>)>,
    pub(crate) pods: Vec<Arc<Object>>,
}

/// Another object, and how it is related.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Relation {
    /// `made by`, `made`, `selects`, `selected by`, `names`, `named by`.
    pub(crate) how: &'static str,
    pub(crate) kind: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    /// Empty where nothing more is known of it.
    pub(crate) href: String,
    /// What is none of the application's own objects: it has a page only where it is another's.
    pub(crate) elsewhere: Option<ObjectKey>,
    pub(crate) state: Option<State>,
}

impl Relation {
    /// `shop/web`
    pub(crate) fn place(&self) -> String {
        match self.namespace.as_str() {
            "" => self.name.clone(),
            namespace => format!("{namespace}/{}", self.name),
        }
    }
}

/// Everything that is known to be related.
pub(crate) fn related(
    object: &Object,
    key: &ObjectKey,
    catalog: &Arc<Catalog>,
    around: &Around,
) -> Vec<Relation> {
    let kinds = &Kinds::of(catalog.clone());
    let mut all = made_by(object, kinds, around);
    all.extend(made(object, around));
    all.extend(selected(object, around));
    all.extend(selecting(object, around));
    all.extend(named(object, kinds, catalog, around));
    all.extend(naming(object, key, kinds, around));
    all
}

fn relation(
    how: &'static str,
    kind: &str,
    key: &ObjectKey,
    is_known: bool,
    around: &Around,
) -> Relation {
    let node = around.own.iter().find(|node| node.key == *key);
    Relation {
        how,
        kind: kind.to_owned(),
        namespace: key.namespace.clone(),
        name: key.name.clone(),
        href: match node {
            Some(_) => href(&around.application, kind, key),
            None => String::new(),
        },
        elsewhere: (is_known && node.is_none()).then(|| key.clone()),
        state: node
            .and_then(|node| node.health.as_ref())
            .map(|health| State::health(health.status)),
    }
}

/// Leads to the pages of those that are other applications' objects.
pub(crate) fn lead_elsewhere(relations: &mut [Relation], owners: &BTreeMap<ObjectKey, String>) {
    for relation in relations {
        let key = relation.elsewhere.as_ref();
        let owner = key.and_then(|key| Some((key, owners.get(key)?)));
        if let Some((key, owner)) = owner.filter(|(_, owner)| !owner.is_empty()) {
            relation.href = href(owner, &relation.kind, key);
        }
    }
}

fn made_by(object: &Object, kinds: &Kinds, around: &Around) -> Vec<Relation> {
    let owners = object.owner_references().into_iter().take(MOST);
    let made_by = owners.map(|owner| {
        let gvk = api::GroupVersionKind::from_type_meta(&owner.api_version, &owner.kind);
        let known = kinds.find(&gvk);
        let collection = known.as_ref().map_or_else(
            || api::Collection::new(gvk.group.clone(), ""),
            |it| it.collection.clone(),
        );
        let key = collection.key(object.namespace(), &owner.name);
        relation("made by", &owner.kind, &key, known.is_some(), around)
    });
    made_by.collect()
}

fn made(object: &Object, around: &Around) -> Vec<Relation> {
    let uid = object.uid();
    let is_made = |owner: &Option<Uid>| !uid.0.is_empty() && owner.as_ref() == Some(&uid);
    let made = around.own.iter().filter(|node| is_made(&node.owner));
    made.take(MOST)
        .map(|node| relation("made", &node.kind, &node.key, true, around))
        .collect()
}

/// The pods that a Service, or a policy, is about.
fn selected(object: &Object, around: &Around) -> Vec<Relation> {
    let Some(selector) = selector(object) else {
        return Vec::new();
    };
    let pods = around
        .pods
        .iter()
        .filter(|pod| pod.namespace() == object.namespace());
    let found = pods.filter(|pod| selector.matches(pod));
    let collection = api::Collection::new("", "pods");
    found
        .take(MOST)
        .map(|pod| relation("selects", "Pod", &pod.key(&collection), true, around))
        .collect()
}

/// What a kind selects pods with, where it does not make them itself.
fn selector(object: &Object) -> Option<LabelSelector> {
    match object.kind() {
        "Service" => {
            let labels = object.pointer("/spec/selector")?;
            let is_empty = labels.as_object().is_none_or(serde_json::Map::is_empty);
            (!is_empty).then(|| LabelSelector::from_map(Some(labels)))
        }
        "NetworkPolicy" => Some(LabelSelector::from_object(
            object.pointer("/spec/podSelector"),
        )),
        "PodDisruptionBudget" => Some(LabelSelector::from_object(object.pointer("/spec/selector"))),
        _ => None,
    }
}

/// The Services and policies that are about an object's pods, or about it.
fn selecting(object: &Object, around: &Around) -> Vec<Relation> {
    let labels = match object.kind() {
        "Pod" => object.pointer("/metadata/labels"),
        _ => object.pointer("/spec/template/metadata/labels"),
    };
    let Some(labels) = labels.and_then(Value::as_object) else {
        return Vec::new();
    };
    let label = |name: &str| labels.get(name).and_then(Value::as_str);
    let near = around
        .live
        .iter()
        .filter(|(key, _)| key.namespace == object.namespace());
    let found = near
        .filter(|(_, other)| selector(other).is_some_and(|selector| selector.matches_with(label)));
    found
        .take(MOST)
        .map(|(key, other)| relation("selected by", other.kind(), key, true, around))
        .collect()
}

/// The objects that it names, such as the ConfigMaps of its pods.
fn named(object: &Object, kinds: &Kinds, catalog: &Catalog, around: &Around) -> Vec<Relation> {
    let all = engine::references(kinds, object).into_iter();
    let found = all.map(|named| {
        let is_it = |it: &&api::Resource| it.kind.eq_ignore_ascii_case(&named.kind);
        let known = catalog.resources().iter().find(is_it);
        let namespace = match known {
            Some(known) if !known.is_namespaced() => "",
            _ => named.namespace.as_str(),
        };
        let collection =
            known.map_or_else(|| api::Collection::new("", ""), api::Resource::collection);
        let key = collection.key(namespace, &named.name);
        relation("names", &named.kind, &key, known.is_some(), around)
    });
    found.take(MOST).collect()
}

/// Those that name it.
fn naming(object: &Object, key: &ObjectKey, kinds: &Kinds, around: &Around) -> Vec<Relation> {
    let names_it = |other: &Object| {
        let all = engine::references(kinds, other);
        all.iter().any(|named| {
            named.kind.eq_ignore_ascii_case(object.kind())
                && named.name == key.name
                && (key.namespace.is_empty() || named.namespace == key.namespace)
        })
    };
    let found = around.live.iter().filter(|(_, other)| names_it(other));
    // Of what a workload makes, the workload says it.
    let found = found.filter(|(_, other)| other.controller().is_none());
    found
        .take(MOST)
        .map(|(key, other)| relation("named by", other.kind(), key, true, around))
        .collect()
}
