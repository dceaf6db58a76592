//! People who look at pages, as `curl` does.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use anyhow::Context;

use crate::instance::{Instance, finish};

/// The page at `url`; anything but a success is an error.
pub fn page(url: &str) -> anyhow::Result<String> {
    curl(&[url])
}

fn curl(arguments: &[&str]) -> anyhow::Result<String> {
    let mut command = Command::new("curl");
    command
        .args(["-sS", "--fail", "--max-time", "10"])
        .args(arguments);
    Ok(String::from_utf8_lossy(&finish(&mut command)?.stdout).into_owned())
}

/// What a program sends, and the answer's code and text.
///
/// # Errors
/// There is no answer.
pub fn post(url: &str, headers: &[&str], body: &str) -> anyhow::Result<(u16, String)> {
    let mut command = Command::new("curl");
    command.args(["-sS", "--max-time", "20", "-w", "\n%{http_code}"]);
    for header in headers {
        command.args(["-H", header]);
    }
    command.args(["--data-raw", body, url]);
    let answer = String::from_utf8_lossy(&finish(&mut command)?.stdout).into_owned();
    let (text, code) = answer.rsplit_once('\n').context("no code")?;
    Ok((code.parse()?, text.to_owned()))
}

/// Somebody who signed in with the banner's link.
pub struct Visitor {
    web: String,
    cookies: PathBuf,
}

impl Visitor {
    /// # Errors
    /// The banner has no link, or the link does not sign in.
    pub fn sign_in(instance: &Instance) -> anyhow::Result<Self> {
        let cookies = instance.directory().join("cookies");
        let jar = cookies.display().to_string();
        curl(&["-L", "-c", &jar, &instance.link()?])?;
        Ok(Self {
            web: instance.web()?,
            cookies,
        })
    }

    /// The page at a path of the web UI.
    pub fn page(&self, path: &str) -> anyhow::Result<String> {
        self.ask(path, "text/html")
    }

    /// The same for programs.
    pub fn json(&self, path: &str) -> anyhow::Result<String> {
        self.ask(path, "application/json")
    }

    fn ask(&self, path: &str, accept: &str) -> anyhow::Result<String> {
        let (jar, accept) = (
            self.cookies.display().to_string(),
            format!("Accept: {accept}"),
        );
        let url = format!("{}{path}", self.web);
        curl(&["-L", "-b", &jar, "-H", &accept, &url])
    }
}

/// Visits to a page, one after another, until they are ended.
pub struct Visits {
    over: Arc<AtomicBool>,
    visitor: JoinHandle<Seen>,
}

/// What visitors saw.
#[derive(Debug, Default)]
pub struct Seen {
    pub served: usize,
    pub failed: Vec<String>,
}

impl Visits {
    pub fn begin(url: &'static str) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let end = over.clone();
        let visitor = std::thread::spawn(move || {
            let mut seen = Seen::default();
            while !end.load(Ordering::Relaxed) {
                match page(url) {
                    Ok(_) => seen.served += 1,
                    Err(error) => seen.failed.push(error.to_string()),
                }
            }
            seen
        });
        Self { over, visitor }
    }

    pub fn end(self) -> Seen {
        self.over.store(true, Ordering::Relaxed);
        self.visitor.join().unwrap_or_default()
    }
}
