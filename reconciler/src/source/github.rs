//! GitHub Apps: an App's private key opens a repository for an hour at a time, by a token that is
//! asked for with it. The token is kept in memory until shortly before it expires.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, AUTHORIZATION};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use client::Env;

use super::{Access, Error};

/// Where github.com is asked; others say where with `githubAppBaseURL`.
const PUBLIC: &str = "https://api.github.com";
/// Whom GitHub takes a token's owner for.
const USER: &str = "x-access-token";
const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes of an answer.
const ANSWER: usize = 64 << 10;
/// A token that ends within this time is not used any more.
const MARGIN: SignedDuration = SignedDuration::from_mins(5);
/// How far GitHub's clock may be behind ours, and how long our word counts.
const EARLIER: i64 = 60;
const LATER: i64 = 540;

/// An App, as the credentials name it.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct App {
    /// `githubAppID`: a number, or the client id.
    pub(super) id: String,
    /// `githubAppInstallationID`: the number of the installation that has the repository.
    pub(super) installation: String,
    /// `githubAppPrivateKey`: PEM, RSA.
    pub(super) key: String,
    /// `githubAppBaseURL`: of GitHub Enterprise, `https://HOST/api/v3`; empty for github.com.
    pub(super) base: String,
}

impl App {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is wrong with it.
    pub(super) fn problem(&self) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        if self.id.is_empty() || self.installation.is_empty() || self.key.is_empty() {
            let text = "githubAppID, githubAppInstallationID and githubAppPrivateKey go together";
            return Some(text.into());
        }
        let is_plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
        if !is_plain(&self.id) || !self.installation.chars().all(|c| c.is_ascii_digit()) {
            return Some("githubAppID or githubAppInstallationID is no id".into());
        }
        let is_local = |base: &str| base.starts_with("http://127.0.0.1:");
        if !self.base.is_empty() && !self.base.starts_with("https://") && !is_local(&self.base) {
            return Some("githubAppBaseURL does not begin with https://".into());
        }
        pair(&self.key)
            .err()
            .map(|why| format!("githubAppPrivateKey {why}"))
    }

    /// What names it, and its key, among tokens.
    fn name(&self) -> String {
        let text = [&self.id, &self.installation, &self.key, &self.base];
        let digest = Sha256::digest(text.map(String::as_str).join("\0"));
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Says that the App is who it says, for some minutes.
    fn word(&self, now: Timestamp) -> Result<String, String> {
        let claims = json!({
            "iat": now.as_second() - EARLIER,
            "exp": now.as_second() + LATER,
            "iss": self.id,
        });
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let header = encode(br#"{"alg":"RS256","typ":"JWT"}"#);
        let text = format!("{header}.{}", encode(claims.to_string().as_bytes()));
        let pair = pair(&self.key)?;
        let mut signature = vec![0; pair.public().modulus_len()];
        pair.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            text.as_bytes(),
            &mut signature,
        )
        .map_err(|_| "cannot sign".to_owned())?;
        Ok(format!("{text}.{}", encode(&signature)))
    }
}

/// The key of a PEM file, as GitHub hands it out (PKCS #1) or as others store it (PKCS #8).
fn pair(pem: &str) -> Result<RsaKeyPair, String> {
    let between = |kind: &str| {
        let (_, rest) = pem.split_once(&format!("-----BEGIN {kind}-----"))?;
        let (body, _) = rest.split_once(&format!("-----END {kind}-----"))?;
        let body: String = body.split_whitespace().collect();
        STANDARD.decode(body).ok()
    };
    let found = if let Some(der) = between("RSA PRIVATE KEY") {
        RsaKeyPair::from_der(&der)
    } else if let Some(der) = between("PRIVATE KEY") {
        RsaKeyPair::from_pkcs8(&der)
    } else {
        return Err("holds no private key".into());
    };
    found.map_err(|why| format!("cannot be used: {why}"))
}

/// Tokens of Apps, until they expire. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub(crate) struct Apps {
    tokens: Arc<Mutex<BTreeMap<String, Token>>>,
}

#[derive(Clone, Deserialize)]
struct Token {
    token: String,
    expires_at: Timestamp,
}

impl Apps {
    /// The credentials with a token in the place of the App that asks for it.
    pub(crate) async fn signed_in(&self, access: &Access, env: &Env) -> Result<Access, Error> {
        if access.app.is_empty() {
            return Ok(access.clone());
        }
        let name = access.app.name();
        let known = self.lock().get(&name).cloned();
        let now = env.now();
        let fresh = known.filter(|token| token.expires_at > now + MARGIN);
        let token = if let Some(token) = fresh {
            token
        } else {
            let asked = ask(access, now).await;
            let token = asked.map_err(|problem| Error::App { problem })?;
            let mut tokens = self.lock();
            tokens.retain(|_, token| token.expires_at > now);
            tokens.insert(name, token.clone());
            token
        };
        Ok(Access {
            user: USER.to_owned(),
            password: token.token,
            app: App::default(),
            ..access.clone()
        })
    }

    /// Forgets the token: it was refused.
    pub(crate) fn forget(&self, access: &Access) {
        self.lock().remove(&access.app.name());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Token>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks for a token. What is wrong is one sentence, without anything secret.
async fn ask(access: &Access, now: Timestamp) -> Result<Token, String> {
    let app = &access.app;
    let base = match app.base.trim_end_matches('/') {
        "" => PUBLIC,
        base => base,
    };
    // Whoever made the process may have installed one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("kedge/", env!("CARGO_PKG_VERSION")));
    if !access.authority.is_empty() {
        let trusted = reqwest::Certificate::from_pem_bundle(access.authority.as_bytes());
        let trusted = trusted.map_err(|_| "ca.crt holds no certificate".to_owned())?;
        builder = builder.tls_certs_merge(trusted);
    }
    let http = builder.build().map_err(without_address)?;
    let url = format!(
        "{base}/app/installations/{}/access_tokens",
        app.installation
    );
    let request = http
        .post(url)
        .header(AUTHORIZATION, format!("Bearer {}", app.word(now)?))
        .header(ACCEPT, "application/vnd.github+json")
        .header("X-GitHub-Api-Version", "2022-11-28");
    let unreachable = |why| format!("{base} cannot be asked: {}", without_address(why));
    let answer = request.send().await.map_err(unreachable)?;
    let status = answer.status();
    let body = answer.bytes().await.map_err(unreachable)?;
    let body = body.get(..ANSWER.min(body.len())).unwrap_or_default();
    if status == StatusCode::CREATED {
        return serde_json::from_slice(body)
            .map_err(|_| format!("{base} answers something that is no token"));
    }
    let said: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let said: String = said["message"]
        .as_str()
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect();
    Err(match status {
        StatusCode::UNAUTHORIZED => format!(
            "{base} does not know App {} by this key, or its clock is another: {said}",
            app.id
        ),
        StatusCode::NOT_FOUND => format!(
            "App {} has no installation {} at {base}",
            app.id, app.installation
        ),
        _ => format!("{base} answers {}: {said}", status.as_u16()),
    })
}

/// The error with its causes.
fn without_address(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
