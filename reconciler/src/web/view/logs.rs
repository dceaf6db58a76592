//! Lines of a container's log: when, how bad, what; without control sequences.

use std::sync::LazyLock;

use jiff::Timestamp;
use regex::Regex;
use serde::Serialize;
use serde_json::Value;

use super::zone::Zone;

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
    /// Whose it is among several, `serving-0/api`; empty where there is one log.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub from: String,
}

impl LogLine {
    /// With the time of the reader's clock.
    #[must_use]
    pub(crate) fn local(mut self, zone: &Zone) -> Self {
        if let Ok(at) = self.at.parse::<Timestamp>() {
            self.clock = zone.text(&self.clock, at).into_owned();
        }
        self
    }
}

static CONTROL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"\x1b(\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|[@-_])|[\x00-\x08\x0b-\x1f\x7f]",
    )
    .expect("the pattern is tested")
});
static LEADING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:[\[(]?[0-9][0-9TZ:.,/+-]*[\])]? ){0,2}[\[(]?(TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|ERR|FATAL|PANIC|CRITICAL)\b")
        .expect("the pattern is tested")
});

/// The lines of several logs by time, each with whose it is; the newest `most`, and how many more
/// there are.
pub(crate) fn merged(logs: Vec<(String, Vec<LogLine>)>, most: usize) -> (Vec<LogLine>, usize) {
    let mut lines = Vec::new();
    for (from, log) in logs {
        let mut last = None;
        for mut line in log {
            // Written by the nodes with as many digits as they like: a text says less than a time.
            // The rest of a line that was cut has none, and stays behind its beginning.
            last = line.at.parse::<Timestamp>().ok().or(last);
            line.from.clone_from(&from);
            lines.push((last, line));
        }
    }
    lines.sort_by_key(|(at, _)| *at);
    let surplus = lines.len().saturating_sub(most);
    let newest = lines.split_off(surplus);
    (newest.into_iter().map(|(_, line)| line).collect(), surplus)
}

/// Reads `2026-03-01T14:07:17.123456789Z text`, the form with timestamps.
pub(crate) fn parse(line: &str) -> LogLine {
    let (at, text) = match line.split_once(' ') {
        Some((first, rest)) if first.parse::<Timestamp>().is_ok() => (first, rest),
        _ => ("", line),
    };
    let text = CONTROL.replace_all(text, "");
    let (level, said) = level(&text);
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
        text: said.chars().take(LONGEST).collect(),
        from: String::new(),
    }
}

/// The level, and the text without the level's word where it began with that.
fn level(text: &str) -> (String, &str) {
    let mut said = text;
    let found = if text.starts_with('{') {
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        let level = value["level"]
            .as_str()
            .or_else(|| value["severity"].as_str());
        level.map(str::to_uppercase)
    } else {
        LEADING.captures(text).map(|found| {
            if let Some(rest) = text.strip_prefix(&found[1]) {
                said = rest.trim_start_matches([' ', ':']);
            }
            found[1].to_uppercase()
        })
    };
    let level = match found.as_deref() {
        Some("WARNING" | "WARN") => "WARN",
        Some("ERR" | "ERROR") => "ERROR",
        Some("PANIC" | "CRITICAL" | "FATAL") => "FATAL",
        Some("TRACE") => "TRACE",
        Some("DEBUG") => "DEBUG",
        Some("INFO") => "INFO",
        Some("NOTICE") => "NOTICE",
        _ => return (String::new(), text),
    };
    (level.to_owned(), said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_logs_are_told_by_time_and_what_was_cut_stays_together() {
        let log = |from: &str, lines: &[&str]| {
            let lines = lines.iter().map(|line| parse(line)).collect();
            (from.to_owned(), lines)
        };
        let logs = vec![
            log("a/x", &["2026-03-01T14:00:02Z long", "rest"]),
            log(
                "b/x",
                &["2026-03-01T14:00:01.5Z first", "2026-03-01T14:00:03Z last"],
            ),
        ];
        let told = |most: usize| {
            let (lines, more) = merged(logs.clone(), most);
            let told = lines
                .iter()
                .map(|line| format!("{} {}", line.from, line.text));
            (told.collect::<Vec<_>>().join(", "), more)
        };
        assert_eq!(
            told(9),
            ("b/x first, a/x long, a/x rest, b/x last".into(), 0)
        );
        assert_eq!(told(2), ("a/x rest, b/x last".into(), 2));
    }

    #[test]
    fn lines_have_time_level_and_no_control_sequences() {
        let check = |line: &str, level: &str, text: &str| {
            let read = parse(line);
            assert_eq!((read.level.as_str(), read.text.as_str()), (level, text));
        };
        check(
            "2026-03-01T14:07:17.123456789Z \u{1b}[31mERROR\u{1b}[0m no",
            "ERROR",
            "no",
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
