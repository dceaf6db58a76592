//! How the pages are reached from other machines: over TLS, at a second address.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use client::{Env, Tasks};
use reconciler::web::auth::Transport;
use tls::PairFiles;

use crate::Usage;

#[derive(Args, Clone, Default)]
#[group(skip)]
pub(crate) struct Arguments {
    /// Serve the same over TLS here as well, for other machines; needs a certificate, and
    /// --web-address with the name that is in it
    #[arg(
        id = "web_tls_listen",
        long = "web-tls-listen",
        env = "KEDGE_WEB_TLS_LISTEN",
        value_parser = crate::listen::address,
        value_name = "ADDRESS"
    )]
    listen: Option<SocketAddr>,
    /// The certificate for it and those that lead to its authority (PEM); read again when it
    /// changes
    #[arg(
        id = "web_tls_cert",
        long = "web-tls-cert",
        env = "KEDGE_WEB_TLS_CERT",
        value_name = "FILE"
    )]
    certificate: Option<PathBuf>,
    /// Its key (PEM), which not everybody on the machine may read
    #[arg(
        id = "web_tls_key",
        long = "web-tls-key",
        env = "KEDGE_WEB_TLS_KEY",
        value_name = "FILE"
    )]
    key: Option<PathBuf>,
}

/// Where to listen, and what to present there.
pub(crate) struct Front {
    address: SocketAddr,
    files: PairFiles,
}

impl Front {
    /// Listens there, with the certificate as it is in the files until the tasks are cancelled.
    pub(crate) async fn open(self, tasks: &Tasks) -> anyhow::Result<(TcpListener, tls::Transport)> {
        let certificates = self.files.open()?;
        let transport = tls::Transport::tls(certificates.clone())?;
        let listener = tls::bind(self.address).await;
        let listener = listener.context("cannot serve the web pages over TLS")?;
        self.files.follow(certificates, Env::system(), tasks);
        tracing::info!(address = %self.address, "web and Git are served over TLS");
        Ok((listener, transport))
    }
}

impl Arguments {
    /// What is asked for, for others to look at.
    pub(crate) fn told(&self) -> Value {
        match (&self.listen, &self.certificate, &self.key) {
            (Some(listen), Some(certificate), Some(key)) => {
                json!({"listen": listen, "certificate": certificate, "key": key})
            }
            _ => Value::Null,
        }
    }

    /// What is asked for, if anything.
    pub(crate) fn wanted(&self) -> Option<Front> {
        Some(Front {
            address: self.listen?,
            files: PairFiles {
                certificate: self.certificate.clone()?,
                key: self.key.clone()?,
            },
        })
    }

    /// Whether everything that is named can be used by those who come in this way.
    pub(crate) fn check(&self, comes: Transport) -> Result<(), Usage> {
        // What stands in the configuration file or the environment counts as well.
        let named = [
            self.listen.is_some(),
            self.certificate.is_some(),
            self.key.is_some(),
        ];
        if named == [false; 3] {
            return Ok(());
        }
        let Some(front) = self.wanted() else {
            let text = "--web-tls-listen, --web-tls-cert and --web-tls-key go together";
            return Err(Usage(text.into()));
        };
        if comes == Transport::Plain {
            let text = "--web-tls-listen: say with --web-address how people reach it; it begins with https://";
            return Err(Usage(text.into()));
        }
        front.files.open().map(drop).map_err(|error| {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
            let cause = cause.unwrap_or_default();
            Usage(format!(
                "--web-tls-listen {}: {error}{cause}",
                front.address
            ))
        })
    }
}
