//! A headless Chromium as somebody sits before it: it opens pages, reads, clicks and types. It
//! never asks the server anything by itself.

use std::cell::RefCell;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context, ensure};
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use jiff::SignedDuration;
use serde_json::{Map, Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::instance::wait;

/// How long something that is on its way to the page may take.
const SOON: SignedDuration = SignedDuration::from_secs(10);

/// A width and height in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    pub width: u32,
    pub height: u32,
}

/// A desk and the smallest phone.
pub const DESK: Screen = Screen {
    width: 1440,
    height: 1000,
};
pub const PHONE: Screen = Screen {
    width: 360,
    height: 760,
};

/// A desk at 400 percent (WCAG 2.2, 1.4.10).
pub const ENLARGED: Screen = Screen {
    width: 320,
    height: 256,
};

/// Between the two: icons instead of the side bar's words.
pub const TABLET: Screen = Screen {
    width: 900,
    height: 1000,
};

/// Keys that are no letters, as `WebDriver` has them.
pub const ENTER: char = '\u{e007}';
pub const ESCAPE: char = '\u{e00c}';
pub const LEFT: char = '\u{e012}';
pub const RIGHT: char = '\u{e014}';

/// One window.
pub struct Browser {
    runtime: Runtime,
    client: Client,
    driver: Child,
    /// Kept open: the driver may write to it.
    _output: BufReader<ChildStdout>,
}

impl Browser {
    /// Starts chromedriver on a free port, and Chromium through it.
    pub fn start() -> anyhow::Result<Self> {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start chromedriver")?;
        let output = driver.stdout.take().context("chromedriver has no output")?;
        let mut output = BufReader::new(output);
        let port = port(&mut output)?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities());
        let client = runtime.block_on(builder.connect(&format!("http://127.0.0.1:{port}")));
        Ok(Self {
            client: client.context("cannot start Chromium")?,
            runtime,
            driver,
            _output: output,
        })
    }

    pub fn open(&self, url: &str) -> anyhow::Result<()> {
        let opened = self.runtime.block_on(self.client.goto(url));
        opened.with_context(|| format!("cannot open {url}"))
    }

    pub fn reload(&self) -> anyhow::Result<()> {
        Ok(self.runtime.block_on(self.client.refresh())?)
    }

    /// Where the window is, without scheme and host.
    pub fn path(&self) -> anyhow::Result<String> {
        let url = self.runtime.block_on(self.client.current_url())?;
        Ok(url[url::Position::BeforePath..].to_owned())
    }

    /// The value of an expression in the page.
    pub fn value(&self, expression: &str) -> anyhow::Result<Value> {
        let script = format!("return {expression}");
        let run = self.client.execute(&script, Vec::new());
        self.runtime
            .block_on(run)
            .with_context(|| format!("cannot evaluate {expression}"))
    }

    /// Whether an expression in the page holds; not while the page is on its way.
    pub fn holds(&self, expression: &str) -> bool {
        self.value(expression).is_ok_and(|value| value == true)
    }

    /// What is to be read in the first element that `css` selects, in one line; empty where there
    /// is none.
    pub fn text(&self, css: &str) -> String {
        // Pictures have no `innerText`.
        let read = format!(
            "(e => (e?.innerText ?? e?.textContent ?? '').replace(/\\s+/g, ' '))\
             (document.querySelector({css:?}))"
        );
        let text = self.value(&read);
        text.ok()
            .and_then(|text| text.as_str().map(ToOwned::to_owned))
            .unwrap_or_default()
    }

    /// Waits until an element can be read that says all of `parts`.
    pub fn reads(&self, css: &str, parts: &[&str], limit: SignedDuration) -> anyhow::Result<()> {
        let what = format!("{css} to say {parts:?}");
        let says = || {
            let text = self.text(css);
            parts.iter().all(|part| text.contains(part))
        };
        let waited = wait(&what, limit, says);
        waited.with_context(|| format!("it says {:?} at {:?}", self.text(css), self.path()))
    }

    /// Clicks as a person does: where the element is to be seen.
    pub fn click(&self, css: &str) -> anyhow::Result<()> {
        let refused = RefCell::new(String::new());
        let clicked = wait(&format!("{css} to be clicked"), SOON, || {
            // The driver would leave it below the bar that a phone has at its foot.
            let seen =
                format!("document.querySelector({css:?})?.scrollIntoView({{block: 'center'}})");
            let _there = self.value(&seen);
            let click = async {
                // An element that was replaced meanwhile is looked for again.
                self.client.find(Locator::Css(css)).await?.click().await
            };
            let clicked = self.runtime.block_on(click);
            clicked
                .map_err(|error| *refused.borrow_mut() = error.to_string())
                .is_ok()
        });
        clicked.with_context(|| refused.take())
    }

    /// Clicks on what leads to another page, and waits for that page.
    pub fn follow(&self, css: &str) -> anyhow::Result<()> {
        self.value("window.left = true")?;
        self.click(css)?;
        let there = "window.left !== true && document.readyState === 'complete'";
        wait("the next page", SOON, || self.holds(there))
            .with_context(|| format!("{css} was clicked"))
    }

    pub fn fill(&self, css: &str, text: &str) -> anyhow::Result<()> {
        self.runtime.block_on(async {
            let element = self.client.find(Locator::Css(css)).await?;
            Ok(element.send_keys(text).await?)
        })
    }

    /// Presses a key and lets it go, wherever the focus is.
    pub fn press(&self, key: char) -> anyhow::Result<()> {
        let keys = KeyActions::new("keyboard".into())
            .then(KeyAction::Down { value: key })
            .then(KeyAction::Up { value: key });
        let pressed = self.runtime.block_on(self.client.perform_actions(keys));
        pressed.with_context(|| format!("cannot press {key:?}"))
    }

    /// Light or dark, and how large: what the pages see of the machine they are shown on. `forced`
    /// has colours of the system's own, `contrast` asks for more of it, `print` is paper, and on
    /// `moving` things may move.
    pub fn show(&self, scheme: &str, screen: Screen) -> anyhow::Result<()> {
        let is = |wanted: &str, yes, no| if scheme == wanted { yes } else { no };
        let colours = match scheme {
            "forced" | "print" => "dark",
            "contrast" | "moving" => "light",
            scheme => scheme,
        };
        let media = is("print", "print", "");
        let features = json!([
            {"name": "prefers-color-scheme", "value": colours},
            {"name": "prefers-reduced-motion", "value": is("moving", "no-preference", "reduce")},
            {"name": "prefers-contrast", "value": is("contrast", "more", "no-preference")},
            {"name": "forced-colors", "value": is("forced", "active", "none")},
        ]);
        let media = json!({"features": features, "media": media});
        self.devtools("Emulation.setEmulatedMedia", &media)?;
        let size = json!({
            "width": screen.width, "height": screen.height,
            "deviceScaleFactor": 1, "mobile": screen == PHONE,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", &size)?;
        Ok(())
    }

    /// From the next page on, the pages' own scripts run or do not.
    pub fn scripts(&self, run: Scripts) -> anyhow::Result<()> {
        let disabled = json!({"value": run == Scripts::Off});
        self.devtools("Emulation.setScriptExecutionDisabled", &disabled)?;
        Ok(())
    }

    /// What axe-core finds in the page that keeps somebody out (WCAG 2.2 A and AA, and its best
    /// practices), a line for each place. `axe` is its source. Where the system's own colours are
    /// shown, it cannot see them: they are not judged.
    pub fn barriers(&self, axe: &str) -> anyhow::Result<Vec<String>> {
        self.runtime
            .block_on(self.client.execute(axe, Vec::new()))
            .context("axe-core does not load")?;
        let run = "const done = arguments[0];
            const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
            const off = [];
            if (matchMedia('(forced-colors: active)').matches) off.push('color-contrast');
            const rules = Object.fromEntries(off.map(rule => [rule, {enabled: false}]));
            axe.run(document, {runOnly: tags, rules, resultTypes: ['violations']}).then(
              found => done(found.violations.flatMap(rule => rule.nodes.map(
                node => `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary}`))),
              error => done([`axe-core failed: ${error}`]));";
        let found = self.client.execute_async(run, Vec::new());
        let found = self.runtime.block_on(found).context("axe-core fails")?;
        let lines = found.as_array().context("no list of barriers")?;
        let text = |line: &Value| line.as_str().unwrap_or_default().replace('\n', " ");
        Ok(lines.iter().map(text).collect())
    }

    /// How far the page reaches beyond the right edge, in CSS pixels.
    pub fn overflow(&self) -> anyhow::Result<i64> {
        let metrics = self.devtools("Page.getLayoutMetrics", &json!({}))?;
        let of = |pointer: &str| {
            let number = metrics.pointer(pointer).and_then(Value::as_i64);
            number.with_context(|| format!("no {pointer} in {metrics}"))
        };
        Ok(of("/cssContentSize/width")? - of("/cssLayoutViewport/clientWidth")?)
    }

    /// Writes a picture of the window.
    pub fn picture(&self, file: &Path) -> anyhow::Result<()> {
        let picture = self.runtime.block_on(self.client.screenshot())?;
        std::fs::write(file, picture).with_context(|| format!("cannot write {}", file.display()))
    }

    /// What the console has complained about since this was asked last.
    pub fn complaints(&self) -> anyhow::Result<Vec<String>> {
        let log = self.issue(Raw {
            path: "se/log",
            body: json!({"type": "browser"}),
        })?;
        let entries = log.as_array().context("the log is no list")?;
        let is_bad = |entry: &&Value| matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING"));
        let message = |entry: &Value| entry["message"].as_str().unwrap_or_default().to_owned();
        Ok(entries.iter().filter(is_bad).map(message).collect())
    }

    fn devtools(&self, command: &str, parameters: &Value) -> anyhow::Result<Value> {
        self.issue(Raw {
            path: "goog/cdp/execute",
            body: json!({"cmd": command, "params": parameters}),
        })
    }

    fn issue(&self, command: Raw) -> anyhow::Result<Value> {
        let what = format!("{command:?}");
        let issued = self.runtime.block_on(self.client.issue_cmd(command));
        issued.with_context(|| format!("chromedriver refused {what}"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _closed = self.runtime.block_on(self.client.clone().close());
        let _killed = self.driver.kill();
        let _ended = self.driver.wait();
    }
}

/// Whether pages may run scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    On,
    Off,
}

/// A command of chromedriver's own.
#[derive(Debug)]
struct Raw {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Raw {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!(
            "session/{}/{}",
            session.unwrap_or_default(),
            self.path
        ))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}

/// The driver says on which port it listens.
fn port(output: &mut impl BufRead) -> anyhow::Result<u16> {
    let mut line = String::new();
    loop {
        line.clear();
        ensure!(output.read_line(&mut line)? > 0, "chromedriver ended");
        if let Some((_, port)) = line
            .trim_end()
            .trim_end_matches('.')
            .rsplit_once(" on port ")
            && line.contains("started successfully")
        {
            return port.parse().with_context(|| format!("no port in {line}"));
        }
    }
}

fn capabilities() -> Map<String, Value> {
    let arguments = [
        "--headless=new",
        // As root there is no other way; the pages are our own.
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--hide-scrollbars",
        "--window-size=1440,1000",
    ];
    let capabilities = json!({
        "goog:chromeOptions": {"args": arguments},
        "goog:loggingPrefs": {"browser": "ALL"},
        // Authorities of tests are nobody's.
        "acceptInsecureCerts": true,
    });
    capabilities.as_object().cloned().unwrap_or_default()
}
