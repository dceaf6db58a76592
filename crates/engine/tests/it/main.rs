//! Everything that needs more than this crate.

mod cases;
mod kustomize;
mod properties;
