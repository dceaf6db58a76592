//! The services that `kedge` can be.

pub(crate) mod agent;
pub(crate) mod orchestrator;
mod shutdown;

pub(crate) use shutdown::until_asked_to_stop;
