//! GitHub Apps, against a server that answers as GitHub does.

use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};

use client::{Env, Tasks};

use super::remote::{access, origin};
use super::servers::Https;
use crate::source::*;
use crate::testing::Directory;

struct GitHub {
    /// Of App 7.
    key: Vec<u8>,
    asked: AtomicUsize,
    /// Seconds that a token is good for.
    good: AtomicI64,
}

async fn token(
    State(github): State<Arc<GitHub>>,
    Path(installation): Path<String>,
    headers: HeaderMap,
) -> (StatusCode, Json<Value>) {
    github.asked.fetch_add(1, Ordering::Relaxed);
    let said = |status, message: &str| (status, Json(json!({"message": message})));
    let word = headers["authorization"].to_str().unwrap();
    let word = word.strip_prefix("Bearer ").unwrap();
    let (text, signature) = word.rsplit_once('.').unwrap();
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &github.key);
    let good = key.verify(text.as_bytes(), &decode(signature)).is_ok();
    let (header, claims) = text.split_once('.').unwrap();
    let header: Value = serde_json::from_slice(&decode(header)).unwrap();
    let claims: Value = serde_json::from_slice(&decode(claims)).unwrap();
    let now = Env::system().now().as_second();
    let begins = claims["iat"].as_i64().unwrap() <= now;
    let ends = claims["exp"].as_i64().unwrap();
    let in_time = begins && (now..=now + 600).contains(&ends);
    if !(good && in_time && header["alg"] == "RS256" && claims["iss"] == "7") {
        return said(
            StatusCode::UNAUTHORIZED,
            "A JSON web token could not be decoded",
        );
    }
    if installation != "42" {
        return said(StatusCode::NOT_FOUND, "Not Found");
    }
    let good = SignedDuration::from_secs(github.good.load(Ordering::Relaxed));
    let until: Timestamp = Env::system().now() + good;
    let answer =
        json!({"token": "secret", "expires_at": until, "permissions": {"contents": "read"}});
    (StatusCode::CREATED, Json(answer))
}

/// A key as GitHub hands it out, and the public half of it.
fn key(directory: &Directory, name: &str) -> (String, Vec<u8>) {
    let path = directory.path().join(name);
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f"])
        .arg(&path)
        .status();
    assert!(made.unwrap().success());
    let pem = fs::read_to_string(path).unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let pair = RsaKeyPair::from_der(&STANDARD.decode(body).unwrap()).unwrap();
    (pem, pair.public_key().as_ref().to_vec())
}

#[tokio::test]
async fn an_app_fetches_with_a_token_that_is_asked_for_once() {
    let (directory, id) = origin();
    let (pem, public) = key(&directory, "app");
    let github = Arc::new(GitHub {
        key: public,
        asked: AtomicUsize::new(0),
        good: AtomicI64::new(3600),
    });
    let tasks = Tasks::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/api/v3", listener.local_addr().unwrap());
    let path = "/api/v3/app/installations/{installation}/access_tokens";
    let router = Router::new()
        .route(path, post(token))
        .with_state(github.clone());
    tasks.spawn_until_cancelled(async move { axum::serve(listener, router).await.unwrap() });

    let server = Https::serve(&directory).await;
    let values = |installation: &'static str, pem: &str| {
        access(&[
            ("githubAppID", "7"),
            ("githubAppInstallationID", installation),
            ("githubAppPrivateKey", pem),
            ("githubAppBaseURL", &base),
            ("ca.crt", server.authority.certificate_pem()),
        ])
    };
    let (apps, env) = (Apps::default(), Env::system());
    let app = values("42", &pem);
    let shown = format!("{app:?}");
    assert!(
        shown.contains("githubAppPrivateKey") && !shown.contains("BEGIN"),
        "{shown}"
    );
    let asked = || github.asked.load(Ordering::Relaxed);
    for _ in 0..2 {
        let token = apps.signed_in(&app, &env).await.unwrap();
        let source = Source::remote(&server.url(), &directory.path().join("mirrors"));
        source.refresh(&token, &env).await.unwrap();
        assert_eq!(source.head("main").await.unwrap().as_ref(), Some(&id));
    }
    assert_eq!(asked(), 1);
    // A token that was refused, and one that soon ends, are asked for again.
    apps.forget(&app);
    github.good.store(200, Ordering::Relaxed);
    for expected in [2, 3] {
        apps.signed_in(&app, &env).await.unwrap();
        assert_eq!(asked(), expected);
    }
    let said = async |app: &Access| {
        let error = apps.signed_in(app, &env).await.unwrap_err().to_string();
        error.replace(&base, "BASE")
    };
    assert_eq!(
        said(&values("43", &pem)).await,
        "no token for the GitHub App: App 7 has no installation 43 at BASE"
    );
    let (other, _) = key(&directory, "other");
    let unknown = said(&values("42", &other)).await;
    let expected = "no token for the GitHub App: BASE does not know App 7 by this key, or its clock \
                    is another: A JSON web token could not be decoded";
    assert_eq!(unknown, expected);
    tasks.drain().await;
    assert!(said(&app).await.contains("BASE cannot be asked"));
    server.end().await;
}

#[test]
fn an_app_that_lacks_something_says_so() {
    let check = |values: &[(&str, &str)], expected: &str| {
        let values = values
            .iter()
            .map(|(name, value)| (*name, value.as_bytes().to_vec()));
        let said = Access::from_values("test", values).unwrap_err().to_string();
        assert_eq!(
            said,
            format!("the credentials in test cannot be used: {expected}")
        );
    };
    let (id, installation) = (("githubAppID", "7"), ("githubAppInstallationID", "42"));
    let all = "githubAppID, githubAppInstallationID and githubAppPrivateKey go together";
    check(&[id], all);
    check(&[id, installation], all);
    let key = ("githubAppPrivateKey", "no key");
    check(
        &[id, installation, key],
        "githubAppPrivateKey holds no private key",
    );
    let base = ("githubAppBaseURL", "http://example.org");
    check(
        &[id, installation, key, base],
        "githubAppBaseURL does not begin with https://",
    );
    let no_id = ("githubAppInstallationID", "../1");
    check(
        &[id, no_id, key],
        "githubAppID or githubAppInstallationID is no id",
    );
    check(
        &[("passphrase", "x")],
        "passphrase is there without identity",
    );
}
