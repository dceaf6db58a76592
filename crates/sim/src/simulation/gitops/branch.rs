//! The branch that is followed: a real bare repository. What is in it, ids too, follows from what
//! was committed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

/// 2026-01-01T00:00:00Z: commits are told apart by their messages.
const TIME: &str = "1767225600 +0000";
const BRANCH: &str = "refs/heads/main";

pub(super) struct Branch {
    path: PathBuf,
}

impl Branch {
    /// An empty repository.
    pub(super) fn new(path: &Path) -> anyhow::Result<Self> {
        let branch = Self {
            path: path.to_owned(),
        };
        let made = branch.git(&["init", "--bare", "--quiet", "--initial-branch=main"], "")?;
        ensure!(made.is_empty(), "git says {made}");
        Ok(branch)
    }

    /// Commits exactly these files on top, and answers the commit's id.
    pub(super) fn commit(
        &self,
        message: &str,
        files: &BTreeMap<String, String>,
        parent: Option<&str>,
    ) -> anyhow::Result<String> {
        let mut stream = format!(
            "commit {BRANCH}\ncommitter Ann <ann@example.org> {TIME}\ndata {}\n{message}\n",
            message.len()
        );
        if let Some(parent) = parent {
            writeln!(stream, "from {parent}")?;
        }
        writeln!(stream, "deleteall")?;
        for (file, text) in files {
            let size = text.len();
            writeln!(stream, "M 100644 inline {file}\ndata {size}\n{text}")?;
        }
        self.git(&["fast-import", "--quiet", "--date-format=raw"], &stream)?;
        let id = self.git(&["rev-parse", BRANCH], "")?;
        Ok(id.trim().to_owned())
    }

    fn git(&self, arguments: &[&str], input: &str) -> anyhow::Result<String> {
        let mut command = Command::new("git");
        command
            .env("GIT_DIR", &self.path)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().context("cannot start git")?;
        let mut stdin = child.stdin.take().context("git reads")?;
        stdin.write_all(input.as_bytes())?;
        drop(stdin);
        let output = child.wait_with_output()?;
        let problem = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "git {arguments:?}: {problem}");
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}
