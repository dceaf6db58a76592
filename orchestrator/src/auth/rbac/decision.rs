//! The answer to "may this be done?", and how a no is told.

use api::{Reason, Status};

use super::{Attributes, RoleRef, Rule};
use crate::auth::Identity;

/// What an authorizer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// With what allowed it, for the audit trail.
    Allow(String),
    /// With a reason for people where there is one to give; often empty.
    Deny(String),
}

impl Decision {
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allow(_))
    }

    pub fn reason(&self) -> &str {
        match self {
            Self::Allow(reason) | Self::Deny(reason) => reason,
        }
    }
}

/// Answers from memory, in microseconds.
pub trait Authorize: Send + Sync + 'static {
    fn authorize(&self, identity: &Identity, attributes: &Attributes) -> Decision;

    /// Everything the identity is given in a namespace, what it has in all of them included.
    fn rules(&self, identity: &Identity, namespace: &str) -> Vec<Rule>;

    /// The rules of one role, seen from a binding in `namespace`; `None` where there is no such role.
    fn role_rules(&self, role: &RoleRef, namespace: &str) -> Option<Vec<Rule>>;

    /// The same as a `Result`, ready for `?` in a handler.
    fn require(&self, identity: &Identity, attributes: &Attributes) -> Result<(), Status> {
        match self.authorize(identity, attributes) {
            Decision::Allow(_) => Ok(()),
            Decision::Deny(reason) => Err(forbidden(identity, attributes, &reason)),
        }
    }
}

/// The 403 in Kubernetes' own words: `pods "web" is forbidden: User "jane" cannot get resource …`.
pub fn forbidden(identity: &Identity, attributes: &Attributes, reason: &str) -> Status {
    let user = &identity.name;
    let verb = &attributes.verb;
    let mut message = if attributes.is_resource() {
        let resource = attributes.qualified_resource();
        let scope = if attributes.namespace.is_empty() {
            " at the cluster scope".to_owned()
        } else {
            format!(" in the namespace \"{}\"", attributes.namespace)
        };
        let collection = if attributes.group.is_empty() {
            attributes.resource.clone()
        } else {
            format!("{}.{}", attributes.resource, attributes.group)
        };
        let object = if attributes.name.is_empty() {
            format!("{collection} is forbidden")
        } else {
            format!("{collection} \"{}\" is forbidden", attributes.name)
        };
        format!(
            "{object}: User \"{user}\" cannot {verb} resource \"{resource}\" in API group \"{}\"{scope}",
            attributes.group
        )
    } else {
        format!(
            "forbidden: User \"{user}\" cannot {verb} path \"{}\"",
            attributes.path
        )
    };
    if !reason.is_empty() {
        message.push_str(": ");
        message.push_str(reason);
    }
    Status {
        group: attributes.group.clone(),
        kind: attributes.resource.clone(),
        name: attributes.name.clone(),
        ..Status::new(Reason::Forbidden, message)
    }
}
