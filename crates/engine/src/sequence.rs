//! In which order the objects of one wave are applied: what is named comes before what names it,
//! and where nothing is named, by kind and name.

use std::collections::{BTreeMap, BTreeSet};

use api::{Object, ObjectKey};

use crate::order;
use crate::reference::Reference;

/// One object to put in order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item<'a> {
    pub(crate) key: &'a ObjectKey,
    pub(crate) kind: &'a str,
    pub(crate) object: &'a Object,
    pub(crate) references: &'a [Reference],
}

/// The items in their order, each with its stage: those of one stage are healthy before the next one
/// begins.
///
/// # Errors
/// Items that wait for one another because people say so.
pub(crate) fn sequence(items: &[Item]) -> Result<Vec<(usize, u32)>, Vec<usize>> {
    let mut by_kind: Vec<usize> = (0..items.len()).collect();
    by_kind.sort_by(|a, b| order::compare(items[*a].object, items[*b].object));
    let mut left = Left::new(items, &by_kind);
    let mut stages = vec![0; items.len()];
    let mut ordered = Vec::with_capacity(items.len());
    while let Some(at) = left.next(&by_kind) {
        for edge in &left.after[at] {
            stages[edge.to] = stages[edge.to].max(stages[at] + u32::from(edge.said));
        }
        left.done(at);
        ordered.push((at, stages[at]));
    }
    if ordered.len() < items.len() {
        return Err(by_kind.into_iter().filter(|at| left.open[*at]).collect());
    }
    ordered.sort_by_key(|(_, stage)| *stage);
    Ok(ordered)
}

/// An object comes before `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Edge {
    to: usize,
    /// Whether a person says so, or nothing else will do.
    said: bool,
}

/// What is not in order yet.
struct Left {
    open: Vec<bool>,
    /// What comes after each one.
    after: Vec<Vec<Edge>>,
    /// How many each one waits for, and how many of these people named.
    waits: Vec<(usize, usize)>,
    /// The place of each by kind and name.
    places: Vec<usize>,
    /// Those that wait for nothing, by place.
    free: BTreeSet<usize>,
    /// Those that wait for nothing that people named.
    nearly: BTreeSet<usize>,
}

impl Left {
    fn new(items: &[Item], by_kind: &[usize]) -> Self {
        let after = edges(items);
        let mut waits = vec![(0, 0); items.len()];
        for edge in after.iter().flatten() {
            waits[edge.to].0 += 1;
            waits[edge.to].1 += usize::from(edge.said);
        }
        let mut places = vec![0; items.len()];
        for (place, at) in by_kind.iter().enumerate() {
            places[*at] = place;
        }
        let mut left = Self {
            open: vec![true; items.len()],
            after,
            waits,
            places,
            free: BTreeSet::new(),
            nearly: BTreeSet::new(),
        };
        (0..items.len()).for_each(|at| left.sort_in(at));
        left
    }

    fn sort_in(&mut self, at: usize) {
        let (place, (waits, said)) = (self.places[at], self.waits[at]);
        if waits == 0 {
            self.free.insert(place);
        }
        if said == 0 {
            self.nearly.insert(place);
        }
    }

    /// Of objects that name each other only what people say counts.
    fn next(&self, by_kind: &[usize]) -> Option<usize> {
        let place = self.free.first().or_else(|| self.nearly.first())?;
        Some(by_kind[*place])
    }

    fn done(&mut self, at: usize) {
        self.open[at] = false;
        self.free.remove(&self.places[at]);
        self.nearly.remove(&self.places[at]);
        for edge in std::mem::take(&mut self.after[at]) {
            self.waits[edge.to].0 -= 1;
            self.waits[edge.to].1 -= usize::from(edge.said);
            if self.open[edge.to] {
                self.sort_in(edge.to);
            }
        }
    }
}

/// What comes after each of the items.
fn edges(items: &[Item]) -> Vec<Vec<Edge>> {
    let mut named: BTreeMap<(String, &str), Vec<usize>> = BTreeMap::new();
    for (at, item) in items.iter().enumerate() {
        let name = (item.kind.to_ascii_lowercase(), item.key.name.as_str());
        named.entry(name).or_default().push(at);
    }
    let mut after = vec![Vec::new(); items.len()];
    for (to, item) in items.iter().enumerate() {
        for reference in item.references {
            let (kind, name) = reference.place();
            for from in named.get(&(kind, name)).into_iter().flatten().copied() {
                let other = &items[from];
                let said = reference.said || other.kind == "CustomResourceDefinition";
                if from != to && reference.is(other.kind, other.key) {
                    after[from].push(Edge { to, said });
                }
            }
        }
    }
    after
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{Kinds, Manifest, Origin, reference};

    /// Each as `Kind/name`, stages with `|` between them.
    fn order(objects: &[Value]) -> Result<String, Vec<usize>> {
        let kinds = Kinds::served();
        let manifests: Vec<Manifest> = objects
            .iter()
            .map(|body| Manifest {
                object: body.clone().into(),
                origin: Origin::default(),
            })
            .collect();
        let read = |it| reference::of_manifest(&kinds, it).unwrap();
        let references: Vec<Vec<Reference>> = manifests.iter().map(read).collect();
        let key = |it: &Manifest| kinds.key(&it.object).unwrap();
        let keys: Vec<ObjectKey> = manifests.iter().map(key).collect();
        let items: Vec<Item> = (0..objects.len())
            .map(|at| Item {
                key: &keys[at],
                kind: manifests[at].object.kind(),
                object: &manifests[at].object,
                references: &references[at],
            })
            .collect();
        let mut stage = 0;
        let ordered = sequence(&items)?.into_iter().map(|(at, now)| {
            let bar = if now > stage { "| " } else { "" };
            stage = now;
            let object = &manifests[at].object;
            format!("{bar}{}/{}", object.kind(), object.name())
        });
        Ok(ordered.collect::<Vec<_>>().join(" "))
    }

    fn object(kind: &str, name: &str, more: &Value) -> Value {
        let version = match kind {
            "Deployment" => "apps/v1",
            "Job" => "batch/v1",
            "Role" | "RoleBinding" => "rbac.authorization.k8s.io/v1",
            _ => "v1",
        };
        let mut body = json!({"apiVersion": version, "kind": kind,
            "metadata": {"name": name, "namespace": "shop"}});
        for (field, value) in more.as_object().into_iter().flatten() {
            let annotation = reference::DEPENDS_ON[0];
            match field.as_str() {
                "after" => body["metadata"]["annotations"] = json!({annotation: value}),
                field => body[field] = value.clone(),
            }
        }
        body
    }

    #[test]
    fn what_is_named_comes_before_what_names_it() {
        let check = |objects: &[Value], expected: &str| {
            assert_eq!(order(objects).as_deref(), Ok(expected));
        };
        let pod = |spec: Value| json!({"spec": {"template": {"spec": spec}}});
        let plain = |kind, name| object(kind, name, &json!({}));
        // By kind, where nothing is named.
        check(
            &[
                plain("Deployment", "b"),
                plain("Job", "a"),
                plain("Service", "c"),
            ],
            "Service/c Deployment/b Job/a",
        );
        // A role names no account, and a binding both of them.
        let subjects = json!([{"kind": "ServiceAccount", "name": "web"}]);
        let binding = json!({"roleRef": {"kind": "Role", "name": "read"}, "subjects": subjects});
        check(
            &[
                object("RoleBinding", "a", &binding),
                plain("Role", "read"),
                plain("ServiceAccount", "web"),
            ],
            "ServiceAccount/web Role/read RoleBinding/a",
        );
        // Against the order of kinds.
        let volumes = json!({"volumes": [{"persistentVolumeClaim": {"claimName": "data"}}],
            "containers": [{"envFrom": [{"secretRef": {"name": "key"}}]}]});
        check(
            &[
                object("Service", "early", &json!({"after": "Deployment/web"})),
                object("Deployment", "web", &pod(volumes)),
                plain("PersistentVolumeClaim", "data"),
                plain("Secret", "key"),
            ],
            "Secret/key PersistentVolumeClaim/data Deployment/web | Service/early",
        );
    }

    #[test]
    fn what_people_say_is_waited_for() {
        let after = |name: &str, what: &str| object("Deployment", name, &json!({"after": what}));
        let chain = [
            after("a", "deployment/b"),
            after("b", "apps/namespaces/shop/Deployment/c"),
            after("c", "ConfigMap/shop/settings,"),
            object("ConfigMap", "settings", &json!({})),
        ];
        assert_eq!(
            order(&chain).as_deref(),
            Ok("ConfigMap/settings | Deployment/c | Deployment/b | Deployment/a")
        );
        let circle = [after("a", "Deployment/b"), after("b", "Deployment/a")];
        assert_eq!(order(&circle), Err(vec![0, 1]));
        // What names each other without a word of anybody has an order all the same.
        let names = |name: &str, other: &str| {
            object(
                "ConfigMap",
                name,
                &json!({"spec": {"configMapRef": {"name": other}}}),
            )
        };
        let round = [names("b", "a"), names("a", "b")];
        assert_eq!(order(&round).as_deref(), Ok("ConfigMap/a ConfigMap/b"));
    }
}
