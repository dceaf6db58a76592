//! Where log lines go and which there are.

use std::io::IsTerminal;

use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::prelude::*;

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// What to log: a level (error, warn, info, debug, trace), or directives per module
    #[arg(
        long,
        global = true,
        env = "KEDGE_LOG",
        default_value = "info,hickory_server=warn,kube_client=off,tls=warn",
        value_name = "FILTER"
    )]
    log: String,
    /// How log lines look
    #[arg(long, global = true, env = "KEDGE_LOG_FORMAT", value_enum, default_value_t = Format::Text)]
    log_format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// Logs to standard error from now on.
pub(crate) fn start(arguments: &Arguments) {
    let filter = EnvFilter::try_new(&arguments.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match arguments.log_format {
        Format::Text => registry
            .with(lines.with_ansi(std::io::stderr().is_terminal()))
            .init(),
        Format::Json => registry.with(lines.json()).init(),
    }
}
