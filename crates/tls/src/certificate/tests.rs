use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::{Error, files};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

/// A directory of its own for one test, empty.
fn directory(test: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("kedge-tls-{}-{test}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    files::create_private_directory(&path).unwrap();
    path
}

#[test]
fn decides_what_must_be_issued() {
    let now = at("2026-06-01T00:00:00Z");
    let wanted = Wanted::client("jane", "dev");
    let found = Found {
        content: wanted.clone(),
        not_before: now - days(100),
        not_after: now + days(265),
        from_authority: true,
    };
    let other_name = Found {
        content: Wanted::client("joe", "dev"),
        ..found.clone()
    };
    let foreign = Found {
        from_authority: false,
        ..found.clone()
    };
    let old = Found {
        not_before: now - days(250),
        not_after: now + days(115),
        ..found.clone()
    };
    let expired = Found {
        not_after: now - days(1),
        ..found.clone()
    };
    let cases = [
        (None, Verdict::Issue(Why::Missing)),
        (Some(found), Verdict::Keep),
        (Some(other_name), Verdict::Issue(Why::OtherContent)),
        (Some(foreign), Verdict::Issue(Why::OtherAuthority)),
        (Some(old), Verdict::Issue(Why::Expiring)),
        (Some(expired), Verdict::Issue(Why::Expiring)),
    ];
    for (found, expected) in cases {
        assert_eq!(verdict(found.as_ref(), &wanted, now), expected, "{found:?}");
    }
}

#[test]
fn issues_what_it_was_asked_for_and_keeps_it() {
    let directory = directory("ensure");
    let now = at("2026-06-01T00:00:00Z");
    let authority = Authority::open(&directory.join("ca.pem"), "kedge", now).unwrap();
    let wanted = Wanted::server(
        "api",
        ["localhost".to_owned(), "kubernetes".to_owned()],
        ["127.0.0.1".parse().unwrap(), "fd00::1".parse().unwrap()],
    );
    let path = directory.join("api.pem");
    let first = ensure(&path, &authority, &wanted, now).unwrap();
    let found = parse::found(&first.certificate_pem, &authority.key_id).unwrap();
    assert_eq!(found.content, wanted);
    assert!(found.from_authority);
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(first.key_pem.starts_with("-----BEGIN PRIVATE KEY"));

    // Reloaded, not issued again; renewed late in its life.
    let again = Authority::open(&directory.join("ca.pem"), "kedge", now).unwrap();
    assert_eq!(again.certificate_pem(), authority.certificate_pem());
    assert_eq!(
        ensure(&path, &again, &wanted, now + days(200)).unwrap(),
        first
    );
    let renewed = ensure(&path, &again, &wanted, now + days(250)).unwrap();
    assert_ne!(renewed, first);
    assert_eq!(
        fs::read_dir(&directory).unwrap().count(),
        2,
        "no temporary files stay"
    );
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn an_old_authority_is_renewed_with_its_key() {
    let directory = directory("renew");
    let path = directory.join("ca.pem");
    let now = at("2026-06-01T00:00:00Z");
    let first = Authority::open(&path, "kedge", now).unwrap();
    let leaf = first.issue(&Wanted::client("jane", ""), now).unwrap();
    let renewed = Authority::open(&path, "kedge", now + days(365 * 7)).unwrap();
    assert_ne!(renewed.certificate_pem(), first.certificate_pem());
    assert_eq!(renewed.key_id, first.key_id);
    assert!(
        parse::found(&leaf.certificate_pem, &renewed.key_id)
            .unwrap()
            .from_authority
    );
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn an_unreadable_authority_is_an_error() {
    let directory = directory("unreadable");
    let path = directory.join("ca.pem");
    fs::write(&path, "not a key").unwrap();
    let error = Authority::open(&path, "kedge", at("2026-06-01T00:00:00Z"));
    assert!(matches!(error, Err(Error::Parse { .. })));
    assert_eq!(fs::read_to_string(&path).unwrap(), "not a key");
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_key_that_stays_where_it_is_gets_what_the_authority_says() {
    let now = at("2026-06-01T00:00:00Z");
    let authority = Authority::generate("kedge", now).unwrap();
    let key_id = authority.key_id.clone();
    let wanted = Wanted::client("system:node:worker-1", "system:nodes");
    let request = Request::generate("worker-1").unwrap();
    let certified = authority.certify(&request.request_pem, &wanted, now);
    let pair = request.answered(certified.unwrap());
    let told = parse::found(&pair.certificate_pem, &key_id).unwrap();
    assert_eq!((told.content, told.from_authority), (wanted.clone(), true));
    assert!(
        crate::Certificates::new(&pair).is_ok(),
        "the key is another"
    );

    // Whoever asks for the key of somebody else cannot sign for it.
    let mut forged = Request::generate("worker-1").unwrap().request_pem;
    let at = forged.len() / 2;
    let other = if &forged[at..=at] == "A" { "B" } else { "A" };
    forged.replace_range(at..=at, other);
    for bad in [forged.as_str(), "", &pair.certificate_pem] {
        assert!(authority.certify(bad, &wanted, now).is_err(), "{bad}");
    }
}
