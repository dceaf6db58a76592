//! Words that are like other words, and lines that say something.

use serde_json::Value;

pub(super) use crate::health::pull_cause as image_cause;
pub(super) use api::codec::strict::{distance, nearest};

/// With a capital letter, as a sentence begins.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// The keys of an object, in words: `db_host, db_name`.
pub(super) fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value
        .as_object()
        .into_iter()
        .flat_map(|map| map.keys().map(String::as_str))
        .collect();
    keys.sort_unstable();
    keys
}

/// `a, b and 3 more`
pub(super) fn several<T: AsRef<str>>(all: &[T]) -> String {
    const SHOWN: usize = 6;
    let names: Vec<&str> = all.iter().take(SHOWN).map(AsRef::as_ref).collect();
    match all.len().saturating_sub(SHOWN) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

/// Whether a line has a word in it that is not part of a longer one.
pub(super) fn names(line: &str, word: &str) -> bool {
    if word.is_empty() {
        return false;
    }
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

#[test]
fn a_word_is_not_part_of_a_longer_one() {
    assert!(names("FATAL: PAYMENTS_URL is not set", "PAYMENTS_URL"));
    assert!(names("$URL: no", "URL") && names("URL", "URL"));
    assert!(!names("OLD_PAYMENTS_URL is set", "PAYMENTS_URL"));
    assert!(!names("anything", ""));
}
