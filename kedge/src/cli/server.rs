//! A running instance, asked through the addresses of its pages.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use clap::Args;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Method, StatusCode, Url};
use serde_json::Value;

use super::ask;
use crate::up::Layout;

/// How long an answer may take. A plan of everything is the longest.
const PATIENCE: Duration = Duration::from_secs(60);
const CONNECT: Duration = Duration::from_secs(5);
/// The largest answer, in bytes.
const ANSWER: usize = 64 << 20;

/// Which instance, and how to be let in.
#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// The instance's data directory: its address and token are in it
    #[arg(
        long,
        env = "KEDGE_DATA_DIR",
        default_value = ".kedge",
        value_name = "DIR"
    )]
    data_dir: PathBuf,
    /// The address of its web pages [default: what the data directory says]
    #[arg(long, env = "KEDGE_SERVER", value_name = "URL")]
    server: Option<String>,
    /// The admin token [default: what the data directory says]
    #[arg(
        long,
        env = "KEDGE_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true
    )]
    token: Option<String>,
}

/// An instance and the right to ask it.
pub(crate) struct Server {
    http: reqwest::Client,
    base: Url,
    token: String,
}

impl Server {
    pub(super) fn open(arguments: &Arguments) -> anyhow::Result<Self> {
        let address = match &arguments.server {
            Some(address) => address.clone(),
            None => address(&arguments.data_dir)?,
        };
        let base = base(&address)
            .map_err(|problem| crate::Usage(format!("--server {address}: {problem}")))?;
        let token = match &arguments.token {
            Some(token) => token.trim().to_owned(),
            None => token(&arguments.data_dir)?,
        };
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("kedge/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("cannot make an HTTP client")?;
        Ok(Self { http, base, token })
    }

    /// The instance whose data directory this is.
    pub(crate) fn of(data_dir: &Path) -> anyhow::Result<Self> {
        Self::open(&Arguments {
            data_dir: data_dir.to_owned(),
            server: None,
            token: None,
        })
    }

    /// `GET` of a path, given by its parts; each is escaped.
    pub(crate) async fn read(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> anyhow::Result<Value> {
        let request = self.request(Method::GET, path, query)?;
        self.answer(request).await
    }

    /// `POST` of a form.
    pub(super) async fn send(&self, path: &[&str], form: &[(&str, &str)]) -> anyhow::Result<Value> {
        self.send_to(path, &[], form).await
    }

    /// `POST` of a form to an address with a query.
    pub(super) async fn send_to(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        form: &[(&str, &str)],
    ) -> anyhow::Result<Value> {
        let mut body = Url::parse("form:").context("cannot make a form")?;
        body.query_pairs_mut().extend_pairs(form);
        let request = self
            .request(Method::POST, path, query)?
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body.query().unwrap_or_default().to_owned());
        self.answer(request).await
    }

    fn request(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> anyhow::Result<reqwest::RequestBuilder> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| anyhow!("{} has no paths", self.base))?
            .pop_if_empty()
            .extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.http.request(method, url);
        Ok(request
            .bearer_auth(&self.token)
            .header(ACCEPT, "application/json"))
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
        let asking = async {
            let mut response = request.send().await?;
            let status = response.status();
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await? {
                if body.len() + chunk.len() > ANSWER {
                    return Ok((status, None));
                }
                body.extend_from_slice(&chunk);
            }
            Ok::<_, reqwest::Error>((status, Some(body)))
        };
        let (status, body) = ask::patiently("waiting for the instance", asking)
            .await
            .with_context(|| {
                format!(
                    "the instance at {} does not answer (`kedge up` starts one; --data-dir or \
                     --server names another)",
                    self.base
                )
            })?;
        let Some(body) = body else {
            bail!("the answer of {} is larger than {ANSWER} bytes", self.base);
        };
        read_answer(status, &body).map_err(|problem| match problem {
            Problem::Said(message) => anyhow!(message),
            Problem::Strange(message) => anyhow!("{}: {message}", self.base),
        })
    }
}

/// Why an answer is none.
#[derive(Debug)]
enum Problem {
    /// The instance says so.
    Said(String),
    /// It is not what an instance of this version answers.
    Strange(String),
}

fn read_answer(status: StatusCode, body: &[u8]) -> Result<Value, Problem> {
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
        (_, Some(message)) => Err(Problem::Said(super::table::plain(message))),
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

fn address(data_dir: &Path) -> anyhow::Result<String> {
    let path = layout(data_dir)?.endpoints();
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(nobody(data_dir)),
        text => text.with_context(|| format!("cannot read {}", path.display()))?,
    };
    let endpoints: Value =
        serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?;
    let web = endpoints["web"].as_str();
    web.map(str::to_owned)
        .with_context(|| format!("{} has no address of web pages", path.display()))
}

fn token(data_dir: &Path) -> anyhow::Result<String> {
    let path = layout(data_dir)?.admin_token();
    let text = std::fs::read_to_string(&path).with_context(|| {
        format!(
            "cannot read the token in {}; --token gives one",
            path.display()
        )
    })?;
    ensure!(!text.trim().is_empty(), "{} is empty", path.display());
    Ok(text.trim().to_owned())
}

fn layout(data_dir: &Path) -> anyhow::Result<Layout> {
    match Layout::open(data_dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => Err(nobody(data_dir)),
        layout => layout.with_context(|| format!("cannot read {}", data_dir.display())),
    }
}

fn nobody(data_dir: &Path) -> anyhow::Error {
    anyhow!(
        "there is no instance in {}; `kedge up` starts one, --data-dir or --server names another",
        data_dir.display()
    )
}

/// The address with a trailing slash gone, if it is one that pages can have.
fn base(address: &str) -> Result<Url, String> {
    let url = Url::parse(address).map_err(|error| error.to_string())?;
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(url),
        _ => Err("an address such as http://127.0.0.1:8080 is needed".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_say_what_to_do() {
        let check = |status: u16, body: &str, expected: Result<&str, &str>| {
            let status = StatusCode::from_u16(status).unwrap();
            let answer = read_answer(status, body.as_bytes());
            match (answer, expected) {
                (Ok(value), Ok(expected)) => assert_eq!(value.to_string(), expected),
                (Err(Problem::Said(text) | Problem::Strange(text)), Err(expected)) => {
                    assert!(text.contains(expected), "{status}: {text}");
                }
                (answer, expected) => panic!("{status}: {answer:?}, not {expected:?}"),
            }
        };
        let said = r#"{"error": {"status": 404, "message": "there is no application shop"}}"#;
        check(200, r#"{"items":[]}"#, Ok(r#"{"items":[]}"#));
        check(404, said, Err("there is no application shop"));
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
    fn addresses_are_of_web_servers() {
        assert!(base("http://127.0.0.1:8080").is_ok());
        assert!(base("https://kedge.example.org/sub/").is_ok());
        for bad in ["127.0.0.1:8080", "localhost", "file:///etc", ""] {
            assert!(base(bad).is_err(), "{bad}");
        }
    }
}
