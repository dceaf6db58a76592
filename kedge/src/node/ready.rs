//! Waits until the instance says that its node is Ready.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow};
use jiff::SignedDuration;

use api::Collection;
use client::{Client, Env, HttpClient};

const LIMIT: SignedDuration = SignedDuration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(250);

/// # Errors
/// It was not in time; the message says what stands in the way.
pub(super) async fn ready(kubeconfig: &Path, name: &str, env: &Env) -> anyhow::Result<()> {
    let client = HttpClient::from_kubeconfig_file(kubeconfig)
        .await
        .context("cannot use the node's kubeconfig")?;
    let key = Collection::new("", "nodes").key("", name);
    let started = env.now();
    loop {
        let why = match tokio::time::timeout(Duration::from_secs(5), client.get(&key)).await {
            Ok(Ok(node)) => match node.condition("Ready") {
                Some(ready) if ready.status == "True" => return Ok(()),
                Some(ready) => anyhow!("{}", ready.message),
                None => anyhow!("its agent has not reported yet"),
            },
            Ok(Err(error)) if error.is_not_found() => anyhow!("its agent has not registered yet"),
            Ok(Err(error)) => anyhow::Error::new(error).context("the API server cannot be asked"),
            Err(_) => anyhow!("the API server does not answer"),
        };
        if env.now().duration_since(started) > LIMIT {
            return Err(why.context(format!("not Ready after {} s", LIMIT.as_secs())));
        }
        env.clock.sleep(PAUSE).await;
    }
}
