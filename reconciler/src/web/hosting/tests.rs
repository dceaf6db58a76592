use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use futures::FutureExt;
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use client::Tasks;

use super::*;
use crate::githost::{Authenticate, Credentials};
use crate::history::History;
use crate::testing::Directory;
use crate::web::asked::Names;
use crate::web::auth::{Admitted, Ended, Stay, Transport};
use crate::web::openapi::{document, operations, problems};

const ADMIN: &str = "correct horse battery staple";

/// These addresses over a real history.
pub(super) struct Site {
    router: Router,
    auth: Arc<Auth>,
    history: History,
    pub(super) tasks: Tasks,
    _directory: Directory,
}

/// Application `web` reads `used`.
struct Nobody;

#[async_trait]
impl Operations for Nobody {
    fn readers(&self, repository: &str) -> Vec<String> {
        let used = (repository == "used").then(|| "web".to_owned());
        used.into_iter().collect()
    }

    fn changed(&self, _repository: &str) {}
}

impl Site {
    pub(super) async fn new() -> Self {
        let prepare = |url: String| async move {
            History::connect(&url).await?.close().await;
            Ok::<_, crate::history::Error>(())
        };
        let url = embedded_postgres::testing::database("reconciler", prepare).await;
        let history = History::connect(&url).await.unwrap();
        let (env, tasks) = (Env::system(), Tasks::default());
        let tokens = Tokens::load(&history, &env, &tasks).await.unwrap();
        let tokens = Arc::new(tokens);
        let auth = Auth::new(ADMIN, Transport::Plain).with_tokens(tokens.clone());
        let auth = Arc::new(auth);
        let directory = Directory::new();
        let at = directory.path().join("repositories");
        let address = "http://127.0.0.1:8080";
        let repositories = Repositories::load(at, None, address, &history, &env).await;
        let deps = Deps {
            repositories: Arc::new(repositories.unwrap()),
            operations: Arc::new(Nobody),
            address: address.into(),
            auth: auth.clone(),
            tokens,
            history: history.reader().clone(),
            env: env.clone(),
        };
        let router = crate::web::audited(router(deps), auth.clone(), history.clone(), env);
        Self {
            router,
            auth,
            history,
            tasks,
            _directory: directory,
        }
    }

    pub(super) async fn ask(
        &self,
        token: &str,
        method: Method,
        path: &str,
        form: &str,
    ) -> (StatusCode, Value) {
        let is_read = method == Method::GET;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()));
        let response = self.router.clone().oneshot(request.unwrap()).await.unwrap();
        assert_eq!(response.headers()["cache-control"], "no-store", "{path}");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert_eq!(response.headers()["x-request-id"].len(), 12, "{path}");
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let answer = serde_json::from_slice(&body).unwrap_or_default();
        if is_read && status == StatusCode::OK {
            is_as_documented(path, &answer);
        }
        (status, answer)
    }
}

/// Holds an answer against the document of all addresses.
fn is_as_documented(path: &str, answer: &Value) {
    let path = path.split('?').next().unwrap();
    let mut parts: Vec<&str> = path.split('/').collect();
    if parts.len() > 3 {
        parts[2] = "{name}";
    }
    let document = document();
    let get = &document["paths"][parts.join("/")]["get"];
    let schema = &get["responses"]["200"]["content"]["application/json"]["schema"];
    assert!(schema.is_object(), "{path} has no shape");
    let found = problems(&document, schema, answer, "");
    assert!(found.is_empty(), "{path}: {found:#?}");
}

#[tokio::test]
async fn a_token_is_shown_once_and_opens_until_it_is_revoked() {
    let site = Site::new().await;
    let form = "name=laptop&user=ann&role=writer&expires=30d";
    let (status, made) = site.ask(ADMIN, Method::POST, "/tokens", form).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let secret = made["secret"].as_str().unwrap();
    let who = site
        .auth
        .authenticate(&Credentials::Bearer(secret.into()))
        .await
        .unwrap();
    assert_eq!(who.person.to_string(), "ann <ann@localhost>");
    assert_eq!((who.role, who.token.as_str()), (Role::Writer, "laptop"));
    let basic = Credentials::Basic {
        user: "whoever".into(),
        password: secret.into(),
    };
    assert!(site.auth.authenticate(&basic).await.is_some());

    let (status, said) = site.ask(secret, Method::GET, "/tokens", "").await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{said}");
    let (status, listed) = site.ask(ADMIN, Method::GET, "/tokens", "").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(listed["items"][0]["user"], "ann");
    assert!(listed["items"][0]["usedAt"].is_string(), "{listed}");
    let text = listed.to_string();
    assert!(!text.contains(secret) && !text.contains("digest"), "{text}");

    let (status, said) = site.ask(ADMIN, Method::POST, "/tokens", form).await;
    assert_eq!(status, StatusCode::CONFLICT, "{said}");
    let (status, _) = site
        .ask(ADMIN, Method::POST, "/tokens/laptop/revoke", "")
        .await;
    assert_eq!(status, StatusCode::OK);
    assert!(site.auth.authenticate(&basic).await.is_none());
    let (status, _) = site.ask(secret, Method::GET, "/repositories", "").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    // The name is free again.
    let (status, _) = site.ask(ADMIN, Method::POST, "/tokens", form).await;
    assert_eq!(status, StatusCode::CREATED);
    site.tasks.drain().await;
}

#[tokio::test]
async fn whoever_is_sent_away_leaves_and_stays_away() {
    let site = Site::new().await;
    let form = "name=laptop&user=ann&role=reader";
    let (_, made) = site.ask(ADMIN, Method::POST, "/tokens", form).await;
    let header = format!("Bearer {}", made["secret"].as_str().unwrap());
    let admitted = Admitted::Token(site.auth.authorization(&header).unwrap());
    let mut stay = Stay::new(&site.auth, &admitted).over(Env::system()).boxed();
    assert!((&mut stay).now_or_never().is_none());
    let path = "/tokens/laptop/revoke";
    let (status, _) = site.ask(ADMIN, Method::POST, path, "").await;
    assert_eq!(status, StatusCode::OK);
    stay.await;

    let now = jiff::Timestamp::now();
    let restarted = || async {
        let ended = Ended::load(&site.history).await.unwrap();
        Auth::new(ADMIN, Transport::Plain).with_ended(ended)
    };
    let auth = restarted().await;
    let session = auth.sign_in(ADMIN, now).unwrap();
    let cookie = auth.cookie(&session);
    let cookie = cookie.split(';').next().unwrap();
    assert!(restarted().await.session(cookie, now).is_some());
    auth.end(&session, now).await.unwrap();
    assert!(restarted().await.session(cookie, now).is_none());
    site.tasks.drain().await;
}

#[tokio::test]
async fn what_is_asked_for_is_recorded_done_or_refused() {
    let site = Site::new().await;
    let form = "name=laptop&user=ann&role=reader";
    let (_, made) = site.ask(ADMIN, Method::POST, "/tokens", form).await;
    let secret = made["secret"].as_str().unwrap();
    let shop = "/repositories?a=b";
    let (status, _) = site.ask(secret, Method::GET, shop, "").await;
    assert_eq!(status, StatusCode::OK);
    let (status, _) = site.ask(secret, Method::POST, shop, "name=shop").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, _) = site.ask("nobody", Method::POST, shop, "name=shop").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let (status, _) = site.ask(ADMIN, Method::POST, shop, "name=shop").await;
    assert_eq!(status, StatusCode::CREATED);
    let audit = site.history.reader().audit().await.unwrap();
    let row = |person: &str, path: &str, code| {
        (person.to_owned(), "POST".to_owned(), path.to_owned(), code)
    };
    let expected = [
        row("admin", "/tokens", 201),
        row("ann", "/repositories", 403),
        row("admin", "/repositories", 201),
    ];
    assert_eq!(audit, expected);
    site.tasks.drain().await;
}

#[tokio::test]
async fn repositories_come_and_go() {
    let site = Site::new().await;
    for name in ["shop", "used"] {
        let form = format!("name={name}");
        let (status, made) = site.ask(ADMIN, Method::POST, "/repositories", &form).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        let url = format!("http://127.0.0.1:8080/git/{name}.git");
        assert_eq!(made["url"], url.as_str());
    }
    let (_, rules) = site
        .ask(ADMIN, Method::GET, "/repositories/shop/rules", "")
        .await;
    let main =
        r#"{"items":[{"pattern":"main","allowForce":false,"allowDeletion":false,"pushers":[]}]}"#;
    assert_eq!(rules.to_string(), main);
    let form = "pattern=release/*&pushers=ann,+ci&force=true";
    let (_, rules) = site
        .ask(ADMIN, Method::POST, "/repositories/shop/rules", form)
        .await;
    assert_eq!(rules["items"][1]["pushers"][1], "ci", "{rules}");
    let (status, _) = site
        .ask(
            ADMIN,
            Method::POST,
            "/repositories/shop/rules",
            "pattern=a+b",
        )
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let path = "/repositories/shop/rules/delete";
    let (_, rules) = site
        .ask(ADMIN, Method::POST, path, "pattern=release/*")
        .await;
    assert_eq!(rules.to_string(), main);
    let (status, _) = site
        .ask(ADMIN, Method::POST, path, "pattern=release/*")
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (_, listed) = site.ask(ADMIN, Method::GET, "/repositories", "").await;
    assert_eq!(listed["items"][1]["name"], "used");
    assert_eq!(listed["items"][1]["applications"][0], "web");
    let cases = [
        (
            "/repositories",
            "name=shop",
            StatusCode::CONFLICT,
            "already",
        ),
        (
            "/repositories",
            "name=A",
            StatusCode::BAD_REQUEST,
            "is no name",
        ),
        (
            "/repositories/used/delete",
            "",
            StatusCode::CONFLICT,
            "used is where web",
        ),
        (
            "/repositories/none/delete",
            "",
            StatusCode::NOT_FOUND,
            "no repository none",
        ),
        (
            "/repositories/cluster/delete",
            "",
            StatusCode::BAD_REQUEST,
            "it stays",
        ),
        ("/repositories/shop/delete", "", StatusCode::OK, ""),
        ("/repositories", "name=shop", StatusCode::CREATED, ""),
    ];
    for (path, form, expected, text) in cases {
        let (status, said) = site.ask(ADMIN, Method::POST, path, form).await;
        assert_eq!(status, expected, "{path}: {said}");
        assert!(said.to_string().contains(text), "{said}");
    }
    site.tasks.drain().await;
}

#[tokio::test]
async fn only_the_admin_makes_tokens() {
    let site = Site::new().await;
    for role in ["reader", "writer"] {
        let form = format!("name={role}&role={role}");
        let (_, made) = site.ask(ADMIN, Method::POST, "/tokens", &form).await;
        let secret = made["secret"].as_str().unwrap();
        let (status, said) = site
            .ask(secret, Method::POST, "/tokens", "name=x&role=writer")
            .await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{said}");
    }
    for (form, expected) in [
        ("name=a&role=admin", "one admin"),
        ("name=a&role=writer&user=admin", "admin token"),
        ("name=a&role=writer&expires=soon", "write 90m"),
        ("name=a%20b&role=writer", "is none"),
    ] {
        let (status, said) = site.ask(ADMIN, Method::POST, "/tokens", form).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{said}");
        let said = said["error"]["message"].as_str().unwrap();
        assert!(said.contains(expected), "{said}");
    }
    let (status, _) = site.ask("wrong", Method::GET, "/tokens", "").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let (status, _) = site
        .ask(ADMIN, Method::POST, "/tokens/none/revoke", "")
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    site.tasks.drain().await;
}

#[tokio::test]
async fn every_field_that_is_read_is_in_the_document_and_no_other() {
    let site = Site::new().await;
    let hosted = ["/tokens", "/repositories", "/pushes"];
    let is_hosted = |path: &str| hosted.iter().any(|start| path.starts_with(start));
    for operation in operations() {
        if !is_hosted(operation.path) {
            continue;
        }
        let names = Names::default();
        let request = Request::builder()
            .method(operation.method.to_uppercase().as_str())
            .uri(operation.path.replace("{name}", "none"))
            .header("authorization", format!("Bearer {ADMIN}"))
            .header("content-type", "application/x-www-form-urlencoded");
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(names.clone());
        let response = site.router.clone().oneshot(request).await.unwrap();
        let told: BTreeSet<&str> = operation.form.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.all(), told, "{} {}", operation.method, operation.path);
        if !told.is_empty() {
            assert_eq!(response.status(), StatusCode::BAD_REQUEST);
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let failure: Value = serde_json::from_slice(&body).unwrap();
            let message = failure["error"]["message"].as_str().unwrap();
            assert!(message.ends_with(" is missing"), "{message}");
        }
    }
    site.tasks.drain().await;
}
