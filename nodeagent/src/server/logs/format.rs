//! From the runtime's lines to what people read. Pure.

use jiff::Timestamp;

use crate::server::log_line::parse;

/// Filters, stamps and limits.
#[derive(Debug)]
pub(super) struct Formatter {
    since: Option<Timestamp>,
    timestamps: bool,
    /// Bytes that may still go out; `None`: all.
    left: Option<u64>,
    /// What comes next begins a line.
    at_start: bool,
    /// A line that was begun is passed on to its end.
    passes: bool,
}

impl Formatter {
    pub(super) fn new(since: Option<Timestamp>, timestamps: bool, limit: Option<u64>) -> Self {
        Self {
            since,
            timestamps,
            left: limit,
            at_start: true,
            passes: true,
        }
    }

    /// Nothing may go out any more.
    pub(super) fn is_full(&self) -> bool {
        self.left == Some(0)
    }

    /// Appends what is to be shown of `line`, which is without its newline.
    pub(super) fn add(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let Some(line) = parse(line) else {
            return;
        };
        if self.at_start {
            self.passes = self.since.is_none_or(|since| {
                line.time
                    .parse::<Timestamp>()
                    .is_ok_and(|time| time >= since)
            });
        }
        if self.passes {
            if self.timestamps && self.at_start {
                self.push(line.time.as_bytes(), out);
                self.push(b" ", out);
            }
            self.push(line.content, out);
            if !line.is_partial {
                self.push(b"\n", out);
            }
        }
        self.at_start = !line.is_partial;
    }

    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let room = self.left.map_or(usize::MAX, |left| {
            usize::try_from(left).unwrap_or(usize::MAX)
        });
        let bytes = &bytes[..bytes.len().min(room)];
        out.extend_from_slice(bytes);
        if let Some(left) = &mut self.left {
            *left -= u64::try_from(bytes.len()).unwrap_or(*left).min(*left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "2026-01-01T00:00:01.5Z stdout F one\n2026-01-01T00:00:02.5Z stderr P tw\n2026-01-01T00:00:02.6Z stderr F o\n2026-01-01T00:00:03.5Z stdout F three";

    #[test]
    fn filters_stamps_and_limits() {
        let check = |since: Option<&str>, timestamps: bool, limit: Option<u64>, expected: &str| {
            let since = since.map(|text| text.parse().unwrap());
            let mut formatter = Formatter::new(since, timestamps, limit);
            let mut out = Vec::new();
            for line in LOG.lines() {
                formatter.add(line.as_bytes(), &mut out);
            }
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        };
        check(None, false, None, "one\ntwo\nthree\n");
        check(Some("2026-01-01T00:00:02Z"), false, None, "two\nthree\n");
        check(None, false, Some(6), "one\ntw");
        check(
            Some("2026-01-01T00:00:02Z"),
            true,
            None,
            "2026-01-01T00:00:02.5Z two\n2026-01-01T00:00:03.5Z three\n",
        );
    }
}
