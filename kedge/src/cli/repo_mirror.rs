//! `kedge repo mirror`

use clap::Args;
use jiff::Timestamp;
use serde::Deserialize;

use super::age::between;
use super::complete;
use super::output::Output;
use super::server::{self, Server};
use super::table::plain_line;

#[derive(Args)]
#[group(skip)]
pub(super) struct Arguments {
    /// The repository
    #[arg(value_name = "NAME", add = complete::repositories())]
    name: String,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    server: server::Arguments,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// Push there whatever is pushed here
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// Fetch from there; nobody pushes here then
    #[arg(long, value_name = "URL")]
    from: Option<String>,
    /// Mirror to or from there no longer
    #[arg(long, value_name = "URL")]
    stop: Option<String>,
}

/// How a mirror is.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Mirror {
    direction: String,
    url: String,
    synced_at: Option<Timestamp>,
    error: String,
}

impl Mirror {
    /// `to https://… (2m ago)`, or what is wrong.
    pub(super) fn state(&self, now: Timestamp) -> String {
        let state = match (self.error.as_str(), self.synced_at) {
            ("", Some(at)) => format!("{} ago", between(at, now)),
            ("", None) => "not yet".to_owned(),
            (error, _) => error.to_owned(),
        };
        format!("{} {} ({state})", self.direction, self.url)
    }
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let server = Server::open(&arguments.server)?;
    let (name, which) = (&arguments.name, &arguments.which);
    let begin = ["repositories", name, "mirrors"];
    let (answer, said) = match (&which.to, &which.from, &which.stop) {
        (Some(url), ..) => {
            let form = [("direction", "to"), ("url", url)];
            let said = format!("{name} is pushed to {url} from now on");
            (server.send(&begin, &form).await?, said)
        }
        (_, Some(url), _) => {
            let form = [("direction", "from"), ("url", url)];
            let said = format!("{name} is fetched from {url} from now on");
            (server.send(&begin, &form).await?, said)
        }
        (.., url) => {
            let url = url.as_deref().unwrap_or_default();
            let end = ["repositories", name, "mirrors", "delete"];
            let said = format!("{name} has nothing to do with {url} any more");
            (server.send(&end, &[("url", url)]).await?, said)
        }
    };
    arguments.output.show(&answer, |screen| {
        let how = "How it is: kedge repo list".to_owned();
        screen.lines([plain_line(&said), how])
    })
}
