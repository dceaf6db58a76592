//! Loads rule text into the kernel, whole or not at all.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

/// `nft` replaces 10,000 services in under a second; this is the limit for a stuck one.
const TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot start nft; is the package nftables installed?")]
    Start(#[source] std::io::Error),
    #[error("nft did not finish within {TIMEOUT:?}")]
    Timeout,
    #[error("nft refused the rules: {0}")]
    Refused(String),
}

/// Runs `nft` in this process's network namespace.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nft;

impl Nft {
    /// Loads one transaction of rule text.
    pub async fn load(self, text: &str) -> Result<(), Error> {
        let mut child = Command::new("nft")
            .args(["-f", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(Error::Start)?;
        let mut stdin = child.stdin.take().expect("stdin is piped");
        let run = async move {
            stdin.write_all(text.as_bytes()).await?;
            drop(stdin);
            child.wait_with_output().await
        };
        let output = timeout(TIMEOUT, run)
            .await
            .map_err(|_| Error::Timeout)?
            .map_err(Error::Start)?;
        if output.status.success() {
            return Ok(());
        }
        Err(Error::Refused(
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        ))
    }

    /// Removes a table; one that is not there counts as removed.
    pub async fn remove(self, table: &str) -> Result<(), Error> {
        self.load(&format!("table ip {table}\ndelete table ip {table}\n"))
            .await
    }
}
