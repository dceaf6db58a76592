//! Which lines of a log somebody wants: `grep` is a regular expression, `since` a duration.

use jiff::SignedDuration;
use regex::{Regex, RegexBuilder};

use crate::web::error::PageError;
use crate::web::view::logs::LogLine;

/// A pattern that compiles to more than this is refused, in bytes.
const LARGEST: usize = 1 << 20;

/// What an address says of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter {
    pattern: Option<Regex>,
    since: Option<u64>,
}

impl Filter {
    /// # Errors
    /// One of the two is not understood: the message says which, and why.
    pub(super) fn parse(grep: &str, since: &str) -> Result<Self, PageError> {
        Ok(Self {
            pattern: pattern(grep)?,
            since: seconds(since)?,
        })
    }

    pub(super) fn takes(&self, line: &LogLine) -> bool {
        let Some(pattern) = &self.pattern else {
            return true;
        };
        pattern.is_match(&line.text) || pattern.is_match(&format!("{} {}", line.level, line.text))
    }

    /// Whether lines are looked for in the whole log, and not only at its end.
    pub(super) fn searches(&self) -> bool {
        self.pattern.is_some()
    }

    /// How far back, in seconds.
    pub(super) fn since(&self) -> Option<u64> {
        self.since
    }
}

fn pattern(text: &str) -> Result<Option<Regex>, PageError> {
    if text.is_empty() {
        return Ok(None);
    }
    let mut builder = RegexBuilder::new(text);
    // As the page's own filter does.
    let built = builder.case_insensitive(true).size_limit(LARGEST).build();
    let refused = |error: regex::Error| {
        // The last line says what it is; those before it draw where.
        let told = error.to_string();
        let why = told.lines().last().unwrap_or_default();
        PageError::BadParameter(format!(
            "grep: {text} is no regular expression: {}",
            why.trim_start_matches("error: ")
        ))
    };
    built.map(Some).map_err(refused)
}

fn seconds(text: &str) -> Result<Option<u64>, PageError> {
    if text.is_empty() {
        return Ok(None);
    }
    let read = text.parse::<SignedDuration>().ok();
    let read = read.and_then(|it| u64::try_from(it.as_secs()).ok());
    match read {
        Some(seconds) => Ok(Some(seconds)),
        None => Err(PageError::BadParameter(format!(
            "since: {text} is no duration; 90s, 5m and 24h are"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::view::logs::parse;

    #[test]
    fn lines_are_taken_by_text_and_level() {
        let line = parse("2026-03-01T14:07:17Z ERROR connection to db:5432 refused");
        let takes = |grep: &str| Filter::parse(grep, "").unwrap().takes(&line);
        for grep in [
            "",
            "refused",
            "DB:\\d+",
            "error",
            "^connection",
            "^error conn",
        ] {
            assert!(takes(grep), "{grep}");
        }
        for grep in ["accepted", "^refused", "2026"] {
            assert!(!takes(grep), "{grep}");
        }
        assert!(!Filter::parse("", "").unwrap().searches());
    }

    #[test]
    fn what_is_not_understood_is_refused_with_the_reason() {
        let told = |grep: &str, since: &str| Filter::parse(grep, since).unwrap_err().to_string();
        assert_eq!(
            told("a(b", ""),
            "grep: a(b is no regular expression: unclosed group"
        );
        assert!(told("(a{1000}){1000}", "").contains("size limit"));
        for since in ["yesterday", "-5m", "5"] {
            assert_eq!(
                told("", since),
                format!("since: {since} is no duration; 90s, 5m and 24h are")
            );
        }
        let since = |text: &str| Filter::parse("", text).unwrap().since();
        assert_eq!(since("90s"), Some(90));
        assert_eq!(since("5m"), Some(300));
        assert_eq!(since("24h"), Some(86_400));
    }
}
