//! Sign-in by a provider of OpenID Connect: the authorization code flow with PKCE (Core 1.0
//! §3.1, RFC 7636). What the provider says is believed only as a signed ID token.

mod claims;
mod settings;
#[cfg(test)]
mod tests;

use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use openidconnect::core::{CoreAuthenticationFlow, CoreProviderMetadata};
use openidconnect::{
    AsyncHttpClient, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest,
    HttpResponse, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::User;
use claims::{Answer, Discovered, user};
pub use settings::{Settings, Unusable};

/// How long the provider has for each answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer of the provider, in bytes.
const MOST: usize = 1024 * 1024;
/// How long somebody may take to sign in there.
const ATTEMPT: SignedDuration = SignedDuration::from_mins(10);

/// Where people prove who they are.
pub struct Provider {
    settings: Settings,
    http: Http,
    /// What it says of itself, with its keys; read when it is needed first, and again where its
    /// keys are others by now.
    metadata: Mutex<Option<CoreProviderMetadata>>,
}

/// Somebody who was sent there and has not come back: kept by their browser, signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    state: String,
    nonce: String,
    verifier: String,
    /// Where to go then.
    pub(in crate::web) next: String,
    until: Timestamp,
}

/// Why somebody could not be signed in.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the provider {issuer} cannot be used: {reason}")]
    Provider { issuer: String, reason: String },
    #[error("this sign-in began elsewhere or too long ago; begin again")]
    Stale,
    #[error("the provider refused: {0}")]
    Refused(String),
    #[error("what the provider answered is not to be believed: {0}")]
    Unproven(String),
}

impl Provider {
    /// Nothing is asked of the provider yet.
    ///
    /// # Errors
    /// Where its certificate authority cannot be read.
    pub fn new(settings: Settings) -> Result<Self, Unusable> {
        // Whoever made the process may have installed one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .timeout(PATIENCE)
            // People sign in rarely, and a code is good for one question: a connection that the
            // provider is about to close must not carry it.
            .pool_max_idle_per_host(0)
            // A code or a secret goes nowhere but where it was meant to go.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("kedge/", env!("CARGO_PKG_VERSION")));
        if let Some(pem) = &settings.authority {
            let trusted = reqwest::Certificate::from_pem_bundle(pem.as_bytes());
            let trusted = trusted.map_err(|_| Unusable::Authority)?;
            builder = builder.tls_certs_merge(trusted);
        }
        Ok(Self {
            http: Http(builder.build().map_err(|_| Unusable::Authority)?),
            settings,
            metadata: Mutex::default(),
        })
    }

    /// What people know it as.
    pub(in crate::web) fn name(&self) -> &str {
        let issuer = &self.settings.issuer;
        let host = issuer.split("://").nth(1).unwrap_or(issuer);
        host.split('/').next().unwrap_or(host)
    }

    /// Where to send somebody, and what has to come back with them.
    pub(in crate::web) async fn begin(
        &self,
        next: &str,
        now: Timestamp,
    ) -> Result<(String, Attempt), Error> {
        let client = self.client(self.metadata().await?)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = client.authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        );
        for scope in &self.settings.scopes {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        let (url, state, nonce) = request.set_pkce_challenge(challenge).url();
        let attempt = Attempt {
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
            next: next.to_owned(),
            until: now + ATTEMPT,
        };
        Ok((url.to_string(), attempt))
    }

    /// Who came back. `state` and `code` are what the provider sent along.
    pub(in crate::web) async fn finish(
        &self,
        attempt: &Attempt,
        (state, code): (&str, &str),
        now: Timestamp,
    ) -> Result<User, Error> {
        if attempt.until <= now || attempt.state != state {
            return Err(Error::Stale);
        }
        let metadata = self.metadata().await?;
        let client = self.client(metadata)?;
        let answer = self.exchange(&client, attempt, code).await?;
        let nonce = Nonce::new(attempt.nonce.clone());
        if let Ok(user) = self.read(&client, &answer, &nonce) {
            return Ok(user);
        }
        // Its keys may be others by now.
        *self.metadata.lock().await = None;
        let client = self.client(self.metadata().await?)?;
        self.read(&client, &answer, &nonce)
    }

    fn read(&self, client: &Discovered, answer: &Answer, nonce: &Nonce) -> Result<User, Error> {
        let token = answer.extra_fields().id_token();
        let token = token.ok_or_else(|| Error::Unproven("there is no ID token".into()))?;
        let claims = token
            .claims(&client.id_token_verifier(), nonce)
            .map_err(|error| Error::Unproven(chain(&error)))?;
        Ok(user(claims, &self.settings.groups))
    }

    async fn exchange(
        &self,
        client: &Discovered,
        attempt: &Attempt,
        code: &str,
    ) -> Result<Answer, Error> {
        let exchange = client.exchange_code(AuthorizationCode::new(code.to_owned()));
        let exchange = exchange.map_err(|error| self.unusable(&error))?;
        let verifier = PkceCodeVerifier::new(attempt.verifier.clone());
        exchange
            .set_pkce_verifier(verifier)
            .request_async(&self.http)
            .await
            .map_err(|error| Error::Refused(chain(&error)))
    }

    async fn metadata(&self) -> Result<CoreProviderMetadata, Error> {
        let mut known = self.metadata.lock().await;
        if let Some(metadata) = &*known {
            return Ok(metadata.clone());
        }
        let issuer = IssuerUrl::new(self.settings.issuer.clone());
        let issuer = issuer.map_err(|error| self.unusable(&error))?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &self.http).await;
        let metadata = metadata.map_err(|error| self.unusable(&chain(&error)))?;
        *known = Some(metadata.clone());
        Ok(metadata)
    }

    fn client(&self, metadata: CoreProviderMetadata) -> Result<Discovered, Error> {
        let Settings {
            client,
            secret,
            address,
            ..
        } = &self.settings;
        let back = RedirectUrl::new(format!("{address}/auth/callback"));
        let back = back.map_err(|error| self.unusable(&error))?;
        let (id, secret) = (ClientId::new(client.clone()), secret.clone());
        let made = claims::client(metadata, id, secret.map(ClientSecret::new));
        Ok(made.set_redirect_uri(back))
    }

    fn unusable(&self, reason: &impl ToString) -> Error {
        Error::Provider {
            issuer: self.settings.issuer.clone(),
            reason: reason.to_string(),
        }
    }
}

/// Our own HTTP client, as the library asks for one.
struct Http(reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = Failed;
    type Future = BoxFuture<'c, Result<HttpResponse, Failed>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        send(self.0.clone(), request).boxed()
    }
}

async fn send(http: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, Failed> {
    let mut answer = http.execute(request.try_into()?).await?;
    let mut response = http::Response::builder().status(answer.status());
    if let Some(headers) = response.headers_mut() {
        *headers = std::mem::take(answer.headers_mut());
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > MOST {
            return Err(Failed::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(response.body(body)?)
}

/// Why the provider's answer did not arrive.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("no answer")]
    Request(#[from] reqwest::Error),
    #[error("no answer")]
    Http(#[from] http::Error),
    #[error("the answer is longer than {MOST} bytes")]
    TooLong,
}

/// The error with its causes.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    crate::web::gate::chain(error)
}
