//! Who the server runs as.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::Error;

/// In order of preference.
const NAMES: [&str; 2] = ["postgres", "nobody"];

/// An unprivileged user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// The user to switch to; `None` where this process is not root and stays who it is.
pub(crate) fn choose() -> Result<Option<Account>, Error> {
    let path = Path::new("/proc/self");
    let owner = fs::metadata(path)
        .map_err(|source| Error::Files {
            operation: "read",
            path: path.into(),
            source,
        })?
        .uid();
    if owner != 0 {
        return Ok(None);
    }
    let path = Path::new("/etc/passwd");
    let passwd = fs::read_to_string(path).map_err(|source| Error::Files {
        operation: "read",
        path: path.into(),
        source,
    })?;
    find(&passwd).map(Some).ok_or(Error::NoAccount)
}

fn find(passwd: &str) -> Option<Account> {
    let accounts: Vec<Account> = passwd.lines().filter_map(parse).collect();
    NAMES.iter().find_map(|name| {
        accounts
            .iter()
            .find(|account| account.name == *name)
            .cloned()
    })
}

fn parse(line: &str) -> Option<Account> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    let uid = fields.nth(1)?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    Some(Account { name, uid, gid })
}

/// A command that runs as `account`, in a clean environment, detached from our terminal's
/// signals.
pub(crate) fn command(account: Option<&Account>, program: impl AsRef<OsStr>) -> Command {
    let mut command = match account {
        Some(_) => switch(account, &[], program),
        None => Command::new(program),
    };
    isolate(&mut command);
    command
}

/// The same, and it gets SIGINT when its parent dies. The kernel binds that to the thread that
/// forked, so the parent must have only one; and forgets it when the user changes, so it is set
/// together with that.
pub(crate) fn mortal_command(account: Option<&Account>, program: impl AsRef<OsStr>) -> Command {
    let mut command = switch(account, &["--pdeathsig", "INT"], program);
    isolate(&mut command);
    command
}

fn switch(account: Option<&Account>, flags: &[&str], program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    if let Some(account) = account {
        command
            .arg(format!("--reuid={}", account.name))
            .arg(format!("--regid={}", account.gid))
            .arg("--init-groups");
    }
    command.args(flags).arg("--").arg(program);
    command
}

/// A clean environment, a neutral working directory, a process group of its own: Ctrl-C in our
/// terminal is ours to handle.
pub(crate) fn isolate(command: &mut Command) {
    command
        .env_clear()
        .env(
            "PATH",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        )
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::null());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postgres_is_preferred_to_nobody() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534::/:/bin/false\nbad\n";
        let nobody = Account {
            name: "nobody".into(),
            uid: 65_534,
            gid: 65_534,
        };
        assert_eq!(find(passwd), Some(nobody));
        let passwd = format!("{passwd}postgres:x:104:110:PostgreSQL:/var/lib/postgresql:/bin/sh\n");
        let postgres = Account {
            name: "postgres".into(),
            uid: 104,
            gid: 110,
        };
        assert_eq!(find(&passwd), Some(postgres));
        assert_eq!(find("root:x:0:0::/:/bin/sh"), None);
    }
}
