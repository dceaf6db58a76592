//! Who asks, and whether they may. Nothing here reads the store or the clock.

mod identity;
pub mod rbac;

pub use identity::{
    ANONYMOUS, AUTHENTICATED, Identity, MASTERS, NODES, SERVICE_ACCOUNTS, UNAUTHENTICATED,
    node_name, parse_service_account, service_account_name,
};
