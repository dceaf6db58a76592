//! How figures are printed.

use std::io::Write;

use anyhow::Context;
use jiff::Timestamp;

/// Prints one line.
pub(crate) fn say(what: &str, figure: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{what:<48} {figure}").context("cannot print")
}

/// Milliseconds since a moment.
pub(crate) fn since(start: Timestamp) -> String {
    format!("{} ms", millis(start, Timestamp::now()))
}

pub(crate) fn millis(start: Timestamp, end: Timestamp) -> i64 {
    i64::try_from(end.duration_since(start).as_millis()).unwrap_or(i64::MAX)
}

pub(crate) fn micros(start: Timestamp, end: Timestamp) -> i64 {
    i64::try_from(end.duration_since(start).as_micros()).unwrap_or(i64::MAX)
}

/// `p50 12 ms, p95 20 ms, p99 30 ms of 20`
pub(crate) fn spread(mut values: Vec<i64>, unit: &str) -> String {
    values.sort_unstable();
    let Some(last) = values.len().checked_sub(1) else {
        return "nothing measured".into();
    };
    let at = |percent: usize| values[last * percent / 100];
    format!(
        "p50 {} {unit}, p95 {} {unit}, p99 {} {unit} of {}",
        at(50),
        at(95),
        at(99),
        values.len()
    )
}

/// `12.3 s`
pub(crate) fn seconds(millis: i64) -> String {
    format!("{}.{} s", millis / 1000, millis % 1000 / 100)
}
