//! Lines of a container's log: when, how bad, what; without control sequences.

use std::sync::LazyLock;

use jiff::Timestamp;
use regex::Regex;
use serde::Serialize;
use serde_json::Value;

/// The longest line that is shown, in characters.
const LONGEST: usize = 4_000;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct LogLine {
    /// As the node wrote it, to the nanosecond: also the line's identity.
    pub at: String,
    pub clock: String,
    pub level: String,
    /// `e` for errors, `w` for warnings, or empty.
    pub class: &'static str,
    pub text: String,
}

static CONTROL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"\x1b(\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|[@-_])|[\x00-\x08\x0b-\x1f\x7f]",
    )
    .expect("the pattern is tested")
});
static LEADING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^[\[(]?(?:\S*\d\S*[ T])?(?:\S*\d\S* )?[\[(]?(TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|ERR|FATAL|PANIC|CRITICAL)\b")
        .expect("the pattern is tested")
});

/// Reads `2026-03-01T14:07:17.123456789Z text`, the form with timestamps.
pub(crate) fn parse(line: &str) -> LogLine {
    let (at, text) = match line.split_once(' ') {
        Some((first, rest)) if first.parse::<Timestamp>().is_ok() => (first, rest),
        _ => ("", line),
    };
    let text = CONTROL.replace_all(text, "");
    let level = level(&text);
    let clock = at
        .parse::<Timestamp>()
        .map(|at| at.strftime("%H:%M:%S%.3f").to_string());
    LogLine {
        at: at.into(),
        clock: clock.unwrap_or_default(),
        class: match level.as_str() {
            "ERROR" | "FATAL" => "e",
            "WARN" => "w",
            _ => "",
        },
        level,
        text: text.chars().take(LONGEST).collect(),
    }
}

fn level(text: &str) -> String {
    let found = if text.starts_with('{') {
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        let level = value["level"]
            .as_str()
            .or_else(|| value["severity"].as_str());
        level.map(str::to_uppercase)
    } else {
        LEADING.captures(text).map(|found| found[1].to_uppercase())
    };
    match found.as_deref() {
        Some("WARNING" | "WARN") => "WARN".into(),
        Some("ERR" | "ERROR") => "ERROR".into(),
        Some("PANIC" | "CRITICAL" | "FATAL") => "FATAL".into(),
        Some(other @ ("TRACE" | "DEBUG" | "INFO" | "NOTICE")) => other.into(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_time_level_and_no_control_sequences() {
        let check = |line: &str, level: &str, text: &str| {
            let read = parse(line);
            assert_eq!((read.level.as_str(), read.text.as_str()), (level, text));
        };
        check(
            "2026-03-01T14:07:17.123456789Z \u{1b}[31mERROR\u{1b}[0m no",
            "ERROR",
            "ERROR no",
        );
        check(
            "2026-03-01T14:07:17Z {\"level\":\"warning\"}",
            "WARN",
            "{\"level\":\"warning\"}",
        );
        check("plain", "", "plain");
        check(
            "2026/03/01 14:07:17 INFO started\u{7}",
            "INFO",
            "2026/03/01 14:07:17 INFO started",
        );
        check(
            "the ERROR is quoted in a long sentence",
            "",
            "the ERROR is quoted in a long sentence",
        );
        let read = parse("2026-03-01T14:07:17.123456789Z x");
        assert_eq!(read.clock, "14:07:17.123");
        assert_eq!(read.at, "2026-03-01T14:07:17.123456789Z");
    }
}
