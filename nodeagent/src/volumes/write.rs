//! Writes a volume's files so that a reader sees all of one version or all of the next.
//!
//! Files live in a directory of their version; `..data` points to it and is replaced by a
//! rename. The names people see are links through `..data`.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;

use super::Payload;

const CURRENT: &str = "..data";
const NEXT: &str = "..data_tmp";

/// Makes `volume` hold exactly `payload`. `version` names the new version and must be fresh.
/// Answers whether anything changed. `group` may read everything.
pub(crate) fn write_payload(
    volume: &Path,
    payload: &Payload,
    version: &str,
    group: Option<u32>,
) -> io::Result<bool> {
    fs::create_dir_all(volume)?;
    let current = fs::read_link(volume.join(CURRENT)).ok();
    let old = current.as_ref().map(|name| volume.join(name));
    if old.as_ref().is_some_and(|old| is_same(old, payload, group)) {
        link_names(volume, payload)?;
        return Ok(false);
    }
    let name = format!("..{version}");
    let new = volume.join(&name);
    fs::create_dir(&new)?;
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755))?;
    for (path, file) in payload {
        let target = new.join(path);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&target, &file.data)?;
        let mode = group_mode(file.mode, group);
        fs::set_permissions(&target, fs::Permissions::from_mode(mode))?;
        if file.owner.is_some() || group.is_some() {
            chown(&target, file.owner, group)?;
        }
    }
    let next = volume.join(NEXT);
    match fs::remove_file(&next) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    symlink(&name, &next)?;
    fs::rename(&next, volume.join(CURRENT))?;
    link_names(volume, payload)?;
    if let Some(old) = old {
        fs::remove_dir_all(old)?;
    }
    Ok(true)
}

/// The group may read what the owner may read.
fn group_mode(mode: u32, group: Option<u32>) -> u32 {
    match group {
        Some(_) => mode | 0o440,
        None => mode,
    }
}

fn is_same(old: &Path, payload: &Payload, group: Option<u32>) -> bool {
    let mut found = BTreeSet::new();
    if collect(old, old, &mut found).is_err() {
        return false;
    }
    let wanted: BTreeSet<String> = payload.keys().cloned().collect();
    found == wanted
        && payload.iter().all(|(path, file)| {
            let path = old.join(path);
            let mode = fs::metadata(&path).map(|meta| meta.permissions().mode() & 0o777);
            fs::read(&path).is_ok_and(|data| data == file.data)
                && mode.is_ok_and(|mode| mode == group_mode(file.mode, group))
        })
}

fn collect(root: &Path, directory: &Path, found: &mut BTreeSet<String>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            collect(root, &path, found)?;
        } else if let Ok(relative) = path.strip_prefix(root) {
            found.insert(relative.display().to_string());
        }
    }
    Ok(())
}

/// Makes the visible names, and takes away those that are no more.
fn link_names(volume: &Path, payload: &Payload) -> io::Result<()> {
    let wanted: BTreeSet<&str> = payload
        .keys()
        .filter_map(|path| path.split('/').next())
        .collect();
    for entry in fs::read_dir(volume)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with("..") && !wanted.contains(&*name) {
            fs::remove_file(entry.path())?;
        }
    }
    for name in wanted {
        let link = volume.join(name);
        if fs::symlink_metadata(&link).is_err() {
            symlink(Path::new(CURRENT).join(name), link)?;
        }
    }
    Ok(())
}
