//! A whole Kedge on this machine, started as a user would: the real binary, PostgreSQL,
//! containerd, kubectl and git. Everything it makes goes with it.

use std::ffi::OsStr;
use std::fmt::Write;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// Between two looks at a condition.
const PAUSE: Duration = Duration::from_millis(100);

/// The first start of a cold machine makes a database and unpacks images.
const START: SignedDuration = SignedDuration::from_secs(90);

/// What the supervisor says once everything is up.
const READY: &str = "Kedge is up";

/// A running instance in a directory of its own.
pub struct Instance {
    directory: PathBuf,
    kedge: PathBuf,
    supervisor: Option<Child>,
    arguments: Vec<String>,
}

impl Instance {
    /// Starts `kedge up` with `arguments` besides the data directory and free ports.
    ///
    /// # Errors
    /// The binary is missing, or the instance is not ready in time; the message has its log.
    pub fn start(name: &str, arguments: &[&str]) -> anyhow::Result<Self> {
        let kedge = binary()?;
        let directory = Self::place(name);
        std::fs::create_dir_all(&directory).context("cannot make the test's directory")?;
        let arguments = arguments
            .iter()
            .map(|argument| (*argument).to_owned())
            .collect();
        let mut instance = Self {
            directory,
            kedge,
            supervisor: None,
            arguments,
        };
        instance.up()?;
        Ok(instance)
    }

    /// The directory of the instance of this name.
    pub fn place(name: &str) -> PathBuf {
        // Short: PostgreSQL's and containerd's sockets live below it, and a path has 107 bytes.
        PathBuf::from(format!("/tmp/kedge-{name}-{}", std::process::id()))
    }

    /// Starts the supervisor, again if need be, and waits for both servers.
    ///
    /// # Errors
    /// It cannot be started, ends, or is not ready in time; the message has its log.
    pub fn up(&mut self) -> anyhow::Result<()> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.directory.join("up.log"))?;
        let _old = std::fs::remove_file(self.data().join("endpoints.json"));
        let before = self.log().matches(READY).count();
        let child = Command::new(&self.kedge)
            .args([
                "up",
                "--api-listen",
                "127.0.0.1:0",
                "--web-listen",
                "127.0.0.1:0",
                "--data-dir",
            ])
            .arg(self.data())
            .args(&self.arguments)
            .current_dir(&self.directory)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", self.kedge.display()))?;
        self.supervisor = Some(child);
        let end = Timestamp::now() + START;
        while self.log().matches(READY).count() <= before {
            let supervisor = self.supervisor.as_mut().context("no supervisor")?;
            if let Some(status) = supervisor.try_wait()? {
                bail!(
                    "the instance ended ({status}); the log says:\n{}",
                    self.logs()
                );
            }
            if Timestamp::now() > end {
                bail!("the instance is not ready; the log says:\n{}", self.logs());
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// The binary that runs.
    pub fn program(&self) -> &Path {
        &self.kedge
    }

    pub fn data(&self) -> PathBuf {
        Self::data_in(&self.directory)
    }

    /// The data directory of an instance in this directory.
    pub fn data_in(directory: &Path) -> PathBuf {
        directory.join("data")
    }

    /// A place for the test's own files.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    pub fn kubeconfig(&self) -> PathBuf {
        self.data().join("kubeconfig")
    }

    /// `http://127.0.0.1:PORT`
    pub fn web(&self) -> anyhow::Result<String> {
        let text =
            std::fs::read_to_string(self.data().join("endpoints.json")).context("no endpoints")?;
        let endpoints: Value = serde_json::from_str(&text)?;
        endpoints["web"]
            .as_str()
            .map(ToOwned::to_owned)
            .context("no web endpoint")
    }

    pub fn token(&self) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(self.data().join("admin-token"))?
            .trim()
            .to_owned())
    }

    /// What the supervisor has said so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.join("up.log")).unwrap_or_default()
    }

    /// The link with which it lets somebody sign in: the newest of those that it said.
    pub fn link(&self) -> anyhow::Result<String> {
        let banner = self.log();
        let mut words = banner.split_whitespace();
        let link = words.rfind(|word| word.contains("/signin?token="));
        link.map(str::to_owned)
            .context("the banner has no sign-in link")
    }

    /// The ends of all logs, for the message of a failed test.
    pub fn logs(&self) -> String {
        let mut text = self.log();
        let directory = std::fs::read_dir(self.data().join("logs"))
            .into_iter()
            .flatten()
            .flatten();
        for entry in directory {
            let log = std::fs::read_to_string(entry.path()).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let last = lines[lines.len().saturating_sub(40)..].join("\n");
            let _ = writeln!(text, "\n--- {}\n{last}", entry.path().display());
        }
        text
    }

    /// Runs the machine's kubectl; a failure is an error with what it printed.
    pub fn kubectl<S: AsRef<OsStr>>(&self, arguments: &[S]) -> anyhow::Result<String> {
        self.run(Path::new("kubectl"), arguments)
    }

    /// Runs one of several kubectls.
    pub fn run<S: AsRef<OsStr>>(&self, program: &Path, arguments: &[S]) -> anyhow::Result<String> {
        let mut command = Command::new(program);
        command
            .arg("--kubeconfig")
            .arg(self.kubeconfig())
            .args(arguments);
        let output = finish(command.current_dir(&self.directory))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs `kedge` itself against this instance.
    pub fn kedge(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new(&self.kedge);
        command
            .args(arguments)
            .env("KEDGE_DATA_DIR", self.data())
            .current_dir(&self.directory);
        Ok(String::from_utf8_lossy(&finish(&mut command)?.stdout).into_owned())
    }

    /// One field of one object, by JSON path.
    pub fn field(&self, object: &[&str], path: &str) -> anyhow::Result<String> {
        let mut arguments = vec!["get"];
        arguments.extend(object);
        let output = format!("jsonpath={path}");
        arguments.extend(["-o", &output]);
        self.kubectl(&arguments)
    }

    /// Kills a process of this instance by what its command line contains.
    pub fn kill(&self, text: &str) -> anyhow::Result<()> {
        self.signal("KILL", text)
    }

    /// Sends a signal to a process of this instance, by what its command line contains.
    pub fn signal(&self, signal: &str, text: &str) -> anyhow::Result<()> {
        let own = self.directory.display().to_string();
        let mut reached = 0;
        for entry in std::fs::read_dir("/proc")?.flatten() {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            if line.contains(text) && line.contains(&own) {
                let pid = entry.file_name();
                finish(Command::new("kill").args(["-s", signal]).arg(pid))?;
                reached += 1;
            }
        }
        ensure!(reached > 0, "no process of this instance contains {text:?}");
        Ok(())
    }

    /// Kills the containers of a pod.
    pub fn kill_container(&self, uid: &str) -> anyhow::Result<()> {
        let mut killed = 0;
        for entry in std::fs::read_dir("/proc")?.flatten() {
            let group = std::fs::read_to_string(entry.path().join("cgroup")).unwrap_or_default();
            let program = std::fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            // The sandbox's own process is not the container's.
            if group.contains(uid) && program.trim() != "pause" {
                finish(Command::new("kill").arg("-KILL").arg(entry.file_name()))?;
                killed += 1;
            }
        }
        ensure!(killed > 0, "no container of pod {uid} runs");
        Ok(())
    }

    /// Ends the supervisor as Ctrl-C does, and waits for it.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        let Some(mut supervisor) = self.supervisor.take() else {
            return Ok(());
        };
        finish(Command::new("kill").args(["-INT", &supervisor.id().to_string()]))?;
        supervisor.wait()?;
        Ok(())
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let Some(mut supervisor) = self.supervisor.take() {
            let _signalled = Command::new("kill")
                .args(["-TERM", &supervisor.id().to_string()])
                .status();
            let _ended = supervisor.wait();
        }
        let purged = Command::new(&self.kedge)
            .args(["down", "--purge", "--data-dir"])
            .arg(self.data())
            .output();
        if !purged.is_ok_and(|output| output.status.success()) {
            eprintln!("{} could not be purged", self.directory.display());
        }
        let _gone = std::fs::remove_dir_all(&self.directory);
    }
}

/// The binary that this build made: beside this program, or above it where tests lie.
///
/// # Errors
/// There is none.
pub fn binary() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("cannot find this program")?;
    let places = own
        .ancestors()
        .skip(1)
        .take(2)
        .map(|directory| directory.join("kedge"));
    let found = places.into_iter().find(|path| path.is_file());
    found.context("kedge is not built; `cargo build --workspace` makes it")
}

/// The demo's repository, as the project has it.
pub fn examples() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples-repo").to_owned()
}

/// A repository with nothing to run, for tests that bring their own objects.
///
/// # Errors
/// It cannot be written.
pub fn empty_seed() -> anyhow::Result<String> {
    let seed = std::env::temp_dir().join("kedge-empty-seed");
    std::fs::create_dir_all(seed.join("apps"))?;
    std::fs::write(seed.join("README.md"), "Nothing yet.\n")?;
    Ok(seed.display().to_string())
}

/// The kubectls to try: those that `make test` installed, and the machine's own.
pub fn kubectls() -> anyhow::Result<Vec<PathBuf>> {
    let mut list = vec![PathBuf::from("kubectl")];
    if let Some(directory) = std::env::var_os("KEDGE_KUBECTLS") {
        let entries = std::fs::read_dir(&directory)
            .with_context(|| format!("cannot read {}", directory.display()))?;
        list.extend(
            entries
                .flatten()
                .map(|entry| entry.path().join("bin/kubectl")),
        );
    }
    Ok(list)
}

/// Runs a command to its end; a failure is an error with everything it printed.
pub fn finish(command: &mut Command) -> anyhow::Result<Output> {
    let output = command
        .output()
        .with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        bail!(
            "{command:?} failed ({}):\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(output)
}

/// Waits for a condition.
///
/// # Errors
/// It does not hold in time; `what` says what was waited for.
pub fn wait(what: &str, limit: SignedDuration, holds: impl Fn() -> bool) -> anyhow::Result<()> {
    let end = Timestamp::now() + limit;
    while !holds() {
        ensure!(
            Timestamp::now() < end,
            "waited {} s for {what}",
            limit.as_secs()
        );
        std::thread::sleep(PAUSE);
    }
    Ok(())
}
