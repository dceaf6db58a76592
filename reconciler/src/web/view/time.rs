//! Times and durations for people. The moment itself stays in the markup, in UTC.

use std::fmt;

use askama::filters::HtmlSafe;
use jiff::{SignedDuration, Timestamp};

/// `6 min ago`, with the moment in `datetime` and `title`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct When {
    pub at: Timestamp,
    pub text: String,
}

impl When {
    pub(crate) fn ago(at: Timestamp, now: Timestamp) -> Self {
        Self {
            at,
            text: ago(at, now),
        }
    }

    /// How long ago, without the word `ago`: for narrow columns.
    pub(crate) fn age(at: Timestamp, now: Timestamp) -> Self {
        Self {
            at,
            text: coarse(at.duration_until(now)),
        }
    }

    /// `14:07:17`
    /// Day and time.
    pub(crate) fn full(at: Timestamp) -> Self {
        Self {
            at,
            text: at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        }
    }

    pub(crate) fn clock(at: Timestamp) -> Self {
        Self {
            at,
            text: clock(at),
        }
    }
}

/// A moment in a picture, where there is no `<time>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tick {
    pub at: Timestamp,
    pub text: String,
}

impl Tick {
    /// In a format such as `%H:%M`.
    pub(crate) fn new(at: Timestamp, format: &str) -> Self {
        let text = at.strftime(format).to_string();
        Self { at, text }
    }
}

impl fmt::Display for Tick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, text) = (seconds(self.at), &self.text);
        write!(f, "<tspan data-at=\"{at}\">{text}</tspan>")
    }
}

// Holds nothing but digits.
impl HtmlSafe for Tick {}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = seconds(self.at);
        write!(
            f,
            "<time datetime=\"{at}\" title=\"{} UTC\">{}</time>",
            self.at.strftime("%Y-%m-%d %H:%M:%S"),
            self.text
        )
    }
}

// Holds nothing but digits and the words below.
impl HtmlSafe for When {}

/// `now`, `6 min ago`, `3 d ago`
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> String {
    let passed = at.duration_until(now);
    if passed < SignedDuration::from_secs(1) {
        return "now".into();
    }
    format!("{} ago", coarse(passed))
}

/// One unit: `12 s`, `6 min`, `4 h`, `3 d`.
pub(crate) fn coarse(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Two units: `0.3 s`, `39 s`, `6 m 08 s`, `2 h 05 m`.
pub(crate) fn took(duration: SignedDuration) -> String {
    let millis = duration.as_millis().max(0);
    let seconds = millis / 1000;
    match seconds {
        0..10 => format!("{}.{} s", seconds, millis % 1000 / 100),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} m {:02} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {:02} m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3600 % 24),
    }
}

/// `14:07:17`, UTC.
pub(crate) fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

/// RFC 3339 in UTC, whole seconds.
pub(crate) fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_say_them() {
        let check = |millis: i64, one: &str, two: &str| {
            let duration = SignedDuration::from_millis(millis);
            assert_eq!(coarse(duration), one);
            assert_eq!(took(duration), two);
        };
        check(-5, "0 s", "0.0 s");
        check(340, "0 s", "0.3 s");
        check(39_000, "39 s", "39 s");
        check(368_000, "6 min", "6 m 08 s");
        check(7_500_000, "2 h", "2 h 05 m");
        check(200_000_000, "2 d", "2 d 7 h");
    }

    #[test]
    fn a_moment_keeps_its_exact_time() {
        let at: Timestamp = "2026-03-01T14:07:17.4Z".parse().unwrap();
        let now: Timestamp = "2026-03-01T14:13:28Z".parse().unwrap();
        assert_eq!(
            When::ago(at, now).to_string(),
            "<time datetime=\"2026-03-01T14:07:17Z\" title=\"2026-03-01 14:07:17 UTC\">6 min ago</time>"
        );
        assert_eq!(ago(now, at), "now");
    }
}
