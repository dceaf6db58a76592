use std::collections::BTreeMap;

use api::{ObjectKey, Uid};
use jiff::Timestamp;

use super::*;

const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

/// Objects that exist, by `key`, with their uids.
struct Existing(BTreeMap<String, &'static str>);

impl Bindings for Existing {
    fn uid(&self, key: &ObjectKey) -> Option<Uid> {
        self.0
            .get(&key.to_string())
            .map(|uid| Uid((*uid).to_owned()))
    }
}

fn keys() -> Keys {
    Keys::from_pem(&tls::certificate::generate_key("test").unwrap()).unwrap()
}

fn claims() -> Claims {
    let reference = |name: &str, uid: &str| Reference {
        name: name.into(),
        uid: uid.into(),
    };
    Claims {
        audiences: vec![ISSUER.into(), "vault".into()],
        expires: 2000,
        issued: 1000,
        issuer: ISSUER.into(),
        id: "j1".into(),
        bound: Bound {
            namespace: "default".into(),
            node: Some(reference("n1", "u-n1")),
            pod: Some(reference("web-0", "u-web")),
            secret: None,
            service_account: reference("web", "u-sa"),
        },
        not_before: 1000,
        subject: "system:serviceaccount:default:web".into(),
    }
}

#[test]
fn a_token_counts_as_long_as_everything_it_says_holds() {
    let keys = keys();
    let all = [
        ("serviceaccounts default/web", "u-sa"),
        ("pods default/web-0", "u-web"),
    ];
    let check = |claims: Claims, existing: &[(&str, &'static str)], now: i64| {
        let token = keys.sign(&claims).unwrap();
        let existing = Existing(
            existing
                .iter()
                .map(|(k, v)| ((*k).to_owned(), *v))
                .collect(),
        );
        let audiences = [ISSUER.to_owned(), "other".to_owned()];
        let now = Timestamp::from_second(now).unwrap();
        verify(&keys, &token, ISSUER, &audiences, &existing, now).map(|(_, shared)| shared)
    };
    assert_eq!(check(claims(), &all, 1500), Ok(vec![ISSUER.to_owned()]));
    assert_eq!(check(claims(), &all, 2001), Err(Error::Expired));
    assert_eq!(check(claims(), &all, 900), Err(Error::NotYet));
    let foreign = Claims {
        issuer: "https://else".into(),
        ..claims()
    };
    assert_eq!(
        check(foreign, &all, 1500),
        Err(Error::Issuer("https://else".into()))
    );
    let audience = Claims {
        audiences: vec!["vault".into()],
        ..claims()
    };
    assert_eq!(
        check(audience, &all, 1500),
        Err(Error::Audience(vec!["vault".into()]))
    );
    for gone in 0..all.len() {
        let mut rest = all.to_vec();
        rest[gone].1 = "another";
        assert!(matches!(
            check(claims(), &rest, 1500),
            Err(Error::Unbound(_))
        ));
        rest.remove(gone);
        assert!(matches!(
            check(claims(), &rest, 1500),
            Err(Error::Unbound(_))
        ));
    }
}

#[test]
fn a_changed_token_is_refused() {
    let (keys, other) = (keys(), keys());
    let token = keys.sign(&claims()).unwrap();
    assert_eq!(keys.open(&token), Ok(claims()));
    assert_eq!(other.open(&token), Err(Error::Signature));
    let mut parts: Vec<&str> = token.split('.').collect();
    let forged = keys
        .sign(&Claims {
            subject: "system:admin".into(),
            ..claims()
        })
        .unwrap();
    parts[1] = forged.split('.').nth(1).unwrap();
    assert_eq!(keys.open(&parts.join(".")), Err(Error::Signature));
    // `{"alg":"none"}`
    parts[0] = "eyJhbGciOiJub25lIn0";
    assert_eq!(keys.open(&parts.join(".")), Err(Error::Signature));
    for malformed in ["", "a", "a.b", "a.b.c", &"x".repeat(20_000)] {
        assert_eq!(
            keys.open(malformed),
            Err(Error::Malformed),
            "{malformed:.20}"
        );
    }
}

#[test]
fn speaks_for_a_service_account() {
    let identity = identity(&claims());
    assert_eq!(identity.name, "system:serviceaccount:default:web");
    assert_eq!(identity.uid, "u-sa");
    assert_eq!(
        identity.groups,
        [
            "system:serviceaccounts",
            "system:serviceaccounts:default",
            "system:authenticated"
        ]
    );
    let pod = &identity.extra["authentication.kubernetes.io/pod-name"];
    assert_eq!(pod, &["web-0"]);
}

#[test]
fn the_public_key_is_published() {
    let jwks = keys().jwks();
    let key = &jwks["keys"][0];
    assert_eq!(
        (key["kty"].as_str(), key["crv"].as_str()),
        (Some("EC"), Some("P-256"))
    );
    assert_eq!(key["x"].as_str().map(str::len), Some(43));
    assert_eq!(
        discovery(ISSUER, "https://a/openid/v1/jwks")["issuer"],
        ISSUER
    );
}
