use api::{Collection, Object};
use serde_json::json;

use super::*;
use crate::auth::{Authorizer, Identity, MASTERS};

fn object(kind: &str, namespace: &str, name: &str, body: &serde_json::Value) -> Object {
    let gvk = api::GroupVersionKind::new(GROUP, "v1", kind);
    let mut object = Object::new(&gvk, namespace, name);
    for (key, value) in body.as_object().unwrap() {
        object.body[key] = value.clone();
    }
    object
}

fn user(name: &str) -> Identity {
    Identity::authenticated(name, &[])
}

fn binding(role: &str, name: &str, subject: &serde_json::Value) -> serde_json::Value {
    json!({"roleRef": {"kind": role, "name": name}, "subjects": [subject]})
}

/// The default roles, and a few people.
fn cluster() -> Authorizer {
    let authorizer = Authorizer::default();
    for object in bootstrap_objects() {
        authorizer.observe(&object);
    }
    let jane = json!({"kind": "User", "name": "jane"});
    let team = json!({"kind": "Group", "name": "team"});
    let robot = json!({"kind": "ServiceAccount", "name": "robot"});
    for (kind, namespace, name, body) in [
        (
            "RoleBinding",
            "web",
            "jane",
            binding("ClusterRole", "edit", &jane),
        ),
        (
            "RoleBinding",
            "web",
            "robot",
            binding("Role", "logs", &robot),
        ),
        (
            "RoleBinding",
            "web",
            "lost",
            binding("Role", "gone", &json!({"kind": "User", "name": "lost"})),
        ),
        (
            "ClusterRoleBinding",
            "",
            "team",
            binding("ClusterRole", "view", &team),
        ),
    ] {
        authorizer.observe(&object(kind, namespace, name, &body));
    }
    let logs = json!({"rules": [
        {"verbs": ["get"], "apiGroups": [""], "resources": ["pods/log"], "resourceNames": ["web-0"]},
        {"verbs": ["update"], "apiGroups": ["apps"], "resources": ["*/scale"]},
        {"verbs": ["create"], "apiGroups": [""], "resources": ["pods/*"]},
    ]});
    authorizer.observe(&object("Role", "web", "logs", &logs));
    authorizer
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn roles_allow_what_they_say_where_they_are_given() {
    let authorizer = cluster();
    let on = |verb: &str, group: &str, resource: &str| Attributes::resource(verb, group, resource);
    let robot = Identity::service_account("web", "robot");
    let team = Identity::authenticated("joe", &["team"]);
    let admin = Identity::authenticated("root", &[MASTERS]);
    let reconciler = user("system:kedge:reconciler");
    let nobody = Identity::anonymous();
    let cases = [
        (&admin, on("delete", "", "nodes").named("n1"), true),
        (
            &reconciler,
            on("create", "apps", "deployments").in_namespace("x"),
            true,
        ),
        (
            &user("jane"),
            on("create", "apps", "deployments").in_namespace("web"),
            true,
        ),
        (
            &user("jane"),
            on("create", "apps", "deployments").in_namespace("other"),
            false,
        ),
        (&user("jane"), on("create", "apps", "deployments"), false),
        (
            &user("jane"),
            on("list", "", "pods").in_namespace("web"),
            true,
        ),
        (
            &user("jane"),
            on("create", "", "pods")
                .subresource("exec")
                .in_namespace("web"),
            true,
        ),
        (
            &user("jane"),
            on("create", "kedge.dev", "applications").in_namespace("web"),
            true,
        ),
        (
            &user("jane"),
            on("delete", "kedge.dev", "rollouts").in_namespace("web"),
            false,
        ),
        (
            &user("jane"),
            on("create", GROUP, "roles").in_namespace("web"),
            false,
        ),
        (&team, on("get", "", "pods").in_namespace("anywhere"), true),
        (&team, on("list", "", "pods"), true),
        (&team, on("list", "kedge.dev", "rollouts"), true),
        (&team, on("get", "", "secrets").in_namespace("web"), false),
        (
            &robot,
            on("get", "", "pods")
                .subresource("log")
                .in_namespace("web")
                .named("web-0"),
            true,
        ),
        (
            &robot,
            on("get", "", "pods")
                .subresource("log")
                .in_namespace("web")
                .named("web-1"),
            false,
        ),
        (
            &robot,
            on("get", "", "pods").in_namespace("web").named("web-0"),
            false,
        ),
        (
            &robot,
            on("update", "apps", "deployments")
                .subresource("scale")
                .in_namespace("web"),
            true,
        ),
        (
            &robot,
            on("update", "apps", "deployments").in_namespace("web"),
            false,
        ),
        (
            &robot,
            on("create", "", "pods")
                .subresource("eviction")
                .in_namespace("web"),
            true,
        ),
        (
            &Identity::service_account("other", "robot"),
            on("get", "", "pods")
                .subresource("log")
                .in_namespace("web")
                .named("web-0"),
            false,
        ),
        (&nobody, Attributes::path("get", "/version"), true),
        (&nobody, Attributes::path("get", "/apis"), false),
        (&user("jane"), Attributes::path("get", "/apis/apps"), true),
        (&user("jane"), Attributes::path("get", "/metrics"), false),
        (
            &user("jane"),
            on("create", "authorization.k8s.io", "selfsubjectaccessreviews"),
            true,
        ),
        (
            &nobody,
            on("create", "authorization.k8s.io", "selfsubjectaccessreviews"),
            false,
        ),
    ];
    for (identity, attributes, expected) in cases {
        let decision = authorizer.authorize(identity, &attributes);
        assert_eq!(
            decision.is_allowed(),
            expected,
            "{} {attributes:?}: {decision:?}",
            identity.name
        );
    }
}

#[test]
fn a_change_counts_at_once() {
    let authorizer = cluster();
    let pods = Attributes::resource("list", "", "pods").in_namespace("web");
    let list = |who: &str| authorizer.authorize(&user(who), &pods).is_allowed();
    assert!(list("jane"));
    let kim = binding(
        "ClusterRole",
        "edit",
        &json!({"kind": "User", "name": "kim"}),
    );
    authorizer.observe(&object("RoleBinding", "web", "jane", &kim));
    assert_eq!((list("jane"), list("kim")), (false, true));
    authorizer.forget(&Collection::new(GROUP, "rolebindings").key("web", "jane"));
    assert!(!list("kim"));

    // A role that joins an aggregate widens it; when it goes, so does what it gave.
    let widgets = Attributes::resource("get", "example.org", "widgets").in_namespace("web");
    let team = Identity::authenticated("joe", &["team"]);
    let mut role = object(
        "ClusterRole",
        "",
        "widgets",
        &json!({"rules": [
        {"verbs": ["get"], "apiGroups": ["example.org"], "resources": ["widgets"]}]}),
    );
    authorizer.observe(&role);
    assert!(!authorizer.authorize(&team, &widgets).is_allowed());
    role.set_label("rbac.authorization.k8s.io/aggregate-to-view", "true");
    authorizer.observe(&role);
    assert!(authorizer.authorize(&team, &widgets).is_allowed());
    authorizer.forget(&Collection::new(GROUP, "clusterroles").key("", "widgets"));
    assert!(!authorizer.authorize(&team, &widgets).is_allowed());
}

#[test]
fn a_refusal_says_who_what_and_why() {
    let authorizer = cluster();
    let get = Attributes::resource("get", "apps", "deployments")
        .subresource("scale")
        .in_namespace("web")
        .named("front");
    let status = authorizer.require(&user("lost"), &get).unwrap_err();
    assert_eq!(status.code(), 403);
    assert_eq!(
        status.message,
        "deployments.apps \"front\" is forbidden: User \"lost\" cannot get resource \
         \"deployments/scale\" in API group \"apps\" in the namespace \"web\": \
         RBAC: Role \"gone\" not found"
    );
    let path = Attributes::path("get", "/metrics");
    let status = authorizer.require(&user("jane"), &path).unwrap_err();
    assert_eq!(
        status.message,
        "forbidden: User \"jane\" cannot get path \"/metrics\""
    );
}

#[test]
fn nobody_hands_out_more_than_they_hold() {
    let authorizer = cluster();
    let held = json!({"rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods", "pods/log"]}]});
    let more =
        json!({"rules": [{"verbs": ["get", "create"], "apiGroups": [""], "resources": ["nodes"]}]});
    let aggregated = json!({"aggregationRule": {"clusterRoleSelectors": []}, "rules": []});
    let subject = json!({"kind": "User", "name": "kim"});
    let role = |body| object("Role", "web", "r", body);
    let bind =
        |kind: &str, name: &str| object("RoleBinding", "web", "b", &binding(kind, name, &subject));
    let cases = [
        ("jane", role(&held), None),
        ("jane", role(&more), Some(403)),
        (
            "jane",
            object("ClusterRole", "", "c", &aggregated),
            Some(403),
        ),
        ("jane", bind("ClusterRole", "view"), None),
        ("jane", bind("ClusterRole", "admin"), Some(403)),
        ("jane", bind("Role", "nowhere"), Some(404)),
        ("system:kedge:reconciler", role(&more), None),
        (
            "system:kedge:reconciler",
            bind("ClusterRole", "cluster-admin"),
            None,
        ),
        ("nobody", bind("ClusterRole", "view"), Some(403)),
    ];
    for (who, object, expected) in cases {
        let checked = check_escalation(&authorizer, &user(who), None, &object);
        let code = checked.as_ref().err().map(api::Status::code);
        assert_eq!(code, expected, "{who} {:?}: {checked:?}", object.body);
    }
    let refused = check_escalation(&authorizer, &user("jane"), None, &role(&more)).unwrap_err();
    assert!(
        refused
            .message
            .ends_with("{APIGroups:[\"\"], Resources:[\"nodes\"], Verbs:[\"get\" \"create\"]}"),
        "{}",
        refused.message
    );
    // What does not change is not checked again.
    let old = role(&more);
    assert!(check_escalation(&authorizer, &user("jane"), Some(&old), &old).is_ok());
}

#[test]
fn parts_of_a_rule_are_covered_by_it() {
    for rule in bootstrap_objects().iter().flat_map(|o| rules(&o.body)) {
        for part in rule.parts() {
            assert!(rule.covers(&part), "{rule:?} {part:?}");
            assert!(part == rule || !part.covers(&rule), "{rule:?} {part:?}");
        }
    }
    let named = Rule {
        resource_names: vec!["a".into()],
        ..Rule::all()[0].clone()
    };
    assert!(Rule::all()[0].covers(&named));
    assert!(!named.covers(&Rule::all()[0]));
}

#[test]
fn default_roles_are_brought_up_to_date() {
    let wanted = bootstrap_objects();
    assert!(wanted.len() > 130);
    assert_eq!(reconcile(&wanted, &wanted), []);
    assert_eq!(reconcile(&[], &wanted).len(), wanted.len());

    let position = wanted
        .iter()
        .position(|o| o.name() == "system:basic-user")
        .unwrap();
    let mut existing = wanted.clone();
    let extra = json!({"verbs": ["get"], "apiGroups": [""], "resources": ["things"]});
    existing[position].body["rules"] = json!([extra]);
    let changes = reconcile(&existing, &wanted);
    let [Bootstrap::Update(role)] = changes.as_slice() else {
        panic!("{changes:?}");
    };
    assert_eq!(role.body["rules"].as_array().map(Vec::len), Some(3));
    assert_eq!(role.body["rules"][0], extra);
    existing[position].set_annotation("rbac.authorization.kubernetes.io/autoupdate", "false");
    assert_eq!(reconcile(&existing, &wanted), []);

    let mut existing = wanted.clone();
    let bound = existing
        .iter_mut()
        .find(|o| o.name() == "system:discovery" && o.kind() == "ClusterRoleBinding")
        .unwrap();
    bound.body["roleRef"]["name"] = json!("other");
    assert!(matches!(
        reconcile(&existing, &wanted).as_slice(),
        [Bootstrap::Recreate(_)]
    ));
}

#[test]
fn aggregated_roles_show_their_rules() {
    let roles = bootstrap_objects();
    assert_eq!(aggregate(&roles), []);
    let mut changed = roles.clone();
    let admin = changed.iter_mut().find(|o| o.name() == "admin").unwrap();
    assert!(admin.body["rules"].as_array().unwrap().len() > 20);
    admin.body["rules"] = json!([]);
    assert_eq!(aggregate(&changed).len(), 1);
}
