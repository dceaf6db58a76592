//! The acceptance scenarios that need no containers.

mod by_hand;
mod change;
mod compare;
mod crash;
mod drift;
mod events;
mod figures;
mod foreign;
mod hooks;
mod hosted;
mod ignore;
mod made;
mod methods;
mod proofs;
mod prune;
mod public;
mod push;
mod records;
mod rollbacks;
mod rollouts;
mod scale;
mod several;
mod signatures;
mod sops;
mod trouble;
mod undo;
mod world;

use world::{World, by_hand, config_map, deployment, key, namespace};
