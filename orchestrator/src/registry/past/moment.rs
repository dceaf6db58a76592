//! A point of the past, as people name it. Pure.

use api::Revision;
use jiff::Timestamp;

/// Digits of the shortest beginning of a commit's hash, and of the longest hash.
const COMMIT: std::ops::RangeInclusive<usize> = 7..=128;

/// A revision, a time, or the last change that was made in the name of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moment {
    Revision(Revision),
    Time(Timestamp),
    /// The hash or its beginning, in lower case.
    Commit(String),
}

impl Moment {
    /// `4711`, a time in RFC 3339, or 7 digits of a hash at least; `None` for anything else. What
    /// is a number is a revision.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(number) = text.parse::<i64>() {
            return (number >= 0).then_some(Self::Revision(Revision(number)));
        }
        if let Ok(time) = text.parse() {
            return Some(Self::Time(time));
        }
        let is_hash = text.chars().all(|c| c.is_ascii_hexdigit()) && COMMIT.contains(&text.len());
        is_hash.then(|| Self::Commit(text.to_ascii_lowercase()))
    }
}

#[test]
fn numbers_times_and_hashes_are_moments() {
    let time = |text: &str| Some(Moment::Time(text.parse().unwrap()));
    for (text, expected) in [
        ("0", Some(Moment::Revision(Revision(0)))),
        ("4711", Some(Moment::Revision(Revision(4711)))),
        ("2026-01-01T10:00:00Z", time("2026-01-01T10:00:00Z")),
        ("2026-01-01T10:00:00+02:00", time("2026-01-01T08:00:00Z")),
        ("0123abC", Some(Moment::Commit("0123abc".into()))),
        ("123abc", None),
        ("main-branch", None),
        ("-1", None),
        ("yesterday", None),
        ("2026-01-01", None),
        ("", None),
    ] {
        assert_eq!(Moment::parse(text), expected, "{text}");
    }
}
