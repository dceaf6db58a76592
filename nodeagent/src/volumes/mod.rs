//! Volumes: what each holds (`plan`, pure), where that comes from (`collect`), and how it gets
//! on disk (`write`, `mount`, `ownership`).

mod collect;
mod files;
mod mount;
mod ownership;
mod paths;
mod plan;
mod subpath;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use collect::Collector;
pub(crate) use mount::{mount_tmpfs, unmount_below};
pub(crate) use ownership::{give_to_group, owner};
pub(crate) use paths::PodPaths;
pub(crate) use plan::{Payload, Plan, Source, needs_refresh, plan};
pub(crate) use subpath::subpath;
pub(crate) use write::write_payload;
