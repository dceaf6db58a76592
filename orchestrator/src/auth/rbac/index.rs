//! Roles and bindings, arranged so that one question reads only what concerns it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use api::selector::LabelSelector;
use api::{Object, ObjectKey};

use super::rule::{Rule, rules};
use super::{Attributes, Decision};
use crate::auth::{Identity, service_account_name};

/// The API group of all these kinds.
pub const GROUP: &str = "rbac.authorization.k8s.io";

/// Who is given a role. Service accounts count as the users they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    User(String),
    Group(String),
}

/// The role that a binding gives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoleRef {
    /// `Role` or `ClusterRole`.
    pub kind: String,
    pub name: String,
}

/// All roles and bindings of the cluster.
#[derive(Debug, Default)]
pub struct Index {
    cluster_roles: BTreeMap<String, ClusterRole>,
    /// By namespace and name.
    roles: BTreeMap<(String, String), Vec<Rule>>,
    /// By namespace; the empty one holds the cluster's own bindings.
    scopes: BTreeMap<String, Bindings>,
}

#[derive(Debug, Default)]
struct ClusterRole {
    labels: BTreeMap<String, String>,
    /// Where there are any, the rules come from the roles they select.
    selectors: Vec<LabelSelector>,
    rules: Vec<Rule>,
}

#[derive(Debug, Default)]
struct Bindings {
    by_name: BTreeMap<String, (RoleRef, Vec<Subject>)>,
    /// Names of bindings.
    users: BTreeMap<String, BTreeSet<String>>,
    groups: BTreeMap<String, BTreeSet<String>>,
}

impl Index {
    /// Takes in the state of a role or binding; other kinds are passed over.
    pub fn observe(&mut self, object: &Object) {
        let (namespace, name) = (object.namespace().to_owned(), object.name().to_owned());
        match object.kind() {
            "ClusterRole" => {
                self.cluster_roles.insert(name, cluster_role(object));
                self.aggregate();
            }
            "Role" => {
                self.roles.insert((namespace, name), rules(&object.body));
            }
            "ClusterRoleBinding" | "RoleBinding" => {
                let (role, subjects) = (role_ref(&object.body), subjects(object));
                let scope = self.scopes.entry(namespace).or_default();
                scope.remove(&name);
                scope.insert(name, role, subjects);
            }
            _ => {}
        }
    }

    /// Drops a role or binding.
    pub fn forget(&mut self, key: &ObjectKey) {
        if key.collection.group != GROUP {
            return;
        }
        match key.collection.resource.as_str() {
            "clusterroles" => {
                self.cluster_roles.remove(&key.name);
                self.aggregate();
            }
            "roles" => {
                let place = (key.namespace.clone(), key.name.clone());
                self.roles.remove(&place);
            }
            "clusterrolebindings" | "rolebindings" => {
                if let Some(scope) = self.scopes.get_mut(&key.namespace) {
                    scope.remove(&key.name);
                }
            }
            _ => {}
        }
    }

    /// Whether a role that the identity was given allows this.
    pub fn decide(&self, identity: &Identity, attributes: &Attributes) -> Decision {
        let mut missing = Vec::new();
        let mut allowed_by = None;
        self.visit(
            identity,
            &attributes.namespace,
            |namespace, binding, role| {
                match self.role_rules(role, namespace) {
                    None => missing.push(format!("{} \"{}\" not found", role.kind, role.name)),
                    Some(rules) if rules.iter().any(|rule| rule.allows(attributes)) => {
                        allowed_by = Some(allowed(namespace, binding, role));
                        return false;
                    }
                    Some(_) => {}
                }
                true
            },
        );
        match allowed_by {
            Some(reason) => Decision::Allow(reason),
            None if missing.is_empty() => Decision::Deny(String::new()),
            None => Decision::Deny(format!("RBAC: {}", missing.join(", "))),
        }
    }

    /// Everything the identity was given in a namespace, the cluster's own included.
    pub fn rules(&self, identity: &Identity, namespace: &str) -> Vec<Rule> {
        let mut all: Vec<Rule> = Vec::new();
        self.visit(identity, namespace, |namespace, _, role| {
            for rule in self.role_rules(role, namespace).unwrap_or_default() {
                if !all.contains(rule) {
                    all.push(rule.clone());
                }
            }
            true
        });
        all
    }

    /// The rules of a role, seen from a binding in `namespace`.
    pub fn role_rules(&self, role: &RoleRef, namespace: &str) -> Option<&[Rule]> {
        if role.kind == "ClusterRole" {
            return self
                .cluster_roles
                .get(&role.name)
                .map(|r| r.rules.as_slice());
        }
        let place = (namespace.to_owned(), role.name.clone());
        self.roles.get(&place).map(Vec::as_slice)
    }

    /// Shows each role the identity was given, until `visit` answers `false`.
    fn visit<'a>(
        &'a self,
        identity: &Identity,
        namespace: &'a str,
        mut visit: impl FnMut(&'a str, &'a str, &'a RoleRef) -> bool,
    ) {
        let own = (!namespace.is_empty()).then_some(namespace);
        for scope in std::iter::once("").chain(own) {
            let Some(bindings) = self.scopes.get(scope) else {
                continue;
            };
            let users = bindings.users.get(&identity.name).into_iter();
            let groups = identity
                .groups
                .iter()
                .filter_map(|g| bindings.groups.get(g));
            for name in users.chain(groups).flatten() {
                let Some((role, _)) = bindings.by_name.get(name) else {
                    continue;
                };
                if !visit(scope, name, role) {
                    return;
                }
            }
        }
    }

    /// Computes the rules of the roles that are made of others.
    fn aggregate(&mut self) {
        let computed: Vec<(String, Vec<Rule>)> = self
            .cluster_roles
            .iter()
            .filter(|(_, role)| !role.selectors.is_empty())
            .map(|(name, _)| {
                let mut rules = Vec::new();
                self.collect(name, &mut BTreeSet::new(), &mut rules);
                (name.clone(), rules)
            })
            .collect();
        for (name, rules) in computed {
            if let Some(role) = self.cluster_roles.get_mut(&name) {
                role.rules = rules;
            }
        }
    }

    /// The selected roles' rules, through roles that are themselves made of others.
    fn collect(&self, name: &str, seen: &mut BTreeSet<String>, into: &mut Vec<Rule>) {
        let Some(role) = self.cluster_roles.get(name) else {
            return;
        };
        if !seen.insert(name.to_owned()) {
            return;
        }
        if role.selectors.is_empty() {
            for rule in &role.rules {
                if !into.contains(rule) {
                    into.push(rule.clone());
                }
            }
            return;
        }
        for (other, candidate) in &self.cluster_roles {
            let labels = &candidate.labels;
            if role
                .selectors
                .iter()
                .any(|selector| selects(selector, labels))
            {
                self.collect(other, seen, into);
            }
        }
    }
}

impl Bindings {
    fn insert(&mut self, name: String, role: RoleRef, subjects: Vec<Subject>) {
        for subject in &subjects {
            let (map, key) = match subject {
                Subject::User(user) => (&mut self.users, user),
                Subject::Group(group) => (&mut self.groups, group),
            };
            map.entry(key.clone()).or_default().insert(name.clone());
        }
        self.by_name.insert(name, (role, subjects));
    }

    fn remove(&mut self, name: &str) {
        let Some((_, subjects)) = self.by_name.remove(name) else {
            return;
        };
        for subject in subjects {
            let (map, key) = match &subject {
                Subject::User(user) => (&mut self.users, user),
                Subject::Group(group) => (&mut self.groups, group),
            };
            if let Some(names) = map.get_mut(key) {
                names.remove(name);
                if names.is_empty() {
                    map.remove(key);
                }
            }
        }
    }
}

fn allowed(namespace: &str, binding: &str, role: &RoleRef) -> String {
    let (kind, place) = if namespace.is_empty() {
        ("ClusterRoleBinding", binding.to_owned())
    } else {
        ("RoleBinding", format!("{binding}/{namespace}"))
    };
    format!(
        "RBAC: allowed by {kind} \"{place}\" of {} \"{}\"",
        role.kind, role.name
    )
}

fn cluster_role(object: &Object) -> ClusterRole {
    let selectors = object.body["aggregationRule"]["clusterRoleSelectors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|selector| LabelSelector::from_object(Some(selector)))
        .collect();
    ClusterRole {
        labels: object
            .labels()
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
        selectors,
        rules: rules(&object.body),
    }
}

/// The `roleRef` of a binding's body.
pub fn role_ref(body: &Value) -> RoleRef {
    let text = |field: &str| {
        body["roleRef"][field]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    RoleRef {
        kind: text("kind"),
        name: text("name"),
    }
}

fn subjects(binding: &Object) -> Vec<Subject> {
    let text =
        |subject: &Value, field: &str| subject[field].as_str().unwrap_or_default().to_owned();
    binding.body["subjects"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|subject| {
            let name = text(subject, "name");
            match subject["kind"].as_str()? {
                "User" => Some(Subject::User(name)),
                "Group" => Some(Subject::Group(name)),
                "ServiceAccount" => {
                    let namespace = match text(subject, "namespace") {
                        own if own.is_empty() => binding.namespace().to_owned(),
                        other => other,
                    };
                    (!namespace.is_empty())
                        .then(|| Subject::User(service_account_name(&namespace, &name)))
                }
                _ => None,
            }
        })
        .collect()
}

fn selects(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    selector.matches_with(|key| labels.get(key).map(String::as_str))
}
