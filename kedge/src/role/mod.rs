//! The services that `kedge` can be.

pub(crate) mod agent;
pub(crate) mod following;
pub(crate) mod front;
pub(crate) mod orchestrator;
pub(crate) mod reconciler;
mod renewal;
mod shutdown;
pub(crate) mod sign_in;

pub(crate) use shutdown::{asked_to_stop, until_asked_to_stop};
