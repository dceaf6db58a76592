//! Talks to a forge's REST API: every call has a time limit, every answer a size.

use std::time::Duration;

use reqwest::{Certificate, Client, StatusCode};
use serde_json::Value;

use super::comment::{comment, marker};
use super::request::{Call, Method, ours};
use super::{Change, State, Target};

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(20);
const CONNECT: Duration = Duration::from_secs(5);
/// The largest answer, in bytes.
const ANSWER: usize = 16 << 20;
/// Pages of comments that are looked through.
const PAGES: usize = 20;

/// Why a forge was not told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot set up a client for {api}")]
    Setup {
        api: String,
        #[source]
        source: reqwest::Error,
    },
    #[error("{api} does not answer")]
    Away {
        api: String,
        #[source]
        source: reqwest::Error,
    },
    #[error("{api} refuses the forgeToken ({status})")]
    Refused { api: String, status: StatusCode },
    #[error("{api} answers {status}: {text}")]
    Failed {
        api: String,
        status: StatusCode,
        text: String,
    },
}

impl Error {
    /// Whether telling it again may help.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Away { .. } => true,
            Self::Failed { status, .. } => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
            Self::Setup { .. } | Self::Refused { .. } => false,
        }
    }
}

/// One repository on a forge.
pub(crate) struct Forge {
    target: Target,
    http: Client,
}

impl Forge {
    pub(crate) fn open(target: Target) -> Result<Self, Error> {
        let mut builder = Client::builder()
            .connect_timeout(CONNECT)
            .timeout(PATIENCE)
            // A token goes nowhere but where it was meant to go.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("kedge/", env!("CARGO_PKG_VERSION")));
        let setup = |source| Error::Setup {
            api: target.api.clone(),
            source,
        };
        if !target.authority.is_empty() {
            let pem = target.authority.as_bytes();
            let trusted = Certificate::from_pem_bundle(pem).map_err(setup)?;
            builder = trusted
                .into_iter()
                .fold(builder, reqwest::ClientBuilder::add_root_certificate);
        }
        let http = builder.build().map_err(setup)?;
        Ok(Self { target, http })
    }

    /// Says how a commit is, and on which page that is told.
    pub(crate) async fn status(
        &self,
        commit: &str,
        state: State,
        text: &str,
        page: &str,
    ) -> Result<(), Error> {
        let call = self.target.status(commit, state, text, page);
        self.call(call).await.map(drop)
    }

    /// Writes the plan as a comment, or over the one that is there.
    pub(crate) async fn comment(&self, number: u64, change: &Change) -> Result<(), Error> {
        let (marker, text) = (marker(change), comment(change));
        let call = match self.find(number, &marker).await? {
            Some((_, before)) if before.trim_end() == text.trim_end() => return Ok(()),
            Some((id, _)) => self.target.rewrite(number, id, &text),
            None => self.target.write(number, &text),
        };
        self.call(call).await.map(drop)
    }

    async fn find(&self, number: u64, marker: &str) -> Result<Option<(u64, String)>, Error> {
        for page in 1..=PAGES {
            let page = self.call(self.target.list(number, page)).await?;
            if let Some(found) = ours(&page, marker) {
                return Ok(Some(found));
            }
            if !self.target.has_more(&page) {
                break;
            }
        }
        Ok(None)
    }

    async fn call(&self, call: Call) -> Result<Value, Error> {
        let method = match call.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
        };
        let api = || self.target.api.clone();
        let away = |source: reqwest::Error| Error::Away {
            api: api(),
            source: source.without_url(),
        };
        let mut request = self.http.request(method, &call.url);
        for (name, value) in self.target.headers() {
            request = request.header(name, value);
        }
        if !call.body.is_null() {
            request = request.json(&call.body);
        }
        let mut response = request.send().await.map_err(away)?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(away)? {
            body.extend_from_slice(&chunk);
            if body.len() > ANSWER {
                break;
            }
        }
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(Error::Refused { api: api(), status })
            }
            status if status.is_success() => Ok(serde_json::from_slice(&body).unwrap_or_default()),
            status => {
                let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
                let text = answer["message"].as_str().unwrap_or("no reason is given");
                Err(Error::Failed {
                    api: api(),
                    status,
                    text: text.chars().take(200).collect(),
                })
            }
        }
    }
}
