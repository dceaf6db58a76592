//! What an instance's answer means, before anybody reads what is in it.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;

/// The longest wait for one's turn, in seconds.
const LONGEST_TURN: u64 = 10;

/// How long to wait before the same is asked again; `None` for an answer that stands.
pub(super) fn turn(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    if status != StatusCode::TOO_MANY_REQUESTS {
        return None;
    }
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    (1..=LONGEST_TURN)
        .contains(&seconds)
        .then(|| Duration::from_secs(seconds))
}

/// Why an answer is none.
#[derive(Debug)]
pub(super) enum Problem {
    /// The instance says so.
    Said(StatusCode, String),
    /// It is not what an instance of this version answers.
    Strange(String),
}

/// The JSON that was asked for, or why there is none.
pub(super) fn read(status: StatusCode, body: &[u8]) -> Result<Value, Problem> {
    let value: Option<Value> = serde_json::from_slice(body).ok();
    let said = value
        .as_ref()
        .and_then(|value| value.pointer("/error/message")?.as_str());
    let strange = |text: &str| Err(Problem::Strange(text.to_owned()));
    match (status, said) {
        (StatusCode::UNAUTHORIZED, _) => strange(
            "the token is not accepted; --token, or `admin-token` in the data directory, has the \
             right one",
        ),
        (status, Some(message)) => Err(Problem::Said(status, super::table::plain_lines(message))),
        (status, None) if status.is_success() => value.map_or_else(
            || strange("the answer is not JSON: is this the address of Kedge's web pages?"),
            Ok,
        ),
        // Every page of this version says why it fails.
        (StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::SEE_OTHER, None) => {
            strange(&format!(
                "it does not offer this ({status}); it may be another version than this command, \
                 which is {}",
                env!("CARGO_PKG_VERSION")
            ))
        }
        (status, None) => strange(&format!("it answered {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_say_what_to_do() {
        let check = |status: u16, body: &str, expected: Result<&str, &str>| {
            let status = StatusCode::from_u16(status).unwrap();
            let answer = read(status, body.as_bytes());
            match (answer, expected) {
                (Ok(value), Ok(expected)) => assert_eq!(value.to_string(), expected),
                (Err(Problem::Said(_, text) | Problem::Strange(text)), Err(expected)) => {
                    assert!(text.contains(expected), "{status}: {text}");
                }
                (answer, expected) => panic!("{status}: {answer:?}, not {expected:?}"),
            }
        };
        let said = r#"{"error": {"status": 404, "message": "there is no application shop"}}"#;
        check(200, r#"{"items":[]}"#, Ok(r#"{"items":[]}"#));
        check(404, said, Err("there is no application shop"));
        let lines = r#"{"error": {"message": "no field x\n  --> a.yaml:8:3\u001b[31m"}}"#;
        check(409, lines, Err("no field x\n  --> a.yaml:8:3 [31m"));
        check(401, said, Err("--token"));
        check(
            404,
            "<html>",
            Err("does not offer this (404 Not Found); it may be another version"),
        );
        check(
            200,
            "<html>",
            Err("is this the address of Kedge's web pages?"),
        );
        check(502, "", Err("it answered 502 Bad Gateway"));
    }

    #[test]
    fn only_who_is_told_when_asks_again() {
        let check = |status: StatusCode, after: &str, expected: Option<u64>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, after.parse().unwrap());
            let expected = expected.map(Duration::from_secs);
            assert_eq!(turn(status, &headers), expected, "{status} {after}");
        };
        let later = StatusCode::TOO_MANY_REQUESTS;
        check(later, "1", Some(1));
        check(later, "0", None);
        check(later, "3600", None);
        check(later, "Sun, 06 Nov 1994 08:49:37 GMT", None);
        check(StatusCode::SERVICE_UNAVAILABLE, "1", None);
        assert_eq!(turn(later, &HeaderMap::new()), None);
    }
}
