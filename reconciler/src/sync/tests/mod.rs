//! The acceptance scenarios that need no containers.

mod crash;
mod ignore;
mod push;
mod records;
mod rollouts;
mod trouble;
mod undo;
mod world;

use world::{World, config_map, deployment, key, namespace};
