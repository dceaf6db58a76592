//! Test-only: simulated cluster, faults, invariants, end-to-end harness.

pub mod browser;
pub mod chatter;
pub mod frozen;
pub mod git_server;
pub mod instance;
pub mod provider;
pub mod public_server;
pub mod simulation;
pub mod sql;
pub mod visitor;
pub mod work_tree;
