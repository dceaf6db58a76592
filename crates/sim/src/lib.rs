//! Test-only: simulated cluster, faults, invariants, end-to-end harness.

pub mod instance;
