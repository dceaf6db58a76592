//! Where log lines go and which there are.

use std::ffi::OsString;
use std::io::IsTerminal;

use clap::{Args, ValueEnum};
use telemetry::{Export, Settings};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::prelude::*;

use crate::Usage;

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// What to log: a level (error, warn, info, debug, trace), or directives per module
    #[arg(
        long,
        global = true,
        env = "KEDGE_LOG",
        default_value = "info,hickory_server=warn,kube_client=off,tls=warn,rustls_platform_verifier=off",
        value_name = "FILTER"
    )]
    log: String,
    /// How log lines look
    #[arg(long, global = true, env = "KEDGE_LOG_FORMAT", value_enum, default_value_t = Format::Text)]
    log_format: Format,
    /// Export traces by OTLP (gRPC) to this collector, such as `http://127.0.0.1:4317` [default: what
    /// `OTEL_EXPORTER_OTLP_ENDPOINT` says, or nowhere]
    #[arg(long, global = true, env = ENDPOINT, value_name = "URL", hide_env_values = true)]
    otlp_endpoint: Option<String>,
    /// Export this part of the traces, from 0 to 1
    #[arg(long, global = true, env = RATIO, default_value_t = 1.0, value_parser = ratio, value_name = "PART")]
    trace_ratio: f64,
}

const ENDPOINT: &str = "KEDGE_OTLP_ENDPOINT";
const RATIO: &str = "KEDGE_TRACE_RATIO";
/// As every program that exports traces has it.
const STANDARD: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

fn ratio(text: &str) -> Result<f64, String> {
    let ratio: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=1.0).contains(&ratio) {
        Ok(ratio)
    } else {
        Err("not between 0 and 1".to_owned())
    }
}

impl Arguments {
    /// Where traces of a role go, if anywhere.
    fn traces(&self, role: Option<&str>) -> Option<Settings> {
        let endpoint = self.otlp_endpoint.clone().or_else(standard);
        Some(Settings {
            endpoint: endpoint.filter(|it| !it.is_empty())?,
            ratio: self.trace_ratio,
            service: format!("kedge-{}", role?),
        })
    }

    /// For the roles of an instance, which have the command line of none.
    pub(crate) fn environment(&self) -> Vec<(&'static str, OsString)> {
        let endpoint = self.otlp_endpoint.iter();
        let endpoint = endpoint.map(|it| (ENDPOINT, OsString::from(it)));
        let ratio = (RATIO, OsString::from(self.trace_ratio.to_string()));
        endpoint.chain([ratio]).collect()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a variable that is not Kedge's own to name"
)]
fn standard() -> Option<String> {
    std::env::var(STANDARD).ok()
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// Logs to standard error from now on, and exports traces of the role where that is asked for. Must be
/// called within a Tokio runtime.
///
/// # Errors
/// An endpoint that is none.
pub(crate) fn start(arguments: &Arguments, role: Option<&str>) -> Result<Option<Export>, Usage> {
    let traces = arguments.traces(role);
    let export = traces.as_ref().map(telemetry::start).transpose();
    let export = export.map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        Usage(format!(
            "--otlp-endpoint: {error}{}",
            cause.unwrap_or_default()
        ))
    })?;
    let filter = EnvFilter::try_new(&arguments.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let registry = tracing_subscriber::registry().with(telemetry::layer());
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match arguments.log_format {
        Format::Text => registry
            .with(
                lines
                    .with_ansi(std::io::stderr().is_terminal())
                    .with_filter(filter),
            )
            .init(),
        Format::Json => registry.with(lines.json().with_filter(filter)).init(),
    }
    Ok(export)
}
