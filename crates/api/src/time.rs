//! Timestamps as Kubernetes writes them.

use jiff::Timestamp;
use jiff::fmt::strtime;

/// `metav1.Time`: RFC 3339 in UTC, whole seconds.
pub fn time(at: Timestamp) -> String {
    strtime::format("%Y-%m-%dT%H:%M:%SZ", at).expect("a timestamp always formats in UTC")
}

/// `metav1.MicroTime`: RFC 3339 in UTC, always six fraction digits.
pub fn micro_time(at: Timestamp) -> String {
    strtime::format("%Y-%m-%dT%H:%M:%S.%6fZ", at).expect("a timestamp always formats in UTC")
}

/// Any RFC 3339 timestamp, with or without a fraction.
pub fn parse_time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_and_parses() {
        let at = parse_time("2026-11-21T05:06:07.123456789+01:00").unwrap();
        assert_eq!(time(at), "2026-11-21T04:06:07Z");
        assert_eq!(micro_time(at), "2026-11-21T04:06:07.123456Z");
        assert_eq!(parse_time("yesterday"), None);
    }
}
