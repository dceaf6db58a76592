//! A running instance, asked through the addresses of its pages.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use clap::Args;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap};
use reqwest::{Method, StatusCode, Url};
use serde_json::Value;

use super::advice;
use super::answer::{Problem, read, turn};
use super::cause::{cause, unreadable};
use super::live;
use super::names;
use super::table::plain_line;
use super::tint;
use super::unfinished;
use crate::data_dir::DataDir;
use crate::up::Layout;

/// How long an answer may take. A plan of everything is the longest.
const PATIENCE: Duration = Duration::from_secs(60);
const CONNECT: Duration = Duration::from_secs(5);
/// How often an answer that says "later" is waited for.
const TURNS: u32 = 20;
/// The largest answer, in bytes.
const ANSWER: usize = 64 << 20;

/// Which instance, and how to be let in.
#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data_dir: DataDir,
    /// The address of its web pages [default: what the data directory says]
    #[arg(long, env = "KEDGE_SERVER", value_name = "URL")]
    server: Option<String>,
    /// The token to sign in with: the admin's, or one that `kedge token create` made [default: the
    /// admin's, of the data directory]
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
    /// Whose address this is; `None` for one that was given.
    data_dir: Option<PathBuf>,
    /// What was said besides the answers, and told already.
    notices: Mutex<BTreeSet<String>>,
}

impl Server {
    pub(super) fn open(arguments: &Arguments) -> anyhow::Result<Self> {
        let address = match &arguments.server {
            Some(address) => address.clone(),
            None => address(&arguments.data_dir.path)?,
        };
        let base = base(&address)
            .map_err(|problem| crate::Usage(format!("--server {address}: {problem}")))?;
        let token = match &arguments.token {
            Some(token) => token.trim().to_owned(),
            None => token(&arguments.data_dir.path)?,
        };
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("kedge/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("cannot make an HTTP client")?;
        let is_own = arguments.server.is_none();
        Ok(Self {
            http,
            base,
            token,
            data_dir: is_own.then(|| arguments.data_dir.path.clone()),
            notices: Mutex::default(),
        })
    }

    /// The instance whose data directory this is.
    pub(crate) fn of(data_dir: &Path) -> anyhow::Result<Self> {
        Self::open(&Arguments {
            data_dir: DataDir {
                path: data_dir.to_owned(),
            },
            server: None,
            token: None,
        })
    }

    /// The one that a line which is still being written means.
    pub(super) fn unfinished() -> anyhow::Result<Self> {
        Self::open(&Arguments {
            data_dir: DataDir::unfinished(),
            server: unfinished::value("--server", "KEDGE_SERVER"),
            token: unfinished::value("--token", "KEDGE_TOKEN"),
        })
    }

    /// `GET` of a path, given by its parts; each is escaped.
    pub(crate) async fn read(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> anyhow::Result<Value> {
        let request = self.request(Method::GET, path, query)?;
        self.settled(path, query, request).await
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
        self.settled(path, query, request).await
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

    /// `GET` of a path for what is only nice to have: `None` where it is not to be had.
    pub(super) async fn quietly(&self, path: &[&str], query: &[(&str, &str)]) -> Option<Value> {
        let request = self.request(Method::GET, path, query).ok()?;
        self.answer(request).await.ok()?.1.ok()
    }

    /// `GET` of a path for who looks whether it answers: no advice, and nothing is told besides.
    pub(crate) async fn plainly(&self, path: &[&str]) -> anyhow::Result<Value> {
        let request = self.request(Method::GET, path, &[])?;
        match self.answer(request).await?.1 {
            Ok(answer) => Ok(answer),
            Err(Problem::Strange(message) | Problem::Said(_, message)) => bail!(message),
        }
    }

    async fn settled(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        request: reqwest::RequestBuilder,
    ) -> anyhow::Result<Value> {
        let (notices, answer) = self.answer(request).await?;
        self.tell(notices);
        let refused = match answer {
            Ok(answer) => return Ok(answer),
            Err(Problem::Strange(message)) => bail!("{}: {message}", self.base),
            Err(Problem::Said(status, message)) => (status, message),
        };
        let (status, message) = refused;
        let next = match status {
            StatusCode::NOT_FOUND if self.base.path() != "/" => {
                Some("--server takes the address of the web pages, without a path".to_owned())
            }
            StatusCode::NOT_FOUND => self.instead(path, query, &message).await,
            StatusCode::FORBIDDEN => Some("--token names another".to_owned()),
            StatusCode::INSUFFICIENT_STORAGE => Some("`kedge doctor` says which disk it is".into()),
            StatusCode::SERVICE_UNAVAILABLE => Some("`kedge doctor` looks what is wrong".into()),
            _ => None,
        };
        // What was asked for cannot be meant.
        if status == StatusCode::BAD_REQUEST {
            return Err(crate::Usage(message).into());
        }
        match next {
            Some(next) if message.contains('\n') => bail!("{message}\n{next}"),
            Some(next) => bail!("{message}; {next}"),
            None => bail!(message),
        }
    }

    /// What to ask for where there is no such thing.
    async fn instead(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        message: &str,
    ) -> Option<String> {
        if let ["why", collection, namespace, name] = path {
            let found = names::objects(self, collection, "");
            let verb = format!("kedge state --at 0s {collection}");
            return Some(advice::object(name, namespace, &found.await, &verb));
        }
        if path.first() == Some(&"changes") && message.contains("no repository") {
            let named = query.iter().find(|(name, _)| *name == "repository");
            let asked = advice::asked(&["repositories", named?.1])?;
            return asked.instead(&self.quietly(&[asked.list], &[]).await?);
        }
        if let Some(verb) = advice::listed(path) {
            return Some(format!("`{verb}` lists all"));
        }
        let asked = advice::asked(path)?;
        asked.instead(&self.quietly(&[asked.list], &[]).await?)
    }

    async fn answer(
        &self,
        request: reqwest::RequestBuilder,
    ) -> anyhow::Result<(Vec<String>, Result<Value, Problem>)> {
        let request = request.build().context("cannot make a request")?;
        let is_read = *request.method() == Method::GET;
        let asking = async {
            let mut response = self.in_turn(request).await?;
            let (status, notices) = (response.status(), notices(response.headers()));
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await? {
                if body.len() + chunk.len() > ANSWER {
                    return Ok((status, notices, None));
                }
                body.extend_from_slice(&chunk);
            }
            Ok::<_, reqwest::Error>((status, notices, Some(body)))
        };
        let (status, notices, body) = live::patiently("waiting for the instance", asking)
            .await
            .map_err(|error| anyhow!(self.silent(&error, is_read)))?;
        let Some(body) = body else {
            bail!("the answer of {} is larger than {ANSWER} bytes", self.base);
        };
        Ok((notices, read(status, &body)))
    }

    /// Says what makes an answer less than it seems, each once.
    fn tell(&self, notices: Vec<String>) {
        let mut told = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        for notice in notices {
            if told.insert(notice.clone()) {
                anstream::eprintln!("{}", tint::notice(&plain_line(&notice)));
            }
        }
    }

    /// The answer, asked for again when it is this one's turn: an instance makes so many dry runs
    /// for one person, and each of many applications takes one.
    async fn in_turn(&self, request: reqwest::Request) -> reqwest::Result<reqwest::Response> {
        for _ in 0..TURNS {
            let Some(again) = request.try_clone() else {
                break;
            };
            let response = self.http.execute(again).await?;
            let Some(wait) = turn(response.status(), response.headers()) else {
                return Ok(response);
            };
            tokio::time::sleep(wait).await;
        }
        self.http.execute(request).await
    }

    /// Where nobody answers.
    fn silent(&self, error: &reqwest::Error, is_read: bool) -> String {
        let (base, cause) = (&self.base, cause(error));
        if !error.is_connect() {
            let next = if is_read {
                "try again, or let `kedge doctor` look what is wrong"
            } else {
                "it may have been done: look (`kedge rollouts`) before you repeat it"
            };
            return format!("{base} gave no whole answer: {cause}; {next}");
        }
        match &self.data_dir {
            Some(directory) => format!(
                "the instance in {} does not answer at {base}: {cause}; `kedge up` starts it, \
                 `kedge doctor` looks what is wrong",
                directory.display()
            ),
            None => format!(
                "no instance answers at {base}: {cause}; --server takes the address of its web pages"
            ),
        }
    }
}

/// What the instance says besides the answer.
fn notices(headers: &HeaderMap) -> Vec<String> {
    let all = headers.get_all("kedge-notice").iter();
    all.filter_map(|it| Some(it.to_str().ok()?.to_owned()))
        .collect()
}

fn address(data_dir: &Path) -> anyhow::Result<String> {
    let path = layout(data_dir)?.endpoints();
    let text = match std::fs::read_to_string(&path) {
        Err(error) if is_absent(&error) => return Err(nobody(data_dir)),
        text => text.map_err(|error| anyhow!(unreadable(&path, &error)))?,
    };
    let endpoints: Value =
        serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?;
    let web = endpoints["web"].as_str();
    web.map(str::to_owned)
        .with_context(|| format!("{} has no address of web pages", path.display()))
}

fn token(data_dir: &Path) -> anyhow::Result<String> {
    let path = layout(data_dir)?.admin_token();
    let text = std::fs::read_to_string(&path)
        .map_err(|error| anyhow!("{}, or give --token", unreadable(&path, &error)))?;
    ensure!(
        !text.trim().is_empty(),
        "{} is empty; give --token",
        path.display()
    );
    Ok(text.trim().to_owned())
}

fn layout(data_dir: &Path) -> anyhow::Result<Layout> {
    Layout::open(data_dir).map_err(|error| {
        if is_absent(&error) {
            nobody(data_dir)
        } else {
            anyhow!(unreadable(data_dir, &error))
        }
    })
}

/// Nothing has the name, or a file has it.
pub(super) fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

pub(super) fn nobody(data_dir: &Path) -> anyhow::Error {
    anyhow!(
        "there is no instance in {}; `kedge up` starts one, --data-dir or --server names another",
        data_dir.display()
    )
}

/// The address with a trailing slash gone, if it is one that pages can have.
fn base(address: &str) -> Result<Url, String> {
    match Url::parse(address) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        _ => Err("an address such as http://127.0.0.1:8080 is needed".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_web_servers() {
        assert!(base("http://127.0.0.1:8080").is_ok());
        assert!(base("https://kedge.example.org/sub/").is_ok());
        for bad in ["127.0.0.1:8080", "localhost", "file:///etc", ""] {
            assert!(base(bad).is_err(), "{bad}");
        }
    }
}
