//! What changes objects that are there: each of them once for a field of the kustomization and
//! for a plugin of its own.

pub(super) mod images;
pub(super) mod labels;
pub(super) mod names;
pub(super) mod namespace;
pub(super) mod replicas;
pub(super) mod value_add;
