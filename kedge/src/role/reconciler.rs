//! `kedge reconciler`

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use prometheus_client::registry::Registry;

use client::{Client, Env, HttpClient, Logs, Tasks};
use nodeagent::network::Instance;
use reconciler::Reconciler;
use reconciler::config::Config;
use reconciler::web::auth::{Auth, Transport};
use reconciler::web::{Deps, Settings, router};

use super::{following, front, sign_in, until_asked_to_stop};
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
    #[command(flatten)]
    following: following::Arguments,
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

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    on_loopback(arguments.web_listen)?;
    arguments.front.check(arguments.sign_in.transport())?;
    arguments.sign_in.check()?;
    let data_dir = &arguments.data_dir.path;
    let keys = arguments.following.check(data_dir).await?;
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
    let address = format!("http://{}", arguments.web_listen);
    let config = Config {
        address: arguments.sign_in.address(&address),
        ..Config::hosted(layout.root.clone(), database_url, executable)
    };
    Ok(arguments.following.config(arguments.seed.clone(), config))
}
