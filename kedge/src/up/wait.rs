//! Waits until a service can do its work.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use client::Env;

const LIMIT: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);
const FIRST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_millis(250);

/// Asks `/readyz` until it answers 200.
pub(crate) async fn ready(server: &str, log: &Path, env: &Env) -> anyhow::Result<()> {
    // Nothing secret is asked or told: whether it is the right server is for those who work with it.
    let client = reqwest::Client::builder()
        .tls_danger_accept_invalid_certs(true)
        .timeout(Duration::from_secs(2))
        .build()
        .context("cannot make an HTTP client")?;
    let started = env.now();
    let mut delay = FIRST;
    loop {
        let answer = client.get(format!("{server}/readyz")).send().await;
        if answer.is_ok_and(|answer| answer.status().is_success()) {
            return Ok(());
        }
        if env.now().duration_since(started) > LIMIT {
            bail!(
                "{server} is not ready after {} s; see {}",
                LIMIT.as_secs(),
                log.display()
            );
        }
        env.clock.sleep(delay).await;
        delay = (delay * 2).min(LONGEST);
    }
}
