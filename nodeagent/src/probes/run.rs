//! Asks. Every check is over within its time limit.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;

use super::{Check, HttpCheck, Outcome};
use crate::cri::health;
use crate::report::report;
use crate::runtime::{ContainerId, Runtime};

/// How much of an answer is quoted.
const QUOTED: usize = 512;

/// Runs checks against real containers.
pub(crate) struct Prober {
    runtime: Arc<dyn Runtime>,
    http: reqwest::Client,
}

impl Prober {
    /// # Errors
    /// Where no TLS provider is installed.
    pub(crate) fn new(runtime: Arc<dyn Runtime>) -> Result<Self, reqwest::Error> {
        // Like Kubernetes: a probe asks whether something answers, not who it is.
        let http = reqwest::Client::builder()
            .danger_accept_invalid_certs(true)
            .redirect(reqwest::redirect::Policy::limited(10))
            .pool_max_idle_per_host(0)
            .user_agent("kube-probe/1.36")
            .no_proxy()
            .build()?;
        Ok(Self { runtime, http })
    }

    pub(crate) async fn run(&self, id: &ContainerId, check: &Check, limit: Duration) -> Outcome {
        match check {
            Check::Exec(command) => self.exec(id, command, limit).await,
            Check::Http(check) => match call(&self.http, check, limit).await {
                Ok(()) => Outcome::Success,
                Err(message) => Outcome::Failure(message),
            },
            Check::Tcp(address) => tcp(address, limit).await,
            Check::Grpc { address, service } => {
                match tokio::time::timeout(limit, health::check(address, service)).await {
                    Ok(Ok(())) => Outcome::Success,
                    Ok(Err(message)) => Outcome::Failure(message),
                    Err(_) => Outcome::Failure(timed_out(limit)),
                }
            }
        }
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    async fn exec(&self, id: &ContainerId, command: &[String], limit: Duration) -> Outcome {
        match self.runtime.exec_sync(id, command, limit).await {
            Ok(output) if output.exit_code == 0 => Outcome::Success,
            Ok(output) => {
                let text = [output.stdout, output.stderr].concat();
                Outcome::Failure(format!(
                    "command ended with code {}: {}",
                    output.exit_code,
                    quoted(&text)
                ))
            }
            Err(error) if error.failure() == crate::runtime::Failure::Timeout => {
                Outcome::Failure(format!("command {command:?} timed out after {limit:?}"))
            }
            Err(error) => Outcome::Unknown(error.to_string()),
        }
    }
}

/// One HTTP request; an answer other than 200 to 399 is an error with its text.
pub(crate) async fn call(
    http: &reqwest::Client,
    check: &HttpCheck,
    limit: Duration,
) -> Result<(), String> {
    let mut request = http.get(&check.url).timeout(limit);
    for (name, value) in &check.headers {
        request = request.header(name, value);
    }
    let answer = request.send().await.map_err(|error| {
        if error.is_timeout() {
            timed_out(limit)
        } else {
            report(&error)
        }
    })?;
    let code = answer.status();
    if code.is_success() || code.is_redirection() {
        return Ok(());
    }
    Err(format!(
        "HTTP probe failed with statuscode: {}",
        code.as_u16()
    ))
}

async fn tcp(address: &str, limit: Duration) -> Outcome {
    match tokio::time::timeout(limit, TcpStream::connect(address)).await {
        Ok(Ok(_)) => Outcome::Success,
        Ok(Err(error)) => Outcome::Failure(format!("dial tcp {address}: {error}")),
        Err(_) => Outcome::Failure(format!("dial tcp {address}: {}", timed_out(limit))),
    }
}

fn timed_out(limit: Duration) -> String {
    format!("no answer within {limit:?}")
}

fn quoted(text: &[u8]) -> String {
    let end = text.len().min(QUOTED);
    String::from_utf8_lossy(&text[..end]).trim().to_owned()
}
