//! `kedge up --wait`: a supervisor in the background, and an answer once all is well.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde_json::Value;
use tokio::process::{Child, Command};

use client::Env;

use super::arguments::Arguments;
use super::layout::Layout;
use super::{converge, wait};
use crate::cli::live::Live;

/// Images may have to be unpacked on a slow disk.
const LIMIT: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);
/// Between two looks for the addresses of a supervisor that starts.
const PAUSE: Duration = Duration::from_millis(50);

/// Starts `kedge up` without `--wait` as a process of its own and waits for the Applications.
pub(crate) async fn up(arguments: &Arguments, layout: &Layout) -> anyhow::Result<()> {
    let log = layout.logs().join("up.log");
    // The endpoints of an earlier start would point elsewhere.
    let _absent = std::fs::remove_file(layout.endpoints());
    let mut supervisor = spawn(&log, arguments)?;
    let env = Env::system();
    let open = tokio::select! {
        ended = supervisor.wait() => {
            let status = ended.context("cannot wait for the supervisor")?;
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            bail!("{}; see {}", last_words(&said, status), log.display());
        }
        open = follow(arguments, layout, &env) => open?,
    };
    ensure!(
        open.is_empty(),
        "Kedge is up, but not every Application is Synced and Healthy:\n  {}",
        open.join("\n  ")
    );
    anstream::println!(
        "Kedge is up: every Application is Synced and Healthy ({}).",
        arguments.data_dir.path.display()
    );
    let endpoints = std::fs::read_to_string(layout.endpoints()).unwrap_or_default();
    anstream::println!("{}", places(&endpoints, layout));
    Ok(())
}

/// Where everything is, out of what the supervisor wrote down. Nothing secret: it may be a log that
/// reads this.
fn places(endpoints: &str, layout: &Layout) -> String {
    let endpoints: Value = serde_json::from_str(endpoints).unwrap_or_default();
    let address = |name: &str| endpoints[name].as_str().unwrap_or("unknown").to_owned();
    format!(
        "  Web         {}  (the link in {} signs in, once)\n  Kubernetes  {}  (kubeconfig {})",
        address("web"),
        layout.sign_in().display(),
        address("api"),
        layout.kubeconfig().display()
    )
}

/// Why the supervisor ended: the failure it told last, or at least how it went.
fn last_words(log: &str, status: ExitStatus) -> String {
    match log.trim_end().rsplit_once("kedge: ") {
        Some((before, words)) if before.is_empty() || before.ends_with('\n') => words.to_owned(),
        _ => format!("the supervisor ended ({status})"),
    }
}

fn spawn(log: &Path, arguments: &Arguments) -> anyhow::Result<Child> {
    let output = OpenOptions::new().create(true).append(true).open(log);
    let output = output.with_context(|| format!("cannot open {}", log.display()))?;
    let errors = output.try_clone().context("cannot share the log")?;
    let program = std::env::current_exe().context("cannot find this program")?;
    let mut command = Command::new(program);
    if let Some(repo) = &arguments.following.repo {
        // It may hold a token, and every process can read another's arguments.
        command.env("KEDGE_REPO", repo);
    }
    command
        .args(passed_on(std::env::args_os().skip(1)))
        .arg("--wait=false")
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .process_group(0)
        .spawn()
        .context("cannot start the supervisor")
}

/// What the supervisor is told again: all but whether to wait, and the repository.
fn passed_on(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut passed = Vec::new();
    let mut arguments = arguments;
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy();
        if text == "--repo" {
            // Its value.
            let _url = arguments.next();
        } else if text != "--wait" && text != "--wait=true" && !text.starts_with("--repo=") {
            passed.push(argument);
        }
    }
    passed
}

async fn follow(
    arguments: &Arguments,
    layout: &Layout,
    env: &Env,
) -> anyhow::Result<converge::Open> {
    let live = Live::open();
    live.stage("starting the database, the orchestrator and the reconciler");
    let endpoints = loop {
        match std::fs::read_to_string(layout.endpoints()) {
            Ok(text) => break serde_json::from_str::<Value>(&text).context("bad endpoints")?,
            Err(_) => env.clock.sleep(PAUSE).await,
        }
    };
    for (role, endpoint) in [("orchestrator", "api"), ("reconciler", "web")] {
        let address = endpoints[endpoint].as_str().unwrap_or_default();
        wait::ready(address, &layout.logs().join(format!("{role}.log")), env).await?;
    }
    let open = converge::converge(layout, env, arguments.nodes, LIMIT, &live).await;
    live.end();
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_everything_is_is_told_without_anything_secret() {
        let layout = Layout {
            root: "/srv/kedge".into(),
        };
        let endpoints = r#"{"api": "https://127.0.0.1:4", "web": "http://127.0.0.1:5"}"#;
        let told = places(endpoints, &layout);
        for says in [
            "Web         http://127.0.0.1:5",
            "Kubernetes  https://127.0.0.1:4",
            "/srv/kedge/sign-in-link",
            "/srv/kedge/kubeconfig",
        ] {
            assert!(told.contains(says), "{says}: {told}");
        }
    }

    #[test]
    fn the_repository_is_in_no_argument() {
        let check = |line: &str, expected: &str| {
            let passed = passed_on(line.split(' ').map(OsString::from));
            assert_eq!(passed.join(" ".as_ref()), expected, "{line}");
        };
        check("up --wait --nodes 2", "up --nodes 2");
        check("up --wait=true --repo https://a:b@c/d", "up");
        check("up --repo=https://a:b@c/d --path x", "up --path x");
        check("up --repo-credentials d", "up --repo-credentials d");
    }

    #[test]
    fn the_supervisors_last_words_are_passed_on() {
        let check = |log: &str, expected: &str| {
            assert_eq!(last_words(log, ExitStatus::default()), expected);
        };
        let ended = "the supervisor ended (exit status: 0)";
        check("", ended);
        check("INFO started\n", ended);
        check("INFO kedge: no\n", ended);
        check(
            "INFO started\nkedge: port 80 is taken\n",
            "port 80 is taken",
        );
        check(
            "kedge: one\nkedge: two,\n  with more\n",
            "two,\n  with more",
        );
    }
}
