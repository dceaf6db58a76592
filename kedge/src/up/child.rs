//! One role as a child process: started, restarted when it dies, stopped at the end.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use client::{Env, Tasks};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::wait;

const FIRST_DELAY: Duration = Duration::from_millis(100);
const MAX_DELAY: Duration = Duration::from_secs(15);
/// A role that lived this long starts again at once.
const SETTLED: jiff::SignedDuration = jiff::SignedDuration::from_secs(5);
/// The same, for one that was ready.
const SETTLED_READY: jiff::SignedDuration = jiff::SignedDuration::from_secs(1);
/// From SIGTERM to SIGKILL.
const GRACE: Duration = Duration::from_secs(15);

/// What to run, and where its output goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Role {
    /// As in `kedge NAME`; also the name of its log file.
    pub(crate) name: String,
    /// Where it says whether it is ready; `None` where it does not.
    pub(crate) server: Option<String>,
    pub(crate) arguments: Vec<OsString>,
    /// Kept off the command line, which everybody on the machine can read.
    pub(crate) environment: Vec<(&'static str, OsString)>,
    /// A named network namespace to run in.
    pub(crate) namespace: Option<String>,
}

/// Keeps a role running until the tasks are cancelled.
pub(crate) fn keep(role: Role, program: PathBuf, logs: &Path, env: Env, tasks: &Tasks) {
    let log = logs.join(format!("{}.log", role.name));
    let token = tasks.token().clone();
    tasks.spawn(async move {
        let mut delay = FIRST_DELAY;
        while !token.is_cancelled() {
            let started = env.now();
            let mut settled = SETTLED;
            match spawn(&role, &program, &log) {
                Ok(mut child) => {
                    tokio::select! {
                        ended = child.wait() => {
                            tracing::warn!(role = role.name, ?ended, log = %log.display(), "a role ended; starting it again");
                        }
                        () = token.cancelled() => return stop(&role.name, child).await,
                        () = follow(&role, &log, &env, &mut settled) => {}
                    }
                }
                Err(error) => tracing::error!(role = role.name, error = format!("{error:#}"), "a role cannot be started"),
            }
            if env.now().duration_since(started) > settled {
                delay = FIRST_DELAY;
            }
            tokio::select! {
                () = env.clock.sleep(delay) => {}
                () = token.cancelled() => return,
            }
            delay = (delay * 2).min(MAX_DELAY);
        }
    });
}

/// Says once it is ready how long it has to live to be one that works. Does not end.
async fn follow(role: &Role, log: &Path, env: &Env, settled: &mut jiff::SignedDuration) {
    if let Some(server) = &role.server
        && wait::ready(server, log, env).await.is_ok()
    {
        *settled = SETTLED_READY;
    }
    std::future::pending::<()>().await;
}

fn spawn(role: &Role, program: &Path, log: &Path) -> anyhow::Result<Child> {
    let output = OpenOptions::new()
        .create(true)
        .append(true)
        .open(log)
        .with_context(|| format!("cannot open the log {}", log.display()))?;
    let errors = output.try_clone().context("cannot share the log")?;
    // A supervisor that is killed takes its roles with it, so that the next one starts its own.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM"]);
    if let Some(namespace) = &role.namespace {
        command
            .arg("nsenter")
            .arg(format!("--net=/run/netns/{namespace}"));
    }
    command.arg(program);
    command
        .args(&role.arguments)
        .envs(role.environment.iter().cloned())
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        // Ctrl-C reaches the supervisor alone; it stops its children in order.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot start kedge {}", role.name))
}

async fn stop(name: &str, mut child: Child) {
    if let Some(pid) = child.id()
        && let Err(error) = super::machine::signal(pid, "TERM")
    {
        tracing::warn!(role = name, %error, "a role cannot be told to stop");
    }
    if timeout(GRACE, child.wait()).await.is_err() {
        tracing::warn!(role = name, "a role did not end in time and is killed");
        let _gone = child.kill().await;
    }
}
