//! A pod that prints a lot, and somebody who reads its log through the page's stream.

use std::pin::Pin;
use std::time::Duration;

use anyhow::{Context, bail};
use futures::{Stream, StreamExt};
use jiff::Timestamp;
use serde_json::Value;

use crate::instance::Instance;

/// The container that prints [`LINES`] lines as fast as it can.
pub const FLOOD: &str = "flood";
pub const LINES: u64 = 300_000;
/// The container that prints [`STEADY_LINES`] lines, some thousands a second.
pub const STEADY: &str = "steady";
pub const STEADY_LINES: u64 = 60_000;

/// Between two attempts to reach a log that is not there yet.
const PAUSE: Duration = Duration::from_millis(200);

/// Starts the pod in the namespace `default`. Its containers wait some seconds before they print,
/// so that somebody can be there from the first line.
///
/// # Errors
/// The API server refuses it.
pub fn start(instance: &Instance, pod: &str) -> anyhow::Result<()> {
    // The demo's image has one program in it: these borrow the machine's own shell.
    let mounts = "[{name: usr, mountPath: /usr/local/bin, subPath: bin, readOnly: true}, \
                  {name: bin, mountPath: /bin, readOnly: true}, \
                  {name: lib, mountPath: /lib, readOnly: true}, \
                  {name: lib64, mountPath: /lib64, readOnly: true}]";
    let container = |name: &str, script: &str| {
        format!(
            "    - name: {name}\n      image: kedge.local/movies:1.0\n      \
             command: [/bin/bash, -c, '{script}']\n      volumeMounts: {mounts}\n"
        )
    };
    let flood = format!(
        "sleep 3; seq -f \"{FLOOD} %.0f\" 0 {}; sleep 3600",
        LINES - 1
    );
    let steady = format!(
        "sleep 3; for ((i = 0; i < {STEADY_LINES}; i += 50)); do \
         seq -f \"{STEADY} %.0f\" $i $((i + 49)); sleep 0.01; done; sleep 3600"
    );
    let manifest = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {pod}, namespace: default}}\nspec:\n  \
         terminationGracePeriodSeconds: 0\n  volumes:\n    \
         - {{name: usr, hostPath: {{path: /usr}}}}\n    - {{name: bin, hostPath: {{path: /bin}}}}\n    \
         - {{name: lib, hostPath: {{path: /lib}}}}\n    \
         - {{name: lib64, hostPath: {{path: /lib64}}}}\n  containers:\n{}{}",
        container(FLOOD, &flood),
        container(STEADY, &steady)
    );
    let file = instance.directory().join(format!("{pod}.yaml"));
    std::fs::write(&file, manifest)?;
    instance.kubectl(&["apply", "-f", &file.display().to_string()])?;
    Ok(())
}

/// One line of the pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    pub number: u64,
    /// When the runtime got it.
    pub printed: Timestamp,
}

type Body = Pin<Box<dyn Stream<Item = reqwest::Result<bytes::Bytes>> + Send>>;

/// A browser's end of the stream: it knows the last line it got, and goes on after that.
pub struct Follower {
    http: reqwest::Client,
    url: String,
    token: String,
    last: Option<String>,
    body: Option<Body>,
    buffer: Vec<u8>,
    /// How much of the buffer is read.
    read: usize,
}

impl Follower {
    /// # Errors
    /// The instance has no web address or token.
    pub fn new(instance: &Instance, pod: &str, container: &str) -> anyhow::Result<Self> {
        // Somebody may have chosen one already; it is the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self {
            http: reqwest::Client::new(),
            url: format!("{}/pods/default/{pod}/logs?c={container}", instance.web()?),
            token: instance.token()?,
            last: None,
            body: None,
            buffer: Vec::new(),
            read: 0,
        })
    }

    /// The next line. Where there is no connection, one is made.
    ///
    /// # Errors
    /// The server refuses, or says that nothing more comes.
    pub async fn next(&mut self) -> anyhow::Result<Line> {
        loop {
            match self.message() {
                Some(message) => {
                    if let Some(line) = self.take(&message)? {
                        return Ok(line);
                    }
                }
                None => self.more().await?,
            }
        }
    }

    /// As a network that breaks.
    pub fn cut(&mut self) {
        self.body = None;
        self.buffer.clear();
        self.read = 0;
    }

    /// A whole message of the stream, where one is there.
    fn message(&mut self) -> Option<String> {
        let rest = &self.buffer[self.read..];
        let end = rest.windows(2).position(|two| two == b"\n\n")?;
        let text = String::from_utf8_lossy(&rest[..end]).into_owned();
        self.read += end + 2;
        Some(text)
    }

    fn take(&mut self, message: &str) -> anyhow::Result<Option<Line>> {
        let field = |name: &str| {
            let mut lines = message.lines();
            lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        };
        let data: Value = serde_json::from_str(field("data").unwrap_or("null"))?;
        match field("event") {
            Some("log") => {}
            Some("end") => bail!("the log ended: {data}"),
            // A comment that says that the stream stands, or that there is no log yet.
            _ => return Ok(None),
        }
        let id = field("id").context("a line without a time")?;
        let text = data["text"].as_str().unwrap_or_default();
        let number = text.rsplit(' ').next().unwrap_or_default();
        let line = Line {
            number: number
                .parse()
                .with_context(|| format!("no number in {text:?}"))?,
            printed: id.parse()?,
        };
        self.last = Some(id.to_owned());
        Ok(Some(line))
    }

    async fn more(&mut self) -> anyhow::Result<()> {
        self.buffer.drain(..self.read);
        self.read = 0;
        let Some(body) = &mut self.body else {
            let mut request = self.http.get(&self.url).bearer_auth(&self.token);
            if let Some(last) = &self.last {
                request = request.header("last-event-id", last);
            }
            let answer = request.send().await?.error_for_status()?;
            self.body = Some(Box::pin(answer.bytes_stream()));
            return Ok(());
        };
        if let Some(chunk) = body.next().await {
            self.buffer.extend_from_slice(&chunk?);
        } else {
            self.cut();
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }
}
