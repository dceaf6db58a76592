//! Where PostgreSQL is installed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use crate::{Error, account};

/// Where packages put it, one directory per major version.
const ROOTS: [&str; 2] = ["/usr/lib/postgresql", "/usr/local/lib/postgresql"];

/// One installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binaries {
    /// `15`.
    pub(crate) major: String,
    directory: PathBuf,
}

impl Binaries {
    pub(crate) fn path(&self, program: &str) -> PathBuf {
        self.directory.join(program)
    }
}

/// The installation that fits `data`: of the same major version where there is data already,
/// otherwise the newest.
pub(crate) async fn find(data: &Path) -> Result<Binaries, Error> {
    let mut found = Vec::new();
    for directory in directories() {
        if let Some(major) = major_version(&directory).await {
            found.push(Binaries { major, directory });
        }
    }
    let wanted = fs::read_to_string(data.join("PG_VERSION")).ok();
    choose(found, data, wanted.as_deref().map(str::trim))
}

fn choose(found: Vec<Binaries>, data: &Path, wanted: Option<&str>) -> Result<Binaries, Error> {
    let installed: Vec<String> = found
        .iter()
        .map(|binaries| binaries.major.clone())
        .collect();
    let number = |binaries: &Binaries| binaries.major.parse::<u32>().unwrap_or(0);
    let fitting = found
        .into_iter()
        .filter(|binaries| wanted.is_none_or(|wanted| binaries.major == wanted))
        .max_by_key(number);
    match (fitting, wanted) {
        (Some(binaries), _) => Ok(binaries),
        (None, Some(wanted)) if !installed.is_empty() => Err(Error::Version {
            data: data.to_owned(),
            wanted: wanted.to_owned(),
            installed,
        }),
        _ => Err(Error::NotInstalled),
    }
}

/// Directories with both programs, links resolved.
fn directories() -> BTreeSet<PathBuf> {
    // The search path is the system's, not a setting of ours.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let packaged = ROOTS
        .iter()
        .filter_map(|root| fs::read_dir(root).ok())
        .flatten()
        .filter_map(Result::ok)
        .map(|entry| entry.path().join("bin"));
    std::env::split_paths(&path)
        .chain(packaged)
        .filter_map(|directory| fs::canonicalize(directory.join("postgres")).ok())
        .filter_map(|program| program.parent().map(Path::to_owned))
        .filter(|directory| directory.join("initdb").exists())
        .collect()
}

async fn major_version(directory: &Path) -> Option<String> {
    let mut command = Command::new(directory.join("postgres"));
    account::isolate(&mut command);
    command.arg("--version");
    let output = timeout(Duration::from_secs(10), command.output())
        .await
        .ok()?
        .ok()?;
    parse(&String::from_utf8_lossy(&output.stdout))
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-1)` is 15.
fn parse(version: &str) -> Option<String> {
    let number = version
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let major: String = number.chars().take_while(char::is_ascii_digit).collect();
    Some(major)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binaries(major: &str) -> Binaries {
        Binaries {
            major: major.into(),
            directory: format!("/pg/{major}").into(),
        }
    }

    #[test]
    fn versions_are_read() {
        assert_eq!(
            parse("postgres (PostgreSQL) 15.18 (Debian 15.18-1)").as_deref(),
            Some("15")
        );
        assert_eq!(
            parse("postgres (PostgreSQL) 18beta1\n").as_deref(),
            Some("18")
        );
        assert_eq!(parse("bash: postgres: not found"), None);
    }

    #[test]
    fn data_chooses_its_own_version_and_nothing_the_newest() {
        let data = Path::new("/data");
        let all = || vec![binaries("9"), binaries("15"), binaries("17")];
        assert_eq!(choose(all(), data, None).unwrap(), binaries("17"));
        assert_eq!(choose(all(), data, Some("15")).unwrap(), binaries("15"));
        let error = choose(all(), data, Some("16")).unwrap_err();
        assert!(error.to_string().contains("postgresql-16"), "{error}");
        assert!(matches!(
            choose(Vec::new(), data, None),
            Err(Error::NotInstalled)
        ));
    }
}
