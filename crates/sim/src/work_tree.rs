//! A person's clone of an instance's cluster repository, used with the real git.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::instance::{Instance, finish};

/// A clone with a work tree.
pub struct WorkTree {
    directory: PathBuf,
}

impl WorkTree {
    /// Clones over HTTP, as the banner says.
    ///
    /// # Errors
    /// Git's, with what it printed.
    pub fn clone(instance: &Instance, name: &str) -> anyhow::Result<Self> {
        let directory = instance.directory().join(name);
        let host = instance.web()?.replace("http://", "");
        let url = format!("http://admin:{}@{host}/git/cluster.git", instance.token()?);
        let mut command = Command::new("git");
        finish(command.args(["clone", "-q", &url]).arg(&directory))?;
        Ok(Self { directory })
    }

    pub fn path(&self) -> &Path {
        &self.directory
    }

    /// Runs git in the clone; a failure is an error with all it printed.
    pub fn git(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new("git");
        command
            .current_dir(&self.directory)
            .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.org"])
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0");
        let output = finish(&mut command)?;
        let text = [output.stdout, output.stderr].concat();
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Replaces a text that stands in a file once.
    pub fn edit(&self, file: &str, old: &str, new: &str) -> anyhow::Result<()> {
        let path = self.directory.join(file);
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {file}"))?;
        let found = text.matches(old).count();
        ensure!(found == 1, "{file} has {old:?} {found} times:\n{text}");
        std::fs::write(&path, text.replace(old, new))?;
        Ok(())
    }

    /// Writes a file, and the directories above it.
    pub fn write(&self, file: &str, text: &str) -> anyhow::Result<()> {
        let path = self.directory.join(file);
        let parent = path.parent().context("a file is in a directory")?;
        std::fs::create_dir_all(parent)?;
        std::fs::write(&path, text).with_context(|| format!("cannot write {file}"))
    }

    /// Commits everything there is, new files too.
    pub fn add(&self, message: &str) -> anyhow::Result<()> {
        self.git(&["add", "-A"])?;
        self.commit(message)
    }

    pub fn commit(&self, message: &str) -> anyhow::Result<()> {
        self.git(&["commit", "-q", "-a", "-m", message]).map(drop)
    }

    /// Pushes, and waits until git ends; what the server said is in the answer.
    pub fn push(&self) -> anyhow::Result<String> {
        self.git(&["push", "origin", "main"])
    }

    /// The id of the newest commit.
    pub fn head(&self) -> anyhow::Result<String> {
        Ok(self.git(&["rev-parse", "HEAD"])?.trim().to_owned())
    }
}
