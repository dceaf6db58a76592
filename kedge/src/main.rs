//! Kedge: a declarative GitOps platform. One binary, its roles and its command line.

mod logging;
mod role;
mod secret;
mod up;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Makes the cluster what the commit says, proves that it is, and records how.
#[derive(Parser)]
#[command(
    name = "kedge",
    version,
    propagate_version = true,
    arg_required_else_help = true
)]
struct Arguments {
    #[command(flatten)]
    logging: logging::Arguments,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run everything on this machine: database, orchestrator, reconciler, node agents
    Up(up::Arguments),
    /// Stop what a detached `up` left
    Down(up::DownArguments),
    /// Serve the Kubernetes-compatible API, with its controllers and scheduler
    Orchestrator(role::orchestrator::Arguments),
    /// Run the pods of one node
    Agent(role::agent::Arguments),
}

fn main() -> ExitCode {
    // Two crypto providers may be compiled in; one is chosen, before anything uses TLS. It fails
    // only where one is installed already, which is as good.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let arguments = Arguments::parse();
    logging::start(&arguments.logging);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            return failed(&anyhow::Error::new(error).context("cannot start the runtime"));
        }
    };
    let result = runtime.block_on(async {
        match arguments.command {
            Command::Up(arguments) => up::run(arguments).await,
            Command::Down(arguments) => up::down(arguments).await,
            Command::Orchestrator(arguments) => role::orchestrator::run(arguments).await,
            Command::Agent(arguments) => role::agent::run(arguments).await,
        }
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

/// The whole chain of causes in one line: what, where, why.
fn failed(error: &anyhow::Error) -> ExitCode {
    anstream::eprintln!("kedge: {error:#}");
    ExitCode::FAILURE
}
