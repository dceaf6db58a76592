//! `postmaster.pid`: who serves a data directory, and whether that is still true.

use std::fs;
use std::path::{Path, PathBuf};

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PidFile {
    pub(crate) pid: u32,
    /// Where its socket is.
    pub(crate) socket_directory: PathBuf,
}

/// The file of `data`, where there is one that can be read.
pub(crate) fn read(data: &Path) -> Option<PidFile> {
    parse(&fs::read_to_string(path(data)).ok()?)
}

pub(crate) fn path(data: &Path) -> PathBuf {
    data.join("postmaster.pid")
}

/// Lines: pid, data directory, start time, port, socket directory, …
fn parse(text: &str) -> Option<PidFile> {
    let mut lines = text.lines();
    let pid = lines.next()?.trim().parse().ok()?;
    let socket_directory = lines.nth(3)?.trim();
    Some(PidFile {
        pid,
        socket_directory: socket_directory.into(),
    })
}

/// Whether `pid` is a PostgreSQL server of this data directory. A pid alone proves nothing: it
/// may have been given to another process since. A server's working directory is its data.
pub(crate) fn serves(pid: u32, data: &Path) -> bool {
    let working_directory = fs::read_link(format!("/proc/{pid}/cwd"));
    let Ok(data) = fs::canonicalize(data) else {
        return false;
    };
    working_directory.is_ok_and(|found| found == data) && !is_zombie(pid)
}

fn is_zombie(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // `pid (name) state …`; the name may hold anything.
    stat.rsplit(')')
        .next()
        .is_none_or(|rest| rest.trim_start().starts_with('Z'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_postgres_writes() {
        let text = "1234\n/data\n1700000000\n5432\n/run/pg\n\n  5432001    131072\nready   \n";
        let expected = PidFile {
            pid: 1234,
            socket_directory: "/run/pg".into(),
        };
        assert_eq!(parse(text), Some(expected));
        assert_eq!(parse("1234\n/data\n"), None);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn another_process_with_the_pid_is_not_the_server() {
        assert!(!serves(std::process::id(), Path::new("/proc")));
        assert!(!serves(u32::MAX, Path::new("/")));
    }
}
