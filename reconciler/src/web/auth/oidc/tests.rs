use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use ring::digest;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use super::*;
use crate::web::access::Role;

const SECRET: &str = "between us";

/// A provider on loopback that signs in whoever comes, as the test says.
struct Login {
    address: String,
    state: Arc<Provided>,
    tasks: client::Tasks,
}

struct Provided {
    address: String,
    keys: std::sync::Mutex<(String, EcdsaKeyPair)>,
    /// What was asked for under a code: its PKCE challenge, and the claims that come of it.
    codes: std::sync::Mutex<BTreeMap<String, (String, Value)>>,
}

fn key(id: &str) -> (String, EcdsaKeyPair) {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
    (id.to_owned(), pair)
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

impl Login {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Provided {
            address: address.clone(),
            keys: std::sync::Mutex::new(key("one")),
            codes: std::sync::Mutex::default(),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(state.clone());
        let tasks = client::Tasks::default();
        tasks.spawn_until_cancelled(async move {
            axum::serve(listener, router).await.unwrap();
        });
        Self {
            address,
            state,
            tasks,
        }
    }

    fn settings(&self) -> Settings {
        Settings {
            issuer: self.address.clone(),
            client: "kedge".into(),
            secret: Some(SECRET.into()),
            address: "https://kedge.example.org".into(),
            groups: "groups".into(),
            scopes: vec!["profile".into(), "email".into()],
            authority: None,
        }
    }

    fn provider(&self) -> Provider {
        self.settings().check().unwrap();
        Provider::new(self.settings()).unwrap()
    }

    /// Somebody arrives with the address they were sent to, and proves who they are. Answers what
    /// they are sent back with.
    fn signs_in(&self, url: &str, claims: &Value) -> (String, String) {
        let query = url.split_once('?').unwrap().1;
        let query: BTreeMap<String, String> = serde_urlencoded(query);
        assert_eq!(query["client_id"], "kedge");
        assert_eq!(query["response_type"], "code");
        assert_eq!(query["scope"], "openid profile email");
        assert_eq!(query["code_challenge_method"], "S256");
        let back = "https://kedge.example.org/auth/callback";
        assert_eq!(query["redirect_uri"], back);
        let now = jiff::Timestamp::now().as_second();
        let mut all = json!({
            "iss": self.address, "aud": "kedge", "sub": "1", "nonce": query["nonce"],
            "iat": now, "exp": now + 60,
        });
        let claims = claims.as_object().unwrap().clone();
        all.as_object_mut().unwrap().extend(claims);
        let code = format!("code-{}", query["state"]);
        let mut codes = self.state.codes.lock().unwrap();
        codes.insert(code.clone(), (query["code_challenge"].clone(), all));
        (query["state"].clone(), code)
    }
}

/// The pairs of a query.
fn serde_urlencoded(query: &str) -> BTreeMap<String, String> {
    let url = reqwest::Url::parse(&format!("http://a/?{query}")).unwrap();
    url.query_pairs().into_owned().collect()
}

async fn discovery(State(login): State<Arc<Provided>>) -> Response {
    let at = |path: &str| format!("{}/{path}", login.address);
    let answer = json!({
        "issuer": login.address,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "jwks_uri": at("keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    });
    Json(answer).into_response()
}

async fn keys(State(login): State<Arc<Provided>>) -> Response {
    let keys = login.keys.lock().unwrap();
    let point = keys.1.public_key().as_ref();
    let (x, y) = (encoded(&point[1..33]), encoded(&point[33..65]));
    let key = json!({
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": keys.0, "x": x, "y": y,
    });
    Json(json!({"keys": [key]})).into_response()
}

async fn token(
    State(login): State<Arc<Provided>>,
    headers: http::HeaderMap,
    Form(asked): Form<BTreeMap<String, String>>,
) -> Response {
    let refuse = || {
        let answer = Json(json!({"error": "invalid_grant"}));
        (StatusCode::BAD_REQUEST, answer).into_response()
    };
    let basic = format!("Basic {}", BASE64_STANDARD.encode("kedge:between+us"));
    if headers["authorization"] != basic.as_str() {
        return refuse();
    }
    let known = login.codes.lock().unwrap().remove(&asked["code"]);
    let Some((challenge, claims)) = known else {
        return refuse();
    };
    let verifier = digest::digest(&digest::SHA256, asked["code_verifier"].as_bytes());
    if encoded(verifier) != challenge {
        return refuse();
    }
    let keys = login.keys.lock().unwrap();
    let header = json!({"alg": "ES256", "typ": "JWT", "kid": keys.0}).to_string();
    let text = format!("{}.{}", encoded(header), encoded(claims.to_string()));
    let random = SystemRandom::new();
    let signature = keys.1.sign(&random, text.as_bytes()).unwrap();
    let id_token = format!("{text}.{}", encoded(signature));
    let answer = json!({"access_token": "a", "token_type": "Bearer", "id_token": id_token});
    Json(answer).into_response()
}

fn now() -> Timestamp {
    "2026-11-22T02:00:00Z".parse().unwrap()
}

/// Goes there and back.
async fn round(login: &Login, provider: &Provider, claims: Value) -> Result<User, Error> {
    let (url, attempt) = provider.begin("/apps", now()).await?;
    let (state, code) = login.signs_in(&url, &claims);
    provider.finish(&attempt, (&state, &code), now()).await
}

impl Drop for Login {
    fn drop(&mut self) {
        self.tasks.token().cancel();
    }
}

#[tokio::test]
async fn whoever_the_provider_vouches_for_is_known() {
    let login = Login::start().await;
    let provider = login.provider();
    let claims = json!({
        "preferred_username": "ada", "email": "ada@example.org", "email_verified": true,
        "groups": ["team-shop", "all"],
    });
    let user = round(&login, &provider, claims).await.unwrap();
    let expected = User {
        name: "ada".into(),
        email: "ada@example.org".into(),
        groups: vec!["team-shop".into(), "all".into()],
        everywhere: Role::Viewer,
    };
    assert_eq!(user, expected);

    // An address that nobody proved is not believed; some say one group as a text.
    let claims = json!({
        "email": "admin@example.org", "email_verified": false, "groups": "one",
    });
    let user = round(&login, &provider, claims).await.unwrap();
    assert_eq!((user.name.as_str(), user.email.as_str()), ("1", ""));
    assert_eq!(user.groups, ["one"]);

    // Nobody takes the name of the admin.
    let claims = json!({"preferred_username": "admin", "email": "eve@example.org"});
    let user = round(&login, &provider, claims).await.unwrap();
    assert_eq!(user.name, "eve@example.org");

    let claims = json!({"preferred_username": "eve\n<root@example.org>"});
    let user = round(&login, &provider, claims).await.unwrap();
    assert_eq!(user.name, "everoot@example.org");
}

#[tokio::test]
async fn a_provider_may_change_its_keys() {
    let login = Login::start().await;
    let provider = login.provider();
    round(&login, &provider, json!({})).await.unwrap();
    *login.state.keys.lock().unwrap() = key("two");
    round(&login, &provider, json!({})).await.unwrap();
}

#[tokio::test]
async fn what_is_not_proven_is_not_believed() {
    let login = Login::start().await;
    let provider = login.provider();
    let check = async |claims: Value, says: &str| {
        let error = round(&login, &provider, claims).await.unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, Error::Unproven(_)), "{text}");
        assert!(text.contains(says), "{text}");
    };
    check(json!({"aud": "another"}), "audience").await;
    check(json!({"iss": "http://127.0.0.1:1"}), "issuer").await;
    check(json!({"nonce": "replayed"}), "nonce").await;
    check(json!({"exp": 1_700_000_000}), "expired").await;
}

#[tokio::test]
async fn only_who_was_sent_there_comes_back() {
    let login = Login::start().await;
    let provider = login.provider();
    let (url, attempt) = provider.begin("/apps", now()).await.unwrap();
    let (state, code) = login.signs_in(&url, &json!({}));
    let wrong = provider.finish(&attempt, ("another", &code), now()).await;
    assert!(matches!(wrong, Err(Error::Stale)));
    let late = provider.finish(&attempt, (&state, &code), now() + ATTEMPT);
    assert!(matches!(late.await, Err(Error::Stale)));
    // Whoever catches the code has not what it was asked for with.
    let (_, other) = provider.begin("/apps", now()).await.unwrap();
    let stolen = Attempt {
        state: state.clone(),
        ..other
    };
    let stolen = provider.finish(&stolen, (&state, &code), now()).await;
    assert!(matches!(stolen, Err(Error::Refused(_))));
}

#[tokio::test]
async fn a_provider_that_is_away_is_named() {
    let login = Login::start().await;
    let settings = Settings {
        issuer: "http://127.0.0.1:9".into(),
        ..login.settings()
    };
    let provider = Provider::new(settings).unwrap();
    let error = provider.begin("/", now()).await.unwrap_err().to_string();
    assert!(error.starts_with("the provider http://127.0.0.1:9 cannot be used"));
    assert_eq!(provider.name(), "127.0.0.1:9");
}

#[test]
fn a_provider_in_the_clear_is_refused() {
    let settings = |issuer: &str| Settings {
        issuer: issuer.into(),
        client: "kedge".into(),
        secret: None,
        address: String::new(),
        groups: String::new(),
        scopes: Vec::new(),
        authority: None,
    };
    let check = |issuer: &str| settings(issuer).check();
    assert_eq!(check("https://login.example.org/realms/a"), Ok(()));
    assert_eq!(check("http://localhost:8080/a"), Ok(()));
    for plain in [
        "http://login.example.org",
        "http://localhost.example.org",
        "login",
    ] {
        assert_eq!(check(plain), Err(Unusable::Plain(plain.into())));
    }
}
