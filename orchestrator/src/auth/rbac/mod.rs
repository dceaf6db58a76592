//! Role-based access control: roles and bindings in, decisions out.

mod attributes;
mod bootstrap;
mod decision;
mod escalation;
mod index;
mod install;
mod reconcile;
mod rule;

#[cfg(test)]
mod tests;

pub use attributes::Attributes;
pub use bootstrap::{bootstrap_objects, node_rules};
pub use decision::{Authorize, Decision, forbidden};
pub use escalation::check_escalation;
pub use index::{GROUP, Index, RoleRef, Subject, role_ref};
pub use install::{Aggregation, SYSTEM_NAMESPACES, install};
pub use reconcile::{Bootstrap, aggregate, collections, reconcile};
pub use rule::{Rule, rules};
