//! A provider of OpenID Connect that nobody of Kedge wrote; see `provider/provider.mjs`.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, ensure};
use serde_json::Value;

/// What Kedge has to say there.
pub const SECRET: &str = "between us";

/// Ends when it is dropped.
pub struct Provider {
    /// `http://127.0.0.1:PORT`
    pub issuer: String,
    process: Child,
    /// It ends with its input.
    _input: Option<ChildStdin>,
    /// Kept open: it may write to it.
    _output: BufReader<ChildStdout>,
}

impl Provider {
    /// Knows `people`, by name, by their claims, and sends them back to `back`.
    ///
    /// # Errors
    /// `KEDGE_PROVIDER`, where its packages are, is not set, or node does not run it.
    pub fn start(directory: &Path, people: &Value, back: &str) -> anyhow::Result<Self> {
        let home = std::env::var_os("KEDGE_PROVIDER");
        let home = home.context("KEDGE_PROVIDER names where the provider's packages are")?;
        let known = directory.join("people.json");
        std::fs::write(&known, people.to_string())?;
        let program = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("provider/provider.mjs");
        let mut process = Command::new("node")
            .arg(program)
            .args([&home, known.as_os_str(), back.as_ref()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(directory.join("provider.log"))?)
            .spawn()
            .context("cannot start node")?;
        let input = process.stdin.take();
        let output = process
            .stdout
            .take()
            .context("the provider has no output")?;
        let mut issuer = String::new();
        let mut output = BufReader::new(output);
        output.read_line(&mut issuer)?;
        ensure!(issuer.starts_with("http://"), "the provider ended");
        Ok(Self {
            issuer: issuer.trim_end().to_owned(),
            process,
            _input: input,
            _output: output,
        })
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _killed = self.process.kill();
        let _ended = self.process.wait();
    }
}
