//! What a token is, and whether one may be made: pure.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::Token;
use crate::githost::identity::ADMIN;

/// How every token begins, so that one that got out is found.
const PREFIX: &str = "kedge";
/// Hex digits of the part that is no secret, and of the secret.
const ID: usize = 16;
const SECRET: usize = 64;
/// Characters of a name.
const NAME: usize = 63;
const LONGEST: SignedDuration = SignedDuration::from_hours(10 * 366 * 24);

/// A token and its id, out of random bytes.
pub(super) fn token(id: [u8; ID / 2], secret: [u8; SECRET / 2]) -> (String, String) {
    let id = hex(&id);
    let token = format!("{PREFIX}_{id}_{}", hex(&secret));
    (token, id)
}

/// The id in a token; `None` for what is none of ours.
pub(super) fn id(token: &str) -> Option<&str> {
    let rest = token.strip_prefix(PREFIX)?.strip_prefix('_')?;
    let (id, secret) = rest.split_once('_')?;
    let is_hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    (id.len() == ID && secret.len() == SECRET && is_hex(id) && is_hex(secret)).then_some(id)
}

/// What is kept of a token. It is as random as the digest, so it needs no salt.
pub(super) fn digest(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether it opens anything now.
pub(super) fn is_live(token: &Token, now: Timestamp) -> bool {
    token.revoked_at.is_none() && token.expires_at.is_none_or(|until| until > now)
}

/// Why a token cannot have this name or belong to this user.
pub(super) fn problem(name: &str, user: &str) -> Option<String> {
    for (what, text) in [("name", name), ("user", user)] {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
        if text.is_empty() || text.len() > NAME || !text.chars().all(allowed) {
            return Some(format!(
                "{what} {text:?} is none: letters, digits and -_.@ are allowed, at most {NAME}"
            ));
        }
    }
    (user == ADMIN).then(|| "admin has the admin token; name another user".to_owned())
}

/// Reads `30d`, `12h`, `90m` or `2w`.
pub(super) fn lifetime(text: &str) -> Result<SignedDuration, String> {
    let wrong = || format!("{text:?} is no time: write 90m, 12h, 30d or 2w");
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let minutes = match unit {
        "m" => 1,
        "h" => 60,
        "d" => 24 * 60,
        "w" => 7 * 24 * 60,
        _ => return Err(wrong()),
    };
    let number: i64 = number.parse().map_err(|_| wrong())?;
    let minutes = number.checked_mul(minutes).unwrap_or(i64::MAX);
    match SignedDuration::try_from_mins(minutes) {
        Some(span) if span.is_zero() => {
            Err(format!("{text}: such a token would never open anything"))
        }
        Some(span) if span <= LONGEST => Ok(span),
        _ => Err(format!("{text} is too long: ten years are the most")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_an_id_and_a_secret() {
        let (text, own) = token([0xab; 8], [1; 32]);
        assert_eq!(id(&text), Some(own.as_str()));
        assert_eq!(text.len(), 5 + 1 + 16 + 1 + 64);
        assert_eq!(digest(&text).len(), 64);
        let other = text.replace("kedge", "other");
        for bad in [
            "",
            "kedge_",
            "admin",
            &text[..80],
            &format!("{text}0"),
            &other,
        ] {
            assert_eq!(id(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_lifetime_is_a_number_and_a_unit() {
        let check = |text: &str, expected: Result<i64, &str>| match (lifetime(text), expected) {
            (Ok(span), Ok(minutes)) => assert_eq!(span.as_mins(), minutes, "{text}"),
            (Err(said), Err(part)) => assert!(said.contains(part), "{text}: {said}"),
            (got, _) => panic!("{text}: {got:?}"),
        };
        check("90m", Ok(90));
        check("12h", Ok(720));
        check("30d", Ok(43_200));
        check("2w", Ok(20_160));
        check("0d", Err("never open"));
        check("99999d", Err("too long"));
        check("99999999999999999d", Err("too long"));
        for bad in ["", "d", "30", "-1d", "1 d", "1y"] {
            check(bad, Err("write 90m"));
        }
    }

    #[test]
    fn names_are_words() {
        let check = |name: &str, user: &str, expected: Option<&str>| {
            let said = problem(name, user);
            let good = match (&said, expected) {
                (Some(said), Some(part)) => said.contains(part),
                (None, None) => true,
                _ => false,
            };
            assert!(good, "{name} {user}: {said:?}");
        };
        check("laptop", "ann@example.org", None);
        check("", "ann", Some("name \"\""));
        check("a b", "ann", Some("name"));
        check("a", "a:b", Some("user"));
        check("a", "admin", Some("admin token"));
        check(&"a".repeat(64), "ann", Some("at most 63"));
    }
}
