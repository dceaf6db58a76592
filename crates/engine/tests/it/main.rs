//! Everything that needs more than this crate.

mod kustomize;
