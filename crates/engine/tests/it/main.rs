//! Everything that needs more than this crate.

mod cases;
mod fuzzing;
mod kustomize;
mod properties;
mod why;
