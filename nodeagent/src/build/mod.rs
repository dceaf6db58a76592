//! From a pod's spec to what the runtime is asked for. Pure.

mod container;
pub(crate) mod image;
pub(crate) mod resources;
mod sandbox;
pub(crate) mod security;
#[cfg(test)]
mod tests;

pub(crate) use container::{Inputs, container_config};
pub(crate) use sandbox::{hosts_file, sandbox_config};
