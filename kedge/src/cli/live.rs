//! What is going on, on a terminal: a line at the bottom that changes, and is gone in the end. Where
//! standard error is no terminal, nothing of it is there; lines that stay are printed either way.

use std::borrow::Cow;
use std::future::Future;
use std::io::IsTerminal;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::progress::Progress;

const SOON: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(100);

/// What takes long without a number to show. The text is cut to the terminal.
const STAGE: &str = "{spinner} {wide_msg} {elapsed}";
/// What has one.
const COUNTED: &str = "{spinner} {bar:16} {wide_msg} {elapsed}";

pub(crate) struct Live(ProgressBar);

/// Whether there is one: a terminal has a single last line.
static OPEN: AtomicBool = AtomicBool::new(false);

/// As shells tell of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

impl Live {
    pub(crate) fn open() -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        OPEN.store(true, Ordering::Relaxed);
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(TICK);
        Self(bar)
    }

    /// What is done now.
    pub(crate) fn stage(&self, what: impl Into<Cow<'static, str>>) {
        self.0.set_message(what);
        self.0.set_style(style(STAGE));
    }

    /// How far it is.
    pub(crate) fn show(&self, progress: &Progress) {
        let number = |it: usize| u64::try_from(it).unwrap_or(u64::MAX);
        self.0.set_length(number(progress.all));
        self.0.set_position(number(progress.done));
        self.0.set_message(progress.text.clone());
        self.0.set_style(style(COUNTED));
    }

    /// A line that stays.
    pub(crate) fn say(&self, line: &str) {
        self.0.suspend(|| anstream::println!("{line}"));
    }

    /// Takes the line at the bottom away.
    pub(crate) fn end(&self) {
        self.0.finish_and_clear();
        OPEN.store(false, Ordering::Relaxed);
    }

    /// Does the work; where somebody ends it with Ctrl-C, the terminal is left as it was.
    ///
    /// # Errors
    /// It was ended; `left` says what goes on without this.
    pub(crate) async fn until<T>(
        &self,
        left: &str,
        work: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        let result = tokio::select! {
            result = work => result,
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("ended with Ctrl-C; {left}")),
        };
        self.end();
        result
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// Waits for `work`; after a second a line says for what, and how long already.
pub(crate) async fn patiently<T>(what: &'static str, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    if !std::io::stderr().is_terminal() {
        return work.await;
    }
    tokio::select! {
        result = &mut work => return result,
        () = tokio::time::sleep(SOON) => {}
    }
    if OPEN.load(Ordering::Relaxed) {
        return work.await;
    }
    let live = Live::open();
    live.0.set_elapsed(SOON);
    live.stage(what);
    let result = tokio::select! {
        result = work => result,
        _ = tokio::signal::ctrl_c() => {
            live.end();
            std::process::exit(INTERRUPTED)
        }
    };
    live.end();
    result
}
