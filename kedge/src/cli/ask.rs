//! What takes longer than a second shows, on a terminal, that it goes on.

use std::future::Future;
use std::io::IsTerminal;
use std::pin::pin;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

const SOON: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(100);

/// Waits for `work`; after a second a line on standard error says for what, and how long already.
pub(super) async fn patiently<T>(what: &'static str, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    if !std::io::stderr().is_terminal() {
        return work.await;
    }
    tokio::select! {
        result = &mut work => return result,
        () = tokio::time::sleep(SOON) => {}
    }
    let bar = ProgressBar::new_spinner()
        .with_message(what)
        .with_elapsed(SOON);
    let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.enable_steady_tick(TICK);
    let result = work.await;
    bar.finish_and_clear();
    result
}

/// How many of several things are done, on a terminal.
pub(super) struct Steps(ProgressBar);

impl Steps {
    pub(super) fn of(what: &'static str, all: usize) -> Self {
        if all < 2 || !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(u64::try_from(all).unwrap_or(u64::MAX)).with_message(what);
        let style = ProgressStyle::with_template("{bar:20} {pos} of {len} {msg} ({elapsed})");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self(bar)
    }

    pub(super) fn done(&self) {
        self.0.inc(1);
    }

    pub(super) fn end(&self) {
        self.0.finish_and_clear();
    }
}
