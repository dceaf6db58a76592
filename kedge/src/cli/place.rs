//! Where files belong: the repository around a path, and which Applications it has.

use std::path::{Component, Path, PathBuf};

use anyhow::{anyhow, bail};

use super::cause::unreadable;

use engine::application::DIRECTORY;

/// A path of the command line, in its repository.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The directory nothing is read outside of: the work tree of the Git repository, or else the
    /// cluster repository around the path, or else the path itself.
    pub(super) root: PathBuf,
    /// The path below `root`, with `/`; empty for the root itself.
    pub(super) path: String,
    /// The nearest directory, upward from the path, that has `apps/`; below `root`.
    pub(super) cluster: Option<String>,
}

impl Place {
    /// Finds what is around `path`, which must exist.
    pub(super) fn find(path: &Path) -> anyhow::Result<Self> {
        let full = path.canonicalize().map_err(|error| {
            let what = unreadable(path, &error);
            anyhow!("{what}; PATH is a directory or a file with manifests")
        })?;
        let around = |name: &str| full.ancestors().find(|inner| inner.join(name).exists());
        let directory = if full.is_dir() {
            full.as_path()
        } else {
            full.parent().unwrap_or(&full)
        };
        let git = around(".git");
        let cluster = full
            .ancestors()
            .take_while(|inner| git.is_none_or(|git| inner.starts_with(git)))
            .find(|inner| inner.join(DIRECTORY).is_dir());
        let root = git.or(cluster).unwrap_or(directory);
        Ok(Self {
            path: below(root, &full)?,
            cluster: cluster.map(|cluster| below(root, cluster)).transpose()?,
            root: root.to_owned(),
        })
    }

    /// Whether the path is the cluster repository itself.
    pub(super) fn is_cluster(&self) -> bool {
        self.cluster.as_ref() == Some(&self.path)
    }

    /// A file below `root` as it is called from `here`, an absolute directory.
    pub(super) fn shown(&self, file: &str, here: &Path) -> String {
        let full = self.root.join(file);
        let shown = full.strip_prefix(here).unwrap_or(&full);
        shown.display().to_string()
    }
}

fn below(root: &Path, path: &Path) -> anyhow::Result<String> {
    let rest = path.strip_prefix(root).unwrap_or(Path::new(""));
    let mut names = Vec::new();
    for component in rest.components() {
        match component {
            Component::Normal(name) => match name.to_str() {
                Some(name) => names.push(name),
                None => bail!("{} is not a name in UTF-8", path.display()),
            },
            _ => bail!("{} cannot be read as it is written", path.display()),
        }
    }
    Ok(names.join("/"))
}
