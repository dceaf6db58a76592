//! Who asks, and whether they may. Decisions read memory alone: never the store, never the clock.

pub mod authenticate;
mod authorizer;
mod follow;
mod identity;
pub mod kubeconfig;
pub mod node;
pub mod pki;
pub mod rbac;
pub mod reviews;
pub mod token;

pub use authorizer::Authorizer;
pub use follow::follow;
pub use identity::{
    ANONYMOUS, AUTHENTICATED, Identity, MASTERS, NODES, SERVICE_ACCOUNTS, UNAUTHENTICATED,
    node_name, parse_service_account, service_account_name,
};
