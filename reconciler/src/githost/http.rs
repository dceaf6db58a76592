//! Smart HTTP: `info/refs`, `git-upload-pack` and `git-receive-pack`.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use tracing::error;

use super::authenticate::{Authenticate, Credentials};
use super::host::Place;
use super::process::{Encoding, Input};
use super::{GitHost, Identity, Service};

/// A fetch says what it has and wants; that is never much.
const FETCH_LIMIT: usize = 16 << 20;
/// How long to wait while too many others are served.
const PATIENCE: Duration = Duration::from_secs(10);

struct App {
    host: GitHost,
    authenticate: Arc<dyn Authenticate>,
}

/// The routes of the hosted repositories, below `/git/`. Bodies have limits of their own here: put
/// no other one around it, and no timeout, for a push lasts as long as its rollout.
pub fn router(host: &GitHost, authenticate: Arc<dyn Authenticate>) -> Router {
    let app = Arc::new(App {
        host: host.clone(),
        authenticate,
    });
    Router::new()
        .route("/git/{repository}/info/refs", get(refs))
        .route("/git/{repository}/git-upload-pack", post(upload_pack))
        .route("/git/{repository}/git-receive-pack", post(receive_pack))
        .with_state(app)
}

#[derive(Deserialize)]
struct RefsQuery {
    service: Option<String>,
}

async fn refs(
    State(app): State<Arc<App>>,
    Path(repository): Path<String>,
    Query(query): Query<RefsQuery>,
    headers: HeaderMap,
) -> Response {
    let service = match query.service.as_deref() {
        Some("git-upload-pack") => Service::UploadPack,
        Some("git-receive-pack") => Service::ReceivePack,
        _ => return refused(StatusCode::FORBIDDEN, "only smart HTTP is spoken here"),
    };
    let body = Body::empty();
    serve(&app, &repository, service, Part::Refs, &headers, body).await
}

async fn upload_pack(
    State(app): State<Arc<App>>,
    Path(repository): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let service = Service::UploadPack;
    serve(&app, &repository, service, Part::Call, &headers, body).await
}

async fn receive_pack(
    State(app): State<Arc<App>>,
    Path(repository): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let service = Service::ReceivePack;
    serve(&app, &repository, service, Part::Call, &headers, body).await
}

/// Which half of the protocol.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Refs,
    Call,
}

async fn serve(
    app: &App,
    repository: &str,
    service: Service,
    part: Part,
    headers: &HeaderMap,
    body: Body,
) -> Response {
    let Some(identity) = identify(app, headers).await else {
        let mut response = refused(StatusCode::UNAUTHORIZED, "sign in with your token");
        let realm = HeaderValue::from_static("Basic realm=\"Kedge\", charset=\"UTF-8\"");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, realm);
        return response;
    };
    let Some(place) = app.host.find(repository) else {
        return refused(StatusCode::NOT_FOUND, "there is no such repository");
    };
    if service == Service::ReceivePack
        && let Some(why) = identity.refusal()
    {
        return refused(StatusCode::FORBIDDEN, &why);
    }
    if service == Service::ReceivePack
        && let Some(why) = place.refusal().await
    {
        return refused(StatusCode::INSUFFICIENT_STORAGE, &why);
    }
    let asked = headers.get(header::CONTENT_TYPE);
    let asked = asked
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if part == Part::Call && asked != service.media_type("request") {
        return refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "this is no Git request");
    }
    let encoding = match headers
        .get(header::CONTENT_ENCODING)
        .map(HeaderValue::as_bytes)
    {
        None | Some(b"identity") => Encoding::Plain,
        Some(b"gzip" | b"x-gzip") => Encoding::Gzip,
        Some(_) => return refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "use gzip or nothing"),
    };
    let limit = match service {
        Service::UploadPack => FETCH_LIMIT,
        Service::ReceivePack => app.host.push_limit(),
    };
    let protocol = protocol(headers);
    let input = Input {
        body: body.into_data_stream(),
        encoding,
        limit,
        prefix: prefix(service, part, protocol),
    };
    run(app, (&place, service), part, protocol, &identity, input).await
}

async fn run(
    app: &App,
    (place, service): (&Place, Service),
    part: Part,
    protocol: Option<&str>,
    identity: &Identity,
    input: Input,
) -> Response {
    let clock = &app.host.env().clock;
    let permit = tokio::select! {
        permit = app.host.permit() => permit,
        () = clock.sleep(PATIENCE) => {
            return refused(StatusCode::SERVICE_UNAVAILABLE, "too many others; try again");
        }
    };
    let started = match part {
        Part::Refs => app.host.advertise(place, service, protocol, input, permit),
        Part::Call => {
            let held = (permit, app.host.uses(place, service).await);
            app.host
                .call((place, service), protocol, identity, input, held)
        }
    };
    match started {
        Ok(body) => {
            let media_type = match part {
                Part::Refs => service.media_type("advertisement"),
                Part::Call => service.media_type("result"),
            };
            let headers = [
                (header::CONTENT_TYPE, media_type),
                (header::CACHE_CONTROL, "no-cache".to_owned()),
            ];
            (headers, body).into_response()
        }
        Err(error) => {
            error!(%error, "cannot start git");
            refused(StatusCode::INTERNAL_SERVER_ERROR, "cannot start git")
        }
    }
}

fn refused(status: StatusCode, text: &str) -> Response {
    (
        status,
        [(header::CACHE_CONTROL, "no-cache")],
        format!("{text}\n"),
    )
        .into_response()
}

async fn identify(app: &App, headers: &HeaderMap) -> Option<Identity> {
    let header = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    app.authenticate.authenticate(&credentials(header)?).await
}

fn credentials(header: &str) -> Option<Credentials> {
    let (scheme, value) = header.split_once(' ')?;
    let value = value.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Credentials::Bearer(value.to_owned()));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some(Credentials::Basic {
        user: user.to_owned(),
        password: password.to_owned(),
    })
}

/// The protocol the client asks for; anything odd is not passed on.
fn protocol(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get("git-protocol")?.to_str().ok()?;
    let harmless = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'=' | b':' | b'.' | b'-');
    (text.len() <= 128 && text.bytes().all(harmless)).then_some(text)
}

/// What comes before the refs: which service this is. Version 2 of fetching does without.
fn prefix(service: Service, part: Part, protocol: Option<&str>) -> Bytes {
    let version_2 = protocol.is_some_and(|text| text.split(':').any(|part| part == "version=2"));
    if part == Part::Call || (version_2 && service == Service::UploadPack) {
        return Bytes::new();
    }
    let line = format!("# service=git-{}\n", service.command());
    format!("{:04x}{line}0000", line.len() + 4).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_kinds_of_credentials() {
        let basic = |user: &str, password: &str| {
            Some(Credentials::Basic {
                user: user.into(),
                password: password.into(),
            })
        };
        let check = |header: &str, expected: Option<Credentials>| {
            assert!(credentials(header) == expected, "{header}");
        };
        check("Basic YWRtaW46czpj", basic("admin", "s:c"));
        check("basic YWRtaW46", basic("admin", ""));
        check("Bearer abc ", Some(Credentials::Bearer("abc".into())));
        check("Basic !", None);
        check("Digest abc", None);
        check("Basic", None);
    }

    #[test]
    fn only_harmless_protocols_are_passed_on() {
        let check = |value: &str, expected: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert("git-protocol", value.parse().unwrap());
            assert_eq!(protocol(&headers), expected);
        };
        check("version=2", Some("version=2"));
        check(
            "version=2:object-format=sha1",
            Some("version=2:object-format=sha1"),
        );
        check("version=2; rm", None);
    }

    #[test]
    fn the_prefix_is_a_packet_line() {
        let of = |service, protocol| prefix(service, Part::Refs, protocol);
        let expected = "001f# service=git-receive-pack\n0000";
        assert_eq!(of(Service::ReceivePack, Some("version=2")), expected);
        assert_eq!(of(Service::UploadPack, Some("version=2")), "");
        assert_eq!(
            of(Service::UploadPack, None),
            "001e# service=git-upload-pack\n0000"
        );
    }
}
