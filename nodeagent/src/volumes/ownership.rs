//! Who a volume's files belong to.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown};
use std::path::Path;

use api::k8s::core::v1 as core;

const SET_GID: u32 = 0o2000;

/// The group of a pod's volumes, and whether a volume whose root has it already is left alone.
pub(crate) fn owner(pod: &core::Pod) -> Option<(u32, bool)> {
    let context = pod.spec.as_ref()?.security_context.as_ref()?;
    let group = u32::try_from(context.fs_group?).ok()?;
    let lazily = context.fs_group_change_policy.as_deref() == Some("OnRootMismatch");
    Some((group, lazily))
}

/// Gives `path` and everything below to `group`, which may then read and write it; what is made
/// in its directories later belongs to the group too.
pub(crate) fn give_to_group(path: &Path, group: u32, lazily: bool) -> io::Result<()> {
    let root = fs::symlink_metadata(path)?;
    let is_right = root.gid() == group && root.permissions().mode() & SET_GID != 0;
    if lazily && is_right {
        return Ok(());
    }
    give(path, group)
}

fn give(path: &Path, group: u32) -> io::Result<()> {
    let meta = fs::symlink_metadata(path)?;
    lchown(path, None, Some(group))?;
    if meta.is_symlink() {
        return Ok(());
    }
    let extra = if meta.is_dir() {
        0o770 | SET_GID
    } else {
        0o660
    };
    fs::set_permissions(
        path,
        fs::Permissions::from_mode(meta.permissions().mode() | extra),
    )?;
    if meta.is_dir() {
        for entry in fs::read_dir(path)? {
            give(&entry?.path(), group)?;
        }
    }
    Ok(())
}
