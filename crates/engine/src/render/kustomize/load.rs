//! Finds the files and directories that a kustomization names.

use std::sync::Arc;

use super::build::Build;
use super::site::Site;
use crate::tree::path;
use crate::{Problem, Problems};

/// The path of an entry, which must not be somewhere else on the network.
pub(super) fn local(site: &Site, entry: &str) -> Result<String, Problem> {
    if entry.is_empty() {
        return Err(site.problem("names no file"));
    }
    if is_remote(entry) {
        let text =
            format!("{entry:?} is outside of the repository; remote bases are not supported");
        return Err(site.problem(text).hint("commit a copy of it"));
    }
    path::join(site.directory(), entry)
        .ok_or_else(|| site.problem(format!("{entry:?} leaves the repository")))
}

fn is_remote(entry: &str) -> bool {
    entry.contains("://")
        || entry.contains("?ref=")
        || entry.starts_with("git@")
        || entry.starts_with("git::")
        || ["github.com/", "gitlab.com/", "bitbucket.org/"]
            .iter()
            .any(|host| entry.starts_with(host))
}

/// Kustomize reads files only below the kustomization that names them; bases may be anywhere.
pub(super) fn inside(site: &Site, entry: &str, place: &str) -> Result<(), Problem> {
    let directory = site.directory();
    if directory.is_empty() || place.starts_with(&format!("{directory}/")) {
        return Ok(());
    }
    let text = format!("the file {entry:?} is not in or below the directory of the kustomization");
    Err(site
        .problem(text)
        .hint("only directories with a kustomization can be elsewhere"))
}

/// A file that a field of the kustomization names.
pub(super) fn read(
    build: &Build,
    site: &Site,
    entry: &str,
) -> Result<(String, Arc<[u8]>), Problems> {
    let place = file(site, entry)?;
    match build.reader.file(&place)? {
        Some(bytes) => Ok((place, bytes)),
        None => Err(missing(site, entry)),
    }
}

/// The same, of a file that becomes one value.
pub(super) fn whole(build: &Build, site: &Site, entry: &str) -> Result<Arc<[u8]>, Problems> {
    let found = build.reader.whole(&file(site, entry)?)?;
    found.ok_or_else(|| missing(site, entry))
}

fn file(site: &Site, entry: &str) -> Result<String, Problem> {
    let place = local(site, entry)?;
    inside(site, entry, &place)?;
    Ok(place)
}

fn missing(site: &Site, entry: &str) -> Problems {
    site.problem(format!("there is no file {entry:?}")).into()
}
