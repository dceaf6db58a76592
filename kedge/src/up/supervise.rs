//! The supervisor: everything up in order, kept up, down in order.

use std::fs::File;
use std::io::Write;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use serde_json::json;

use client::{Env, Tasks};
use nodeagent::network::{self, Instance, Topology};
use orchestrator::auth::kubeconfig;
use orchestrator::auth::pki::{Holder, Pki};

use super::arguments::{Arguments, Runtime};
use super::layout::{Layout, node_name};
use super::plan::{self, Inputs};
use super::{banner, child, converge, detached, images, machine, postgres, wait};
use crate::cli::cause::unreadable;
use crate::cli::live::Live;
use crate::role::reconciler::on_loopback;
use crate::role::{asked_to_stop, until_asked_to_stop};
use crate::{Usage, node, secret};

/// How long the banner waits for Applications that are on their way.
const PATIENCE: jiff::SignedDuration = jiff::SignedDuration::from_mins(2);

/// How long the roles of a supervisor that was killed may take to let go of their ports.
const LEAVING: jiff::SignedDuration = jiff::SignedDuration::from_secs(5);
/// Between two attempts to listen.
const PAUSE: Duration = Duration::from_millis(50);

/// `kedge up`
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    check(&arguments).await?;
    let layout = Layout::make(&arguments.data_dir)?;
    ensure!(
        !layout.join().exists(),
        "{} is a node of an instance on another machine: `kedge node join` goes on with it, \
         --data-dir names another directory",
        arguments.data_dir.path.display()
    );
    node::alone(&layout, arguments.nodes)?;
    if arguments.wait {
        return detached::up(&arguments, &layout).await;
    }
    let _lock = lock(&layout)?;
    let (env, tasks) = (Env::system(), Tasks::default());
    let roles = Tasks::default();
    let stop = asked_to_stop()?;
    let live = Live::open();
    let started = tokio::select! {
        started = start(&live, &arguments, &layout, &env, &tasks, &roles) => started,
        () = stop => Err(anyhow::anyhow!("stopped before it was up")),
    };
    if let Err(error) = started {
        live.stage("stopping what was started");
        roles.drain().await;
        tasks.drain().await;
        live.end();
        return Err(error);
    }
    until_asked_to_stop(&roles).await?;
    // The database goes last: the roles still write while they stop.
    tasks.drain().await;
    Ok(())
}

async fn check(arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.runtime == Runtime::Containerd && !machine::is_root() {
        bail!("real containers need root; run as root, or with --runtime simulated");
    }
    if let Some(seed) = &arguments.seed
        && !seed.is_dir()
    {
        let text = format!(
            "--seed {}: no such directory; it takes one with the first content of the cluster repository",
            seed.display()
        );
        return Err(Usage(text).into());
    }
    on_loopback(arguments.web_listen)?;
    arguments.front.check(arguments.sign_in.transport())?;
    arguments.sign_in.check()?;
    let data_dir = &arguments.data_dir.path;
    arguments.following.check(data_dir).await.map(drop)?;
    Ok(())
}

/// One supervisor per data directory. The lock is the file's, so that it ends with the process.
pub(crate) fn lock(layout: &Layout) -> anyhow::Result<File> {
    let path = layout.lock();
    let mut file = File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path)
        .map_err(|error| anyhow!("{}; --data-dir names another", unreadable(&path, &error)))?;
    if file.try_lock().is_err() {
        let pid = std::fs::read_to_string(&path).unwrap_or_default();
        bail!(
            "this instance is up already (process {}); `kedge down` stops it",
            pid.trim()
        );
    }
    file.set_len(0)
        .and_then(|()| write!(file, "{}", std::process::id()))
        .context("cannot write the lock")?;
    Ok(file)
}

async fn start(
    live: &Live,
    arguments: &Arguments,
    layout: &Layout,
    env: &Env,
    tasks: &Tasks,
    roles: &Tasks,
) -> anyhow::Result<()> {
    let kedge = std::env::current_exe().context("cannot find this program")?;
    let instance = Instance::of(&layout.root);
    live.stage("starting the database");
    let database_url = match &arguments.database_url {
        Some(url) => postgres::given(url).await?,
        None => postgres::start(&layout.postgres(), &instance.id, tasks).await?,
    };
    let topology = topology(live, instance, arguments, layout, &kedge).await?;
    let inputs = Inputs {
        arguments,
        layout,
        topology: &topology,
        database_url: &database_url,
        api: picked("--api-listen", api_address(arguments, layout)?, env).await?,
        web: picked("--web-listen", arguments.web_listen, env).await?,
        seed: seed(arguments)?,
    };
    credentials(&inputs, env)?;
    endpoints(&inputs)?;
    let keep = |mut role: child::Role| {
        role.environment.extend(arguments.environment.clone());
        child::keep(role, kedge.clone(), &layout.logs(), env.clone(), roles);
    };
    live.stage("starting the orchestrator");
    keep(plan::orchestrator(&inputs));
    let log = layout.logs().join("orchestrator.log");
    wait::ready(&format!("https://{}", inputs.api), &log, env).await?;
    live.stage("starting the node agents and the reconciler");
    for node in 1..=arguments.nodes {
        keep(plan::agent(&inputs, node));
    }
    keep(plan::reconciler(&inputs));
    wait::ready(
        &format!("http://{}", inputs.web),
        &layout.logs().join("reconciler.log"),
        env,
    )
    .await?;
    let open = converge::converge(layout, env, arguments.nodes, PATIENCE, live).await?;
    live.end();
    banner::print(&inputs, &open)
}

/// Where nodes are. With real containers their networks are set up, with ranges that nobody else
/// on the machine uses.
async fn topology(
    live: &Live,
    instance: Instance,
    arguments: &Arguments,
    layout: &Layout,
    kedge: &Path,
) -> anyhow::Result<Topology> {
    let with = |ranges| Topology {
        instance,
        ranges,
        nodes: arguments.nodes,
    };
    if arguments.runtime == Runtime::Simulated {
        return Ok(with(network::without_networks(&layout.root)?));
    }
    live.stage("setting up networks and images");
    images::write(layout, kedge)?;
    let claim = network::claim(&layout.root)
        .await
        .context("cannot choose the instance's networks")?;
    let topology = with(claim.ranges);
    let up = network::apply(&topology).await;
    up.context("cannot set up the instance's networks")?;
    Ok(topology)
}

/// Where the API listens. Machines that joined look for it where it was.
fn api_address(arguments: &Arguments, layout: &Layout) -> anyhow::Result<SocketAddr> {
    let (mut address, kept) = (arguments.api_listen, node::api_port(layout)?);
    match (address.port(), kept) {
        (0, Some(kept)) => address.set_port(kept),
        (port, Some(kept)) if port != kept => tracing::warn!(
            "machines that joined look for the API at port {kept}, and --api-listen names {port}: add \
             them again (kedge node add), or name {kept}"
        ),
        _ => {}
    }
    Ok(address)
}

/// A free port where none was named. One that was named must be free: the roles would wait for
/// it, and questions to them would reach whoever has it.
async fn picked(flag: &str, address: SocketAddr, env: &Env) -> anyhow::Result<SocketAddr> {
    let started = env.now();
    let listener = loop {
        match TcpListener::bind(address) {
            Ok(listener) => break listener,
            Err(error) if env.now().duration_since(started) > LEAVING => {
                bail!(
                    "cannot listen on {address}: {error}; {flag} names another address, and port 0 picks a free port"
                );
            }
            Err(_) => env.clock.sleep(PAUSE).await,
        }
    };
    listener.local_addr().context("cannot read the picked port")
}

/// The directory to seed the hosted repository from, absolute: roles run elsewhere.
fn seed(arguments: &Arguments) -> anyhow::Result<Option<PathBuf>> {
    let default = Path::new("examples-repo");
    let seed = arguments
        .seed
        .clone()
        .or_else(|| default.is_dir().then(|| default.to_owned()));
    seed.map(|seed| {
        seed.canonicalize()
            .with_context(|| format!("cannot read {}", seed.display()))
    })
    .transpose()
}

/// Every role gets an identity of its own, before any role starts.
fn credentials(inputs: &Inputs<'_>, env: &Env) -> anyhow::Result<()> {
    secret::key(&inputs.layout.encryption_key())?;
    secret::text(&inputs.layout.admin_token())?;
    let pki =
        Pki::open(&inputs.layout.pki(), env.now()).context("cannot prepare the instance's keys")?;
    let write =
        |path: &Path, server: SocketAddr, user: &str, holder: Holder<'_>| -> anyhow::Result<()> {
            let pair = pki
                .client(holder, env.now())
                .with_context(|| format!("cannot issue the certificate of {user}"))?;
            let text = kubeconfig::kubeconfig(
                &format!("https://{server}"),
                pki.authority_pem(),
                user,
                &pair,
            );
            kubeconfig::write(path, &text)
                .with_context(|| format!("cannot write {}", path.display()))
        };
    write(
        &inputs.layout.reconciler_kubeconfig(),
        inputs.api,
        "reconciler",
        Holder::Reconciler,
    )?;
    for node in 1..=inputs.arguments.nodes {
        let name = node_name(node);
        std::fs::create_dir_all(inputs.layout.node(node))
            .context("cannot make the node's directory")?;
        let place = inputs.topology.node(node);
        let address: IpAddr = place.address.into();
        let local: IpAddr = [127, 0, 0, 1].into();
        pki.agent(&name, [address, local], env.now())
            .context("cannot issue an agent's certificate")?;
        write(
            &inputs.layout.node_kubeconfig(node),
            plan::inner_api(inputs),
            &name,
            Holder::Node(&name),
        )?;
    }
    Ok(())
}

/// Says which ports were picked, and what `kedge doctor` looks at.
fn endpoints(inputs: &Inputs<'_>) -> anyhow::Result<()> {
    let text = json!({
        "api": format!("https://{}", inputs.api), "web": format!("http://{}", inputs.web),
        "runtime": inputs.arguments.runtime.name(), "nodes": inputs.arguments.nodes,
        "webTls": inputs.arguments.front.told(),
    });
    let path = inputs.layout.endpoints();
    std::fs::write(&path, format!("{text:#}\n"))
        .with_context(|| format!("cannot write {}", path.display()))
}
