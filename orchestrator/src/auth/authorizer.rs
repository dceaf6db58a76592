//! The one authorizer: superusers, then node agents by what their pods need, then roles.

use std::sync::{PoisonError, RwLock};

use api::{Collection, Object, ObjectKey, Status};

use super::node::{self, Change, Graph};
use super::rbac::{self, Attributes, Authorize, Decision, Index, RoleRef, Rule};
use super::{Identity, MASTERS};

/// Holds everything permissions depend on in memory. Whoever owns the watch cache tells it of
/// each change, in order: [`Authorizer::observe`] and [`Authorizer::forget`].
#[derive(Debug, Default)]
pub struct Authorizer {
    roles: RwLock<Index>,
    graph: RwLock<Graph>,
}

impl Authorizer {
    /// The collections whose changes it must be told of.
    pub fn collections() -> Vec<Collection> {
        let core = ["pods", "persistentvolumeclaims"].map(|name| Collection::new("", name));
        rbac::collections().into_iter().chain(core).collect()
    }

    /// Takes in the state of one object; kinds that do not matter here are passed over.
    pub fn observe(&self, object: &Object) {
        match object.kind() {
            "Pod" | "PersistentVolumeClaim" => write(&self.graph).observe(object),
            "Role" | "RoleBinding" | "ClusterRole" | "ClusterRoleBinding" => {
                write(&self.roles).observe(object);
            }
            _ => {}
        }
    }

    /// Takes in that an object is gone.
    pub fn forget(&self, key: &ObjectKey) {
        match key.collection.group.as_str() {
            "" => write(&self.graph).forget(key),
            rbac::GROUP => write(&self.roles).forget(key),
            _ => {}
        }
    }

    /// The admission check on what node agents write; everybody else passes.
    pub fn restrict(&self, identity: &Identity, change: &Change<'_>) -> Result<(), Status> {
        match identity.node() {
            Some(node) if !identity.is_in(MASTERS) => {
                node::restrict(&*read(&self.graph), node, change)
            }
            _ => Ok(()),
        }
    }
}

impl Authorize for Authorizer {
    fn authorize(&self, identity: &Identity, attributes: &Attributes) -> Decision {
        if identity.is_in(MASTERS) {
            return Decision::Allow(MASTERS.to_owned());
        }
        let by_role = || read(&self.roles).decide(identity, attributes);
        let Some(node) = identity.node() else {
            return by_role();
        };
        let by_node = node::authorize(&*read(&self.graph), node, attributes);
        if by_node.is_allowed() {
            return by_node;
        }
        let by_role = by_role();
        if by_role.is_allowed() || by_node.reason().is_empty() {
            by_role
        } else {
            by_node
        }
    }

    // What an agent may do because of its pods is no rule, and nothing it could hand on.
    fn rules(&self, identity: &Identity, namespace: &str) -> Vec<Rule> {
        let mut rules = Vec::new();
        if identity.is_in(MASTERS) {
            rules.extend(Rule::all());
        }
        rules.extend(read(&self.roles).rules(identity, namespace));
        rules
    }

    fn role_rules(&self, role: &RoleRef, namespace: &str) -> Option<Vec<Rule>> {
        read(&self.roles)
            .role_rules(role, namespace)
            .map(<[Rule]>::to_vec)
    }
}

/// A panic while writing cannot leave a half-made state that grants more; go on.
fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
