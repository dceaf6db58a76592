//! A program at a terminal: `script` makes one, this types and reads.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};

use anyhow::Context;
use jiff::SignedDuration;
use sim::instance::wait;

const PATIENCE: SignedDuration = SignedDuration::from_secs(30);

/// A terminal of 80 columns and 24 rows, with a shell's line running in it.
pub(super) struct Pty {
    child: Child,
    keys: ChildStdin,
    shown: Arc<Mutex<String>>,
}

impl Pty {
    /// `path` comes before the usual one.
    pub(super) fn open(line: &str, path: &Path, home: &Path) -> anyhow::Result<Self> {
        let line = format!("stty cols 80 rows 24; {line}");
        let mut child = Command::new("script")
            .args(["--quiet", "--flush", "--command", &line, "/dev/null"])
            .env_clear()
            .env(
                "PATH",
                format!("{}:/usr/local/bin:/usr/bin:/bin", path.display()),
            )
            .env("HOME", home)
            .env("TERM", "xterm")
            .env("SHELL", "/bin/sh")
            .current_dir(home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start script, of bsdutils")?;
        let keys = child.stdin.take().context("no way to type")?;
        let mut screen = child.stdout.take().context("no way to read")?;
        let shown = Arc::new(Mutex::new(String::new()));
        let all = shown.clone();
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(length @ 1..) = screen.read(&mut piece) {
                let text = String::from_utf8_lossy(&piece[..length]).into_owned();
                all.lock().expect("nobody panics with it").push_str(&text);
            }
        });
        Ok(Self { child, keys, shown })
    }

    pub(super) fn press(&mut self, keys: &str) -> anyhow::Result<()> {
        self.keys.write_all(keys.as_bytes())?;
        self.keys.flush().context("cannot type")
    }

    /// Waits until the text was shown.
    pub(super) fn expect(&self, text: &str) -> anyhow::Result<()> {
        wait(text, PATIENCE, || self.shown().contains(text)).with_context(|| self.shown())
    }

    /// Everything that was shown so far.
    pub(super) fn shown(&self) -> String {
        self.shown.lock().expect("nobody panics with it").clone()
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}
