//! `kedge reconciler`

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use prometheus_client::registry::Registry;

use api::kinds::VerifyMode;
use client::{Client, Env, HttpClient, Logs, Tasks};
use nodeagent::network::Instance;
use reconciler::Reconciler;
use reconciler::config::{Config, RepositoryConfig};
use reconciler::source::{self, Keyring, Probe, SigningKey, Trust, Wish};
use reconciler::web::auth::{Auth, Transport};
use reconciler::web::{Deps, Settings, router};

use super::{front, sign_in, until_asked_to_stop};
use crate::data_dir::DataDir;
use crate::up::{Layout, postgres};
use crate::{Usage, secret};

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data_dir: DataDir,
    /// The cluster to drive
    #[arg(long, env = "KEDGE_KUBECONFIG", value_name = "FILE")]
    kubeconfig: PathBuf,
    /// PostgreSQL to keep the history in [default: an embedded one in the data directory]
    #[arg(
        long,
        env = "KEDGE_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    database_url: Option<String>,
    /// Serve web UI, JSON API, Git and webhooks here, without TLS, so loopback only
    #[arg(
        long,
        env = "KEDGE_WEB_LISTEN",
        default_value = "127.0.0.1:8080",
        value_parser = crate::listen::address,
        value_name = "ADDRESS"
    )]
    web_listen: SocketAddr,
    /// First content of the hosted cluster repository
    #[arg(long, env = "KEDGE_SEED", value_name = "DIR")]
    seed: Option<PathBuf>,
    /// Watch this Git repository instead of the hosted one (https, ssh, path or bare repository)
    #[arg(long, env = "KEDGE_REPO", value_name = "URL", hide_env_values = true)]
    repo: Option<String>,
    /// How to sign in to it: a directory with files as in a Secret (username and password,
    /// bearerToken, ca.crt, tls.crt and tls.key, identity, and `known_hosts`)
    #[arg(long, env = "KEDGE_REPO_CREDENTIALS", value_name = "DIR")]
    repo_credentials: Option<PathBuf>,
    /// What opens files encrypted with SOPS: a file of age keys, one a line, or a directory
    /// of such files; only their owner may read them
    #[arg(long, env = "KEDGE_SOPS_AGE_KEY_FILE", value_name = "PATH")]
    sops_age_key_file: Option<PathBuf>,
    /// Follow only commits that are signed with one of the keys in this directory: armored OpenPGP
    /// keys, and lines of allowed signers as of OpenSSH
    #[arg(long, env = "KEDGE_TRUSTED_KEYS", value_name = "DIR")]
    trusted_keys: Option<PathBuf>,
    /// Which commits must be signed, with --trusted-keys
    #[arg(long, env = "KEDGE_VERIFY", value_enum, default_value_t = Signed::Head)]
    verify: Signed,
    /// Sign Kedge's own commits, rollbacks, with this SSH private key, which has no passphrase and
    /// which only its owner may read
    #[arg(long, env = "KEDGE_SIGNING_KEY", value_name = "FILE")]
    signing_key: Option<PathBuf>,
    /// The branch to follow
    #[arg(
        long,
        env = "KEDGE_BRANCH",
        default_value = "main",
        value_name = "BRANCH"
    )]
    branch: String,
    /// The directory of the repository that holds `apps/`
    #[arg(long, env = "KEDGE_PATH", default_value = ".", value_name = "PATH")]
    path: String,
    /// What every page says besides, such as that no containers run here
    #[arg(
        long,
        env = "KEDGE_NOTICE",
        default_value = "",
        hide_default_value = true,
        value_name = "TEXT"
    )]
    notice: String,
    #[command(flatten)]
    front: front::Arguments,
    #[command(flatten)]
    sign_in: sign_in::Arguments,
}

/// Pages are served to this machine only.
pub(crate) fn on_loopback(web_listen: SocketAddr) -> Result<(), Usage> {
    if web_listen.ip().is_loopback() {
        return Ok(());
    }
    Err(Usage(format!(
        "--web-listen {web_listen}: pages carry credentials, and this address is without TLS; \
         keep it on loopback, and serve other machines with --web-tls-listen {web_listen} or by a \
         proxy that speaks TLS"
    )))
}

/// What failed, why, and what to do.
fn told(error: &source::Error) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    let advice = match error.advice() {
        "" => String::new(),
        advice => format!("; {advice}"),
    };
    format!("{error}{}{advice}", cause.unwrap_or_default())
}

/// What can be known of the repository before anything is started. One that was followed before
/// may be away for a while: the cluster is kept as it was last.
pub(crate) async fn can_be_followed(wish: &Wish<'_>, data_dir: &Path) -> Result<(), Usage> {
    match source::probe(wish, data_dir, &Env::system()).await {
        Ok(Probe::Fine) => Ok(()),
        Ok(Probe::Away(error)) => {
            let error = told(&error);
            tracing::warn!(error, "goes on with what was fetched before");
            Ok(())
        }
        Err(error) => Err(Usage(format!(
            "cannot follow the repository: {}",
            told(&error)
        ))),
    }
}

/// Which commits must be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Signed {
    /// The newest
    Head,
    /// Every new one
    Commits,
}

impl Signed {
    /// As the flag has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Commits => "commits",
        }
    }
}

/// The same of those that sign commits.
pub(crate) fn trusted(directory: Option<&Path>) -> Result<(), Usage> {
    let read = directory.map(Trust::from_directory).transpose();
    read.map(drop)
        .map_err(|error| Usage(format!(
                "--trusted-keys: {}; it takes a directory with armored OpenPGP keys and allowed signers",
                told(&error)
            )))
}

/// The same of the key that Kedge signs with.
pub(crate) fn signing(key: Option<&Path>) -> Result<(), Usage> {
    let read = key.map(SigningKey::check).transpose();
    read.map(drop).map_err(|error| {
        Usage(format!(
            "--signing-key: {error}; it takes the file of an SSH private key"
        ))
    })
}

/// Keys that cannot be used are said at once.
pub(crate) fn keyring(path: Option<&Path>) -> Result<Keyring, Usage> {
    let keys = Keyring::new(path.map(Path::to_owned));
    let read = keys.read();
    read.map_err(|error| Usage(format!(
            "--sops-age-key-file: {error}; it takes a file of age keys, or a directory of such files"
        )))?;
    Ok(keys)
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    on_loopback(arguments.web_listen)?;
    let keys = keyring(arguments.sops_age_key_file.as_deref())?;
    trusted(arguments.trusted_keys.as_deref())?;
    signing(arguments.signing_key.as_deref())?;
    arguments.front.check(arguments.sign_in.transport())?;
    arguments.sign_in.check()?;
    if let Some(url) = &arguments.repo {
        let wish = Wish {
            url,
            credentials: arguments.repo_credentials.as_deref(),
            branch: &arguments.branch,
            root: &arguments.path,
        };
        can_be_followed(&wish, &arguments.data_dir.path).await?;
    }
    let (env, tasks) = (Env::system(), Tasks::default());
    let layout = Layout::make(&arguments.data_dir)?;
    let url = match &arguments.database_url {
        Some(url) => url.clone(),
        None => postgres::start(&layout.postgres(), &Instance::of(&layout.root).id, &tasks).await?,
    };
    let http = HttpClient::from_kubeconfig_file(&arguments.kubeconfig).await;
    let http = Arc::new(http.context("cannot set up the API client")?);
    let (client, logs): (Arc<dyn Client>, Arc<dyn Logs>) = (http.clone(), http);
    let reconciler = Reconciler::start(
        Config {
            keys,
            ..config(&arguments, &layout, url)?
        },
        client.clone(),
        env,
        tasks.clone(),
    );
    let reconciler = Arc::new(reconciler.await.context("cannot start the reconciler")?);
    serve(&arguments, &layout, reconciler, client, logs, &tasks).await?;
    until_asked_to_stop(&tasks).await
}

/// Web pages, JSON API and Git, all at one address.
async fn serve(
    arguments: &Arguments,
    layout: &Layout,
    reconciler: Arc<Reconciler>,
    client: Arc<dyn Client>,
    logs: Arc<dyn Logs>,
    tasks: &Tasks,
) -> anyhow::Result<()> {
    let env = Env::system();
    let sign_in = &arguments.sign_in;
    let auth = auth(sign_in.transport(), layout, &reconciler).await?;
    let address = arguments.web_listen;
    let outside = sign_in.address(&format!("http://{address}"));
    let link = format!("{outside}{}", auth.sign_in_path(env.now()));
    tls::files::write_private(&layout.sign_in(), format!("{link}\n").as_bytes())
        .context("cannot write the sign-in link")?;
    let git = reconciler.git(auth.clone());
    let hosting = reconciler.hosting(auth.clone());
    let recorded = Arc::clone(&reconciler);
    let webhooks = reconciler.webhooks(&secret::text(&layout.webhook_secret())?);
    let mut registry = Registry::default();
    reconciler.measure(&mut registry);
    let asked = Arc::clone(&reconciler);
    let pages = router(Deps {
        informers: reconciler.informers(),
        service: reconciler,
        client,
        logs,
        auth: auth.clone(),
        access: sign_in.rules()?,
        provider: sign_in.provider(&outside)?,
        ready: Arc::new(move || {
            let reconciler = Arc::clone(&asked);
            Box::pin(async move { reconciler.is_ready().await })
        }),
        registry: Arc::new(registry),
        settings: Settings {
            cluster: "kedge".into(),
            notice: arguments.notice.clone(),
            clone_url: format!("{outside}/git/cluster.git"),
        },
        env,
        tasks: tasks.clone(),
    });
    let asked_for = recorded.audited(pages.merge(hosting), auth);
    let service = asked_for.merge(webhooks).merge(git);
    let listener = tls::bind(address).await;
    let listener = listener.context("cannot serve the web pages")?;
    let limits = tls::Limits::default();
    if let Some(front) = arguments.front.wanted() {
        let (listener, transport) = front.open(tasks).await?;
        tls::serve(listener, transport, service.clone(), &limits, tasks);
    }
    tls::serve(listener, tls::Transport::Plain, service, &limits, tasks);
    tracing::info!(%address, "web and Git are served");
    Ok(())
}

/// Who may come in: with the admin token, a token of their own, or a session that nobody ended.
async fn auth(
    transport: Transport,
    layout: &Layout,
    reconciler: &Reconciler,
) -> anyhow::Result<Arc<Auth>> {
    let token = secret::text(&layout.admin_token())?;
    let ended = reconciler.ended_sessions().await;
    let ended = ended.context("cannot read which sessions were ended")?;
    let auth = Auth::new(&token, transport).with_tokens(reconciler.tokens());
    Ok(Arc::new(auth.with_ended(ended)))
}

fn config(arguments: &Arguments, layout: &Layout, database_url: String) -> anyhow::Result<Config> {
    let executable = std::env::current_exe().context("cannot find this program")?;
    let repository = match &arguments.repo {
        Some(url) => RepositoryConfig::Remote {
            url: url.clone(),
            credentials: arguments.repo_credentials.clone(),
        },
        None => RepositoryConfig::Hosted {
            seed: arguments.seed.clone(),
        },
    };
    let mode = match arguments.verify {
        Signed::Head => VerifyMode::Head,
        Signed::Commits => VerifyMode::Commits,
    };
    let trusted_keys = arguments.trusted_keys.clone();
    Ok(Config {
        trusted_keys: trusted_keys.map(|directory| (directory, mode)),
        signing_key: arguments.signing_key.clone().map(SigningKey::new),
        repository,
        branch: arguments.branch.clone(),
        path: arguments.path.clone(),
        address: arguments
            .sign_in
            .address(&format!("http://{}", arguments.web_listen)),
        ..Config::hosted(layout.root.clone(), database_url, executable)
    })
}
