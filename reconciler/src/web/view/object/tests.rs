use serde_json::{Value, json};

use super::*;
use crate::web::view::object::owner::Sort;

fn deployment() -> Object {
    Object::from(json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "uid": "u1", "labels": {"app": "web"},
            "managedFields": [
                {"manager": "kedge", "operation": "Apply", "time": "2026-03-01T10:00:00Z", "fieldsV1": {
                    "f:metadata": {"f:labels": {"f:app": {}}},
                    "f:spec": {"f:selector": {}, "f:template": {"f:spec": {"f:containers": {
                        "k:{\"name\":\"web\"}": {".": {}, "f:name": {}, "f:image": {}, "f:args": {}}}}}}}},
                {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status",
                    "fieldsV1": {"f:status": {"f:readyReplicas": {}}}},
                {"manager": "kubectl-edit", "operation": "Update", "time": "2026-03-01T11:00:00Z",
                    "fieldsV1": {"f:spec": {"f:replicas": {}, "f:template": {"f:spec": {"f:containers": {
                        "k:{\"name\":\"web\"}": {"f:image": {}}}}}}}},
            ]},
        "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"}},
            "template": {"spec": {"restartPolicy": "Always", "containers": [
                {"name": "web", "image": "shop/web:2", "args": ["a", "b"]}]}}},
        "status": {"readyReplicas": 3},
    }))
}

fn known(fields: &Value) -> Known {
    let guilt: Vec<Guilt> = serde_json::from_value(fields.clone()).unwrap();
    Known {
        guilt: guilt.into_iter().map(|it| (it.field.clone(), it)).collect(),
        commit: engine::rollout::CommitId("f".repeat(40)),
        ..Known::default()
    }
}

/// Whose the field is, and its name and commit.
fn whose(lines: &[Owned], path: &str) -> (Sort, String, String) {
    let line = lines.iter().find(|line| line.path == path);
    let owner = line
        .unwrap_or_else(|| panic!("no {path}: {lines:#?}"))
        .owner
        .clone()
        .unwrap();
    (owner.sort, owner.name, owner.commit.short().to_owned())
}

#[test]
fn every_field_has_its_owner() {
    let known = known(&json!([
        {"field": "spec.replicas", "user": "ann", "manager": "kubectl-edit"},
        {"field": "metadata.labels.app", "user": "system:kedge:reconciler", "manager": "kedge", "commit": "a".repeat(40)},
    ]));
    let lines = owned(&deployment(), &known);
    let own = "fffffff";
    for (path, sort, name, commit) in [
        ("metadata.labels.app", Sort::Git, "kedge", "aaaaaaa"),
        // The oldest that the log has of it.
        ("kind", Sort::Git, "kedge", "aaaaaaa"),
        ("metadata.uid", Sort::Controller, "API server", ""),
        ("spec.replicas", Sort::Person, "ann", ""),
        // Owned as a whole: what is in it is the owner's too.
        ("spec.selector.matchLabels.app", Sort::Git, "kedge", own),
        (
            "spec.template.spec.containers[name=web].args",
            Sort::Git,
            "kedge",
            own,
        ),
        (
            "spec.template.spec.containers[name=web].image",
            Sort::Git,
            "kedge",
            own,
        ),
        ("spec.template.spec.restartPolicy", Sort::Default, "", ""),
        (
            "status.readyReplicas",
            Sort::Controller,
            "kube-controller-manager",
            "",
        ),
    ] {
        let expected = (sort, name.to_owned(), commit.to_owned());
        assert_eq!(whose(&lines, path), expected, "{path}");
    }
    let image = lines.iter().find(|line| line.path.contains("].image"));
    assert_eq!(
        image.unwrap().owner.as_ref().unwrap().also,
        ["kubectl-edit"]
    );
}

#[test]
fn which_object_it_is_is_from_the_commit_that_added_it() {
    let mut known = known(&json!([
        {"field": "metadata.labels.app", "manager": "kedge", "commit": "b".repeat(40),
            "time": "2026-03-01T12:00:00Z"},
        {"field": "spec.selector", "manager": "kedge", "commit": "a".repeat(40),
            "time": "2026-03-01T10:00:00Z"},
        {"field": "spec.replicas", "manager": "kubectl-edit", "time": "2026-03-01T09:00:00Z"},
    ]));
    let kind = |known: &Known| whose(&owned(&deployment(), known), "kind").2;
    assert_eq!(kind(&known), "aaaaaaa");
    let fields = ["apiVersion", "kind", "metadata.name", "metadata.namespace"];
    assert_eq!(identity(&deployment(), &known), fields);
    // What Git says of the line is better.
    let line = engine::rollout::CommitId("c".repeat(40));
    known.brought.insert("kind".into(), line);
    assert_eq!(kind(&known), "ccccccc");
    let nothing = Known {
        commit: known.commit,
        ..Known::default()
    };
    assert_eq!(kind(&nothing), "fffffff");
}

#[test]
fn the_lines_are_the_object() {
    let mut object = deployment();
    let lines = owned(&object, &Known::default());
    let text: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    let read: Value = serde_yaml::from_str(&text.join("\n")).unwrap();
    object.metadata_mut().remove("managedFields");
    assert_eq!(read, object.body);
}

#[test]
fn who_scales_is_no_person_unless_a_person_does() {
    let scaled = |manager: &str| {
        let mut object = deployment();
        object.metadata_mut().insert(
            "managedFields".into(),
            json!([{"manager": manager, "operation": "Update", "subresource": "scale",
                "fieldsV1": {"f:spec": {"f:replicas": {}}}}]),
        );
        whose(&owned(&object, &Known::default()), "spec.replicas").0
    };
    assert_eq!(scaled("kube-controller-manager"), Sort::Autoscaler);
    assert_eq!(scaled("kubectl"), Sort::Person);
}

#[test]
fn a_secret_keeps_its_values() {
    let secret = Object::from(json!({"apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "s"}, "data": {"password": "aHVudGVyMg=="}}));
    let lines = owned(&secret, &Known::default());
    let text = format!("{lines:?}");
    assert!(
        text.contains("hidden, sha256") && !text.contains("aHVudGVyMg"),
        "{text}"
    );
}

#[test]
fn what_is_asked_of_the_repository_is_what_commits_ask_for() {
    let asked = asked(&deployment(), &known(&json!([])));
    let fields = asked.into_values().next().unwrap();
    assert!(fields.contains(&"metadata.labels.app".to_owned()));
    assert!(!fields.contains(&"spec.replicas".to_owned()));
}

#[test]
fn addresses_lead_to_objects_and_back() {
    let catalog = Catalog::built_in();
    for (name, expected) in [
        ("deployment.apps", Some("deployments")),
        ("deployments.apps", Some("deployments")),
        ("configmap", Some("configmaps")),
        ("deployment", None),
        ("nothing.example.org", None),
    ] {
        let found = resource(&catalog, name).map(|it| it.plural.clone());
        assert_eq!(found.as_deref(), expected, "{name}");
    }
    let key = api::Collection::new("apps", "deployments").key("shop", "web");
    assert_eq!(
        href("shop", "Deployment, new", &key),
        "/apps/shop/objects/deployment.apps/shop/web"
    );
    let node = api::Collection::new("", "nodes").key("", "a");
    assert_eq!(href("shop", "Node", &node), "/apps/shop/objects/node/-/a");
}

#[test]
fn related_are_those_who_made_select_and_name() {
    let object = |body: Value| std::sync::Arc::new(Object::from(body));
    let service = object(
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"selector": {"app": "web"}}}),
    );
    let pod = object(
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web-1", "namespace": "shop", "labels": {"app": "web"},
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-7", "uid": "r", "controller": true}]},
        "spec": {"serviceAccountName": "shop", "volumes": [{"name": "c", "configMap": {"name": "settings"}}]}}),
    );
    let services = api::Collection::new("", "services");
    let around = Around {
        application: "shop".into(),
        own: Vec::new(),
        live: vec![(services.key("shop", "web"), service.clone())],
        pods: vec![pod.clone()],
    };
    let catalog = Catalog::built_in();
    let check = |object: &Object, key: &ObjectKey, expected: &[&str]| {
        let all = related(object, key, &catalog, &around);
        let said: Vec<String> = all
            .iter()
            .map(|one| format!("{} {} {}", one.how, one.kind, one.place()))
            .collect();
        assert_eq!(said, expected);
    };
    check(
        &service,
        &services.key("shop", "web"),
        &["selects Pod shop/web-1"],
    );
    check(
        &pod,
        &api::Collection::new("", "pods").key("shop", "web-1"),
        &[
            "made by ReplicaSet shop/web-7",
            "selected by Service shop/web",
            "names ConfigMap shop/settings",
            "names ServiceAccount shop/shop",
        ],
    );
}

#[test]
fn an_object_leads_to_those_around_it() {
    let node = |name: &str, missing| ObjectNode {
        key: api::Collection::new("", "configmaps").key("shop", name),
        kind: "ConfigMap".into(),
        uid: api::Uid::default(),
        owner: None,
        wave: 0,
        health: None,
        created_at: None,
        missing,
        warning: String::new(),
    };
    let all = [node("a", false), node("b", true), node("c", false)];
    let around = |at: usize| neighbours("web", &all, &all[at].key);
    let page = |name: &str| format!("/apps/web/objects/configmap/shop/{name}");
    assert_eq!(around(0), (String::new(), page("c")));
    assert_eq!(around(2), (page("a"), String::new()));
    assert_eq!(around(1), (String::new(), String::new()), "it is not there");
}

#[test]
fn only_what_is_unwell_and_stays_leads_to_why() {
    let at = "2026-03-01T12:00:00Z".parse().unwrap();
    let key = api::Collection::new("apps", "deployments").key("shop", "web");
    let mut object = deployment();
    assert_eq!(
        head(&object, &key, "web", at).why,
        "/why/deployments.apps/shop/web"
    );
    object.body["metadata"]["deletionTimestamp"] = json!("2026-03-01T11:59:00Z");
    assert_eq!(head(&object, &key, "web", at).why, "");
}

#[test]
fn what_its_application_knows_of_an_object_is_at_its_head() {
    let at = "2026-03-01T12:00:00Z".parse().unwrap();
    let key = api::Collection::new("", "services").key("shop", "web");
    let object: Object = json!({"apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "web", "namespace": "shop"}, "spec": {"selector": {"app": "x"}}})
    .into();
    let mut node = ObjectNode {
        key: key.clone(),
        kind: "Service".into(),
        uid: api::Uid::default(),
        owner: None,
        wave: 0,
        health: Some(engine::Health::healthy()),
        created_at: None,
        missing: false,
        warning: "No pod in namespace shop has the labels app=x".into(),
    };
    let mut warned = head(&object, &key, "web", at);
    warned.among(std::slice::from_ref(&node), &object, &key);
    assert_eq!(warned.why, "/why/services/shop/web");
    let page = askama::Template::render(&warned).unwrap();
    assert!(page.contains("has the labels app=x. <a"), "{page}");
    assert!(page.contains("Leads nowhere"), "{page}");

    node.warning.clear();
    node.health = Some(engine::Health::degraded("a pod is broken"));
    let mut broken = head(&object, &key, "web", at);
    broken.among(&[node], &object, &key);
    assert_eq!(broken.why, "/why/services/shop/web");
    assert_eq!(broken.state.unwrap().tone, Tone::Bad);
}
