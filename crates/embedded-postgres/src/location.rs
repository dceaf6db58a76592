//! Where the server's files are: in the caller's directory, or elsewhere when the server's user
//! cannot reach that.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use crate::account::{self, Account};
use crate::{Error, Options};

/// `sun_path` of a Unix socket address, without its closing zero.
const SOCKET_PATH_BYTES: usize = 107;

/// The files of one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Location {
    /// 0700, the server user's own.
    pub(crate) root: PathBuf,
}

impl Location {
    pub(crate) fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.root.join("postgres.log")
    }

    /// The name is fixed by the port, which nothing else uses.
    pub(crate) fn socket(&self) -> PathBuf {
        socket(&self.root)
    }

    fn has_data(root: &Path) -> bool {
        root.join("data/PG_VERSION").exists()
    }
}

/// The socket in a directory.
pub(crate) fn socket(directory: &Path) -> PathBuf {
    directory.join(".s.PGSQL.5432")
}

/// What is known of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Site {
    has_data: bool,
    is_usable: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    Preferred,
    Fallback,
    /// There is data where the server cannot go: starting empty elsewhere would hide it.
    Hidden,
}

/// Chooses and prepares the directory.
pub(crate) async fn prepare(
    options: &Options,
    account: Option<&Account>,
) -> Result<Location, Error> {
    let preferred = Site {
        has_data: Location::has_data(&options.directory),
        is_usable: is_usable(&options.directory, account).await?,
    };
    let fallback_has_data = Location::has_data(&options.fallback);
    let root = match choose(preferred, fallback_has_data) {
        Choice::Preferred => &options.directory,
        Choice::Fallback => &options.fallback,
        Choice::Hidden => return Err(unreachable(&options.directory, account)),
    };
    own(root, account)?;
    let location = Location { root: root.clone() };
    if *root == options.fallback && !is_usable(root, account).await? {
        return Err(if fits(root) {
            unreachable(root, account)
        } else {
            Error::SocketPath {
                path: location.socket(),
            }
        });
    }
    Ok(location)
}

fn choose(preferred: Site, fallback_has_data: bool) -> Choice {
    match preferred {
        Site {
            is_usable: true,
            has_data: true,
        } => Choice::Preferred,
        Site {
            is_usable: true,
            has_data: false,
        } if !fallback_has_data => Choice::Preferred,
        Site {
            is_usable: false,
            has_data: true,
        } => Choice::Hidden,
        _ => Choice::Fallback,
    }
}

fn unreachable(path: &Path, account: Option<&Account>) -> Error {
    let user = account.map_or_else(|| "this user".to_owned(), |account| account.name.clone());
    Error::Unreachable {
        path: path.to_owned(),
        user,
    }
}

fn fits(root: &Path) -> bool {
    socket(root).as_os_str().len() <= SOCKET_PATH_BYTES
}

/// Whether the server could live in `root`. Asks the system as that user: modes, owners and
/// access lists all count. Leaves no directory behind that was not there.
async fn is_usable(root: &Path, account: Option<&Account>) -> Result<bool, Error> {
    if !fits(root) {
        return Ok(false);
    }
    let existed = root.exists();
    match own(root, account) {
        Ok(()) => {}
        Err(Error::Files { source, .. })
            if matches!(
                source.kind(),
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
            ) =>
        {
            return Ok(false);
        }
        Err(error) => return Err(error),
    }
    let mut test = account::command(account, "test");
    test.arg("-w").arg(root).arg("-a").arg("-x").arg(root);
    let status = test.status().await.map_err(|source| Error::Run {
        program: "setpriv (package util-linux)".into(),
        source,
    })?;
    if !status.success() && !existed {
        // Empty, made a moment ago.
        let _ = fs::remove_dir(root);
    }
    Ok(status.success())
}

fn own(root: &Path, account: Option<&Account>) -> Result<(), Error> {
    let files = |operation| {
        move |source| Error::Files {
            operation,
            path: root.to_owned(),
            source,
        }
    };
    if let Some(parent) = root.parent() {
        fs::create_dir_all(parent).map_err(files("create the parents of"))?;
    }
    match DirBuilder::new().mode(0o700).create(root) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        outcome => outcome.map_err(files("create"))?,
    }
    if let Some(account) = account {
        chown(root, Some(account.uid), Some(account.gid)).map_err(files("change the owner of"))?;
    }
    fs::set_permissions(root, Permissions::from_mode(0o700)).map_err(files("protect"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn existing_data_decides() {
        let site = |has_data, is_usable| Site {
            has_data,
            is_usable,
        };
        assert_eq!(choose(site(false, true), false), Choice::Preferred);
        assert_eq!(choose(site(true, true), true), Choice::Preferred);
        assert_eq!(choose(site(false, true), true), Choice::Fallback);
        assert_eq!(choose(site(false, false), false), Choice::Fallback);
        assert_eq!(choose(site(true, false), false), Choice::Hidden);
    }
}
