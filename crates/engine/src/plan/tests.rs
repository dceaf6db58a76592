use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use api::Object;

use super::*;
use crate::{Kinds, Manifest, Origin};

/// What is wanted, what is there, and what is on record.
#[derive(Default)]
struct Case {
    kinds: Kinds,
    manifests: Vec<Manifest>,
    live: BTreeMap<ObjectKey, Object>,
    inventory: Vec<InventoryEntry>,
}

impl Case {
    fn wanted(mut self, body: Value) -> Self {
        let line = u32::try_from(self.manifests.len()).unwrap() + 1;
        let origin = Origin {
            file: "apps/web.yaml".into(),
            line,
        };
        self.manifests.push(Manifest {
            object: body.into(),
            origin,
        });
        self
    }

    fn live(mut self, uid: &str, mut body: Value) -> Self {
        body["metadata"]["uid"] = json!(uid);
        let object = Object::from(body);
        self.live.insert(self.kinds.key(&object).unwrap(), object);
        self
    }

    fn recorded(mut self, uid: &str, body: Value) -> Self {
        let key = self.kinds.key(&body.into()).unwrap();
        self.inventory.push(InventoryEntry {
            key,
            uid: Uid(uid.into()),
        });
        self
    }

    fn plan(&self, prune: &Prune) -> Result<Plan, crate::Problems> {
        build(&Input {
            kinds: &self.kinds,
            manifests: &self.manifests,
            live: &self.live,
            stored: &BTreeMap::new(),
            renewed: &BTreeSet::new(),
            inventory: &self.inventory,
            prune,
        })
    }
}

fn object(version: &str, kind: &str, name: &str) -> Value {
    json!({"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "shop"}})
}

fn deployment(image: &str, replicas: i64) -> Value {
    let mut body = object("apps/v1", "Deployment", "web");
    body["spec"] = json!({"replicas": replicas, "template": {"spec": {"containers": [{"name": "web", "image": image}]}}});
    body
}

fn config(name: &str, wave: &str) -> Value {
    let mut body = object("v1", "ConfigMap", name);
    body["metadata"]["annotations"] = json!({"kedge.dev/sync-wave": wave});
    body
}

fn secret(password: &str) -> Value {
    let mut body = object("v1", "Secret", "db");
    body["data"] = json!({"password": password});
    body
}

#[test]
fn tells_what_would_be_done() {
    let mut protected = object("v1", "PersistentVolumeClaim", "data");
    protected["metadata"]["annotations"] = json!({"kedge.dev/prune": "disabled"});
    let mut leaving = config("leaving", "-1");
    leaving["metadata"]["deletionTimestamp"] = json!("2026-11-21T10:00:00Z");
    let case = Case::default()
        .wanted(deployment("web:2", 3))
        .wanted(object("v1", "Service", "web"))
        .wanted(object("v1", "ServiceAccount", "same"))
        .wanted(config("early", "-1"))
        .wanted(config("leaving", "-1"))
        .live("8", leaving)
        .wanted(secret("bmV3"))
        .live("1", deployment("web:1", 2))
        .live("2", object("v1", "ServiceAccount", "same"))
        .live("3", secret("b2xk"))
        .live("4", config("gone", "1"))
        .recorded("4", config("gone", "1"))
        .live("5", protected.clone())
        .recorded("5", protected)
        .live("other", config("taken", "0"))
        .recorded("mine", config("taken", "0"))
        .recorded("7", config("vanished", "0"));
    let plan = case.plan(&Prune::Delete).unwrap();
    let text = format!("{}\n{}", counts(&plan), lines(&plan).join("\n"));
    insta::assert_snapshot!(text);
    assert_eq!(plan.forgotten.len(), 2);
    assert!(!plan.is_empty());
    let kept = case.plan(&Prune::Keep).unwrap();
    assert_eq!((kept.deletes.len(), kept.kept.len()), (0, 2));
}

#[test]
fn what_may_hold_data_is_not_deleted_by_itself() {
    let within = || Prune::Within(api::kinds::PruneBudget::Objects(20));
    let check = |kind: &str, annotation: &str, prune: Prune, expected: &str| {
        let version = if kind == "StatefulSet" {
            "apps/v1"
        } else {
            "v1"
        };
        let mut body = object(version, kind, "x");
        if let Some((name, value)) = annotation.split_once(": ") {
            body["metadata"]["annotations"] = json!({name: value});
        }
        let mut case = Case::default();
        let stateful = crate::Kind {
            collection: api::Collection::new("apps", "statefulsets"),
            scope: api::Scope::Namespaced,
        };
        let gvk = api::GroupVersionKind::new("apps", "v1", "StatefulSet");
        case.kinds.insert(gvk, stateful);
        let case = case.live("1", body.clone()).recorded("1", body);
        let plan = case.plan(&prune).unwrap();
        let kept = plan.kept.first();
        let said = match kept.map(|kept| kept.asks) {
            Some(true) => "asks",
            Some(false) => "stays",
            None => "goes",
        };
        assert_eq!(said, expected, "{kind} {annotation} {prune:?}");
    };
    check("ConfigMap", "", within(), "goes");
    check("Namespace", "", within(), "asks");
    check("PersistentVolumeClaim", "", within(), "asks");
    check("StatefulSet", "", within(), "asks");
    check("StatefulSet", "", Prune::KeepData, "goes");
    check("Namespace", "", Prune::KeepData, "stays");
    check("Namespace", "", Prune::Delete, "goes");
    check("Namespace", "kedge.dev/prune: enabled", within(), "goes");
    check(
        "Namespace",
        "kedge.dev/prune: enabled",
        Prune::KeepData,
        "goes",
    );
    check("ConfigMap", "kedge.dev/prune: confirm", within(), "asks");
    check(
        "ConfigMap",
        "kedge.dev/prune: confirm",
        Prune::Delete,
        "goes",
    );
    check(
        "ConfigMap",
        "kedge.dev/prune: disabled",
        Prune::Delete,
        "stays",
    );
    let argo = |option: &str| format!("argocd.argoproj.io/sync-options: Validate=false, {option}");
    check("ConfigMap", &argo("Prune=confirm"), within(), "asks");
    check("ConfigMap", &argo("Prune=false"), within(), "stays");
    check("ConfigMap", "", Prune::Keep, "stays");
}

#[test]
fn nothing_to_do_is_said_so() {
    let case = Case::default()
        .wanted(deployment("web:1", 2))
        .live("1", deployment("web:1", 2))
        .recorded("1", deployment("web:1", 2));
    let plan = case.plan(&Prune::Delete).unwrap();
    assert!(plan.is_empty());
    assert_eq!(counts(&plan).to_string(), "no changes (1 unchanged)");
}

#[test]
fn deletes_in_the_reverse_order_of_creation() {
    let gone = [
        config("a", "0"),
        deployment("web:1", 1),
        config("late", "5"),
        object("v1", "Namespace", "x"),
    ];
    let case = gone.into_iter().fold(Case::default(), |case, body| {
        case.live("u", body.clone()).recorded("u", body)
    });
    let plan = case.plan(&Prune::Delete).unwrap();
    let names: Vec<String> = plan.deletes.iter().map(Deletion::title).collect();
    assert_eq!(
        names,
        [
            "ConfigMap shop/late",
            "Deployment shop/web",
            "ConfigMap shop/a",
            "Namespace x"
        ]
    );
}

#[test]
fn an_unknown_kind_is_an_error_with_its_place() {
    let case = Case::default().wanted(object("apps/v1beta1", "Deployment", "web"));
    let problems = case.plan(&Prune::Delete).unwrap_err();
    assert_eq!(
        problems.summary(),
        "apps/web.yaml:1: the server knows no kind Deployment of apps/v1beta1 in Deployment shop/web, \
         did you mean Deployment of apps/v1?"
    );
}

#[test]
fn the_digest_names_the_work_and_not_the_moment() {
    let case = |image: &str, version: &str| {
        let mut live = deployment("web:1", 2);
        live["metadata"]["resourceVersion"] = json!(version);
        live["status"] = json!({"replicas": version});
        let case = Case::default().wanted(deployment(image, 2)).live("1", live);
        case.plan(&Prune::Delete).unwrap().digest()
    };
    assert_eq!(case("web:2", "1"), case("web:2", "2"));
    assert_ne!(case("web:2", "1"), case("web:3", "1"));
}

#[test]
fn why_something_waits_is_said_once_for_all_of_a_reason() {
    let kept = |name: &str, reason: &str, asks| Kept {
        key: api::Collection::new("", "configmaps").key("shop", name),
        kind: "ConfigMap".into(),
        reason: reason.into(),
        asks,
    };
    let plan = Plan {
        kept: vec![
            kept("a", "2 left", true),
            kept("never", "it stays", false),
            kept("b", "2 left", true),
            kept("c", "it may hold data", true),
        ],
        ..Plan::default()
    };
    assert_eq!(
        lines(&plan),
        [
            "? delete  ConfigMap shop/a (only when asked: 2 left)",
            "? delete  ConfigMap shop/b",
            "? delete  ConfigMap shop/c (only when asked: it may hold data)",
            "= keep    ConfigMap shop/never (it stays)",
        ]
    );
}
