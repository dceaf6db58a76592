//! Kedge: a declarative GitOps platform. One binary, its roles and its command line.

mod cli;
mod config;
mod data_dir;
mod doctor;
mod listen;
mod logging;
mod node;
mod passed;
mod role;
mod secret;
mod up;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Makes the cluster what the commit says, proves that it is, and records how.
#[derive(Parser)]
#[command(
    name = "kedge",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    after_help = "Every flag is also an environment variable (KEDGE_...) and a key of --config FILE.\n\
                  Exit codes: 0 done, 1 the operation failed, 2 wrong usage or bad configuration."
)]
struct Arguments {
    #[command(flatten)]
    logging: logging::Arguments,
    #[command(flatten)]
    _config: config::Arguments,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run everything on this machine: database, orchestrator, reconciler, node agents
    #[command(after_help = "Example:\n  kedge up --runtime simulated --web-listen 127.0.0.1:0")]
    Up(up::Arguments),
    /// Stop what a detached `up`, or `node join`, left
    #[command(after_help = "Example:\n  kedge down --purge")]
    Down(up::DownArguments),
    /// Serve the Kubernetes-compatible API, with its controllers and scheduler
    #[command(
        after_help = "Example:\n  kedge orchestrator --api-listen 0.0.0.0:6443 --api-names kedge.example.org"
    )]
    Orchestrator(role::orchestrator::Arguments),
    /// Bring a cluster to what Git says, and record how; serve Git and the web UI
    #[command(
        after_help = "Example:\n  kedge reconciler --kubeconfig .kedge/reconciler.kubeconfig --seed examples-repo"
    )]
    Reconciler(role::reconciler::Arguments),
    /// Run the pods of one node
    #[command(
        after_help = "Example:\n  kedge agent --name node-1 --data-dir node --kubeconfig node/kubeconfig \\\n    --certificate node/serving.pem --authority ca.crt --address 10.0.0.2 --instance .kedge"
    )]
    Agent(role::agent::Arguments),
    /// Have other machines run pods of an instance
    #[command(after_help = node::EXAMPLE)]
    Node(node::Arguments),
    #[command(flatten)]
    Cli(cli::Command),
}

impl Command {
    /// What runs for long, by name.
    fn role(&self) -> Option<&'static str> {
        match self {
            Self::Up(_) => Some("up"),
            Self::Orchestrator(_) => Some("orchestrator"),
            Self::Reconciler(_) => Some("reconciler"),
            Self::Agent(_) => Some("agent"),
            Self::Node(arguments) => arguments.role(),
            Self::Down(_) | Self::Cli(_) => None,
        }
    }
}

/// What was asked for cannot be meant: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

fn main() -> ExitCode {
    if let Some(hook) = hook() {
        return reconciler::githost::hook::main(&hook);
    }
    // Two crypto providers may be compiled in; one is chosen, before anything uses TLS. It fails
    // only where one is installed already, which is as good.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    // A shell asks what fits: it is answered, and nothing else is done.
    clap_complete::CompleteEnv::with_factory(Arguments::command)
        .var(cli::ASKED)
        .complete();
    let command = match config::prepared(Arguments::command(), std::env::args_os()) {
        Ok(command) => command,
        Err(error) => return failed(&anyhow::Error::new(error)),
    };
    let matches = match command.clone().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            let verb = std::env::args_os().nth(1);
            let verb = verb.as_deref().and_then(std::ffi::OsStr::to_str);
            cli::advised(error, &command, verb).exit()
        }
    };
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            return failed(&anyhow::Error::new(error).context("cannot start the runtime"));
        }
    };
    let entered = runtime.enter();
    let export = match logging::start(&arguments.logging, arguments.command.role()) {
        Ok(export) => export,
        Err(error) => return failed(&error.into()),
    };
    drop(entered);
    let environment = arguments.logging.environment();
    let result = runtime.block_on(async {
        match arguments.command {
            Command::Up(arguments) => up::run(arguments.with(environment)).await,
            Command::Down(arguments) => up::down(arguments).await,
            Command::Orchestrator(arguments) => role::orchestrator::run(arguments).await,
            Command::Reconciler(arguments) => role::reconciler::run(arguments).await,
            Command::Agent(arguments) => role::agent::run(arguments).await,
            Command::Node(arguments) => node::run(arguments, environment).await,
            Command::Cli(verb) => cli::run(verb, command).await,
        }
    });
    // The last spans go out while the runtime is there.
    drop(export);
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

/// Git starts this binary under a hook's name: then it only asks the service and passes on its answer.
fn hook() -> Option<String> {
    let name = std::env::args_os().next()?;
    let name = std::path::Path::new(&name)
        .file_name()?
        .to_str()?
        .to_owned();
    reconciler::githost::hook::is_hook(&name).then_some(name)
}

/// The whole chain of causes in one line: what, where, why.
fn failed(error: &anyhow::Error) -> ExitCode {
    anstream::eprintln!("kedge: {error:#}");
    if error.is::<Usage>() || error.is::<config::Error>() {
        return ExitCode::from(2);
    }
    ExitCode::FAILURE
}
