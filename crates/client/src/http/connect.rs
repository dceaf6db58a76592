//! From a kubeconfig to a client.

use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use api::Catalog;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};

use super::HttpClient;

/// Time to reach the server at all.
const CONNECT: Duration = Duration::from_secs(10);

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("cannot read the kubeconfig {path}")]
    Read {
        path: PathBuf,
        #[source]
        source: KubeconfigError,
    },
    #[error("the kubeconfig is not valid")]
    Parse(#[source] KubeconfigError),
    #[error("cannot set up TLS or authentication for the API server")]
    SetUp(#[source] kube::Error),
}

impl HttpClient {
    /// The current context of a kubeconfig file. Paths in it are relative to the file.
    pub async fn from_kubeconfig_file(path: &Path) -> Result<Self, ConnectError> {
        let kubeconfig = Kubeconfig::read_from(path).map_err(|source| ConnectError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::from_kubeconfig(kubeconfig).await
    }

    /// The current context of a kubeconfig's text.
    pub async fn from_kubeconfig_text(text: &str) -> Result<Self, ConnectError> {
        let kubeconfig = Kubeconfig::from_yaml(text).map_err(ConnectError::Parse)?;
        Self::from_kubeconfig(kubeconfig).await
    }

    /// A configuration made elsewhere. Mind that `root_cert` wants DER.
    pub fn from_config(mut config: kube::Config) -> Result<Self, ConnectError> {
        // A second call changes nothing, and any provider that is installed already serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        config.connect_timeout = Some(CONNECT);
        // Callers back off themselves, with what they know of the call.
        config.default_retry = false;
        let inner = kube::Client::try_from(config).map_err(ConnectError::SetUp)?;
        Ok(Self::from_kube(inner))
    }

    /// A transport that exists already.
    pub fn from_kube(inner: kube::Client) -> Self {
        Self {
            inner: Arc::new(RwLock::new(inner)),
            catalog: Arc::new(RwLock::new(Catalog::built_in())),
        }
    }

    async fn from_kubeconfig(kubeconfig: Kubeconfig) -> Result<Self, ConnectError> {
        let options = KubeConfigOptions::default();
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options)
            .await
            .map_err(ConnectError::Parse)?;
        Self::from_config(config)
    }
}
