//! Processes of an instance that stand still for a while, as if nobody could reach them.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Context, ensure};

use crate::instance::{Instance, finish};

/// They go on when this is dropped.
pub struct Frozen {
    processes: BTreeSet<String>,
}

impl Instance {
    /// The database answers nobody, and keeps every connection, until the answer is dropped.
    ///
    /// # Errors
    /// It is not the instance's own, or does not run.
    pub fn freeze_database(&self) -> anyhow::Result<Frozen> {
        let server = self.database()?;
        let mut frozen = Frozen {
            processes: BTreeSet::new(),
        };
        // First the one that starts others.
        frozen.freeze(server.clone())?;
        for entry in std::fs::read_dir("/proc")?.flatten() {
            let status = std::fs::read_to_string(entry.path().join("status")).unwrap_or_default();
            let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"));
            if parent.is_some_and(|parent| parent.trim() == server) {
                frozen.freeze(entry.file_name().to_string_lossy().into_owned())?;
            }
        }
        Ok(frozen)
    }

    /// Kills the database where it stands.
    ///
    /// # Errors
    /// It does not run.
    pub fn kill_database(&self) -> anyhow::Result<()> {
        let server = self.database()?;
        finish(Command::new("kill").args(["-KILL", &server])).map(drop)
    }

    /// The process id of the server.
    fn database(&self) -> anyhow::Result<String> {
        let path = self.data().join("postgres/data/postmaster.pid");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let pid = text.lines().next().context("no process id")?.trim();
        ensure!(!pid.is_empty(), "no process id in {}", path.display());
        Ok(pid.to_owned())
    }
}

impl Frozen {
    fn freeze(&mut self, process: String) -> anyhow::Result<()> {
        // A connection's process may have ended meanwhile.
        let gone = || !std::path::Path::new("/proc").join(&process).exists();
        let stopped = finish(Command::new("kill").args(["-STOP", &process]));
        if let Err(error) = stopped
            && !gone()
        {
            return Err(error);
        }
        self.processes.insert(process);
        Ok(())
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        let mut command = Command::new("kill");
        let _gone = command.arg("-CONT").args(&self.processes).output();
    }
}
