//! What stands in a render for a value that is encrypted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::tree::hex;

/// How every token begins; no other text does.
const MARK: &str = "KEDGESEALED";
/// Characters of a token: a multiple of three and of four, so that it is base64, and its own
/// base64 has no padding.
const LENGTH: usize = 36;

/// The token for what is encrypted as `text`. It is the same as long as that is.
pub(super) fn token(text: &str) -> String {
    let digest = hex(&Sha256::digest(text));
    format!("{MARK}{}", &digest[..LENGTH - MARK.len()])
}

/// The tokens in a text, and where they begin.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let places = text.match_indices(MARK);
    places.filter_map(|(at, _)| Some((at, text.get(at..at + LENGTH)?)))
}

/// The text with `value` in the place of each token it knows.
pub(super) fn replaced<'a>(text: &str, value: impl Fn(&str) -> Option<&'a [u8]>) -> Vec<u8> {
    let (mut bytes, mut after) = (Vec::with_capacity(text.len()), 0);
    for (at, token) in tokens(text) {
        if let Some(value) = value(token) {
            bytes.extend(&text.as_bytes()[after..at]);
            bytes.extend(value);
            after = at + LENGTH;
        }
    }
    bytes.extend(&text.as_bytes()[after..]);
    bytes
}

/// The text that `encoded` is the base64 of, where there is one with a token in it.
pub(super) fn decoded(encoded: &str) -> Option<String> {
    let packed: String = encoded.split_whitespace().collect();
    let text = String::from_utf8(STANDARD.decode(packed).ok()?).ok()?;
    let has_token = tokens(&text).next().is_some();
    has_token.then_some(text)
}

/// Whether there is a token in a text, as it is or within something that is base64.
pub(super) fn is_in(text: &str) -> bool {
    text.contains(MARK) || traces().iter().any(|trace| text.contains(trace.as_str()))
}

/// What base64 makes of the mark, wherever in three bytes it begins.
fn traces() -> [String; 3] {
    let trace = |skipped: usize| {
        let mut bytes = vec![0; skipped];
        bytes.extend(MARK.as_bytes());
        let text = STANDARD.encode(&bytes);
        // What the bytes before and after have a part in is left out.
        let first = (skipped * 8).div_ceil(6);
        let whole = bytes.len() * 8 / 6;
        text[first..whole].to_owned()
    };
    [trace(0), trace(1), trace(2)]
}
