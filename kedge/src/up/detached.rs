//! `kedge up --wait`: a supervisor in the background, and an answer once all is well.

use std::fs::OpenOptions;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;

use api::Collection;
use client::{Client, Env, HttpClient, ListOptions};
use tokio::process::Command;

use super::arguments::Arguments;
use super::layout::Layout;

/// Images may have to be unpacked on a slow disk.
const LIMIT: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);
const PAUSE: Duration = Duration::from_millis(250);

/// Starts `kedge up` without `--wait` as a process of its own and waits for the Applications.
pub(crate) async fn up(arguments: &Arguments, layout: &Layout) -> anyhow::Result<()> {
    let log = layout.logs().join("up.log");
    let output = OpenOptions::new().create(true).append(true).open(&log);
    let output = output.with_context(|| format!("cannot open {}", log.display()))?;
    let errors = output.try_clone().context("cannot share the log")?;
    let program = std::env::current_exe().context("cannot find this program")?;
    // The endpoints of an earlier start would point elsewhere.
    let _absent = std::fs::remove_file(layout.endpoints());
    let mut supervisor = Command::new(program)
        .args(
            std::env::args_os()
                .skip(1)
                .filter(|argument| argument != "--wait" && argument != "--wait=true"),
        )
        .arg("--wait=false")
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .process_group(0)
        .spawn()
        .context("cannot start the supervisor")?;
    let env = Env::system();
    let started = env.now();
    let mut waiting_for = String::from("the API server");
    loop {
        if let Ok(Some(status)) = supervisor.try_wait() {
            bail!("the supervisor ended ({status}); see {}", log.display());
        }
        match pending(layout).await {
            Ok(pending) if pending.is_empty() => break,
            Ok(pending) => waiting_for = pending.join(", "),
            Err(error) => tracing::debug!(error = format!("{error:#}"), "not ready yet"),
        }
        if env.now().duration_since(started) > LIMIT {
            bail!(
                "not all Healthy after {} minutes; waiting for {waiting_for}",
                LIMIT.as_mins()
            );
        }
        env.clock.sleep(PAUSE).await;
    }
    anstream::println!(
        "Kedge is up: every Application is Synced and Healthy ({}).",
        arguments.data_dir.display()
    );
    Ok(())
}

/// The Applications that are not there yet, each with its state.
async fn pending(layout: &Layout) -> anyhow::Result<Vec<String>> {
    if !layout.endpoints().exists() {
        bail!("the endpoints are not written yet");
    }
    let client = HttpClient::from_kubeconfig_file(&layout.kubeconfig()).await?;
    let applications = Collection::new("kedge.dev", "applications");
    let list = client.list(&applications, &ListOptions::default()).await?;
    if list.items.is_empty() {
        return Ok(vec!["the first Application".into()]);
    }
    Ok(list
        .items
        .iter()
        .filter_map(|application| {
            let text = |pointer| {
                application
                    .pointer(pointer)
                    .and_then(Value::as_str)
                    .unwrap_or("Unknown")
            };
            let (sync, health) = (text("/status/sync/status"), text("/status/health/status"));
            (sync != "Synced" || health != "Healthy")
                .then(|| format!("{} ({sync}, {health})", application.name()))
        })
        .collect())
}
