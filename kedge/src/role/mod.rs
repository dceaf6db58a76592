//! The services that `kedge` can be.

pub(crate) mod agent;
pub(crate) mod orchestrator;
mod shutdown;

pub(crate) use shutdown::{asked_to_stop, until_asked_to_stop};
