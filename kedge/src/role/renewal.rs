//! Has an agent's certificates renewed when two thirds of their life are over: for new keys, which do not
//! leave the machine, over the connection that there is. Nothing is started again.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;

use client::renewal::{self, Requests};
use client::{Env, HttpClient, Tasks};
use orchestrator::auth::kubeconfig;
use tls::certificate::{Request, begins, ends, is_expiring};
use tls::{Certificates, Pair};

use crate::node::JoinFile;
use crate::up::Layout;

/// Between two looks; a certificate lasts a year.
const LOOK: Duration = Duration::from_hours(6);
/// After one that failed.
const AGAIN: Duration = Duration::from_mins(10);

/// What is renewed, and where it is kept.
pub(super) struct Renewal {
    pub(super) name: String,
    pub(super) http: HttpClient,
    pub(super) certificates: Arc<Certificates>,
    pub(super) kubeconfig: PathBuf,
    /// Certificate and key of the agent's own server.
    pub(super) serving: PathBuf,
    /// The instance's data directory, or that of a machine that joined one.
    pub(super) instance: PathBuf,
}

impl Renewal {
    pub(super) fn start(self, env: &Env, tasks: &Tasks) {
        let env = env.clone();
        tasks.spawn_until_cancelled(async move {
            loop {
                let wait = match self.look(env.now()).await {
                    Ok(()) => LOOK,
                    Err(error) => {
                        let error = format!("{error:#}");
                        tracing::warn!(error, "the node's certificates could not be renewed yet");
                        AGAIN
                    }
                };
                env.clock.sleep(wait).await;
            }
        });
    }

    async fn look(&self, now: Timestamp) -> anyhow::Result<()> {
        let pem = std::fs::read_to_string(&self.serving)
            .with_context(|| format!("cannot read {}", self.serving.display()))?;
        if !is_expiring(begins(&pem)?, ends(&pem)?, now) {
            return Ok(());
        }
        let client = Request::generate(&self.name)?;
        let serving = Request::generate(&self.name)?;
        let requests = Requests {
            client: client.request_pem.clone(),
            serving: serving.request_pem.clone(),
        };
        let issued = renewal::ask(&self.http, &requests).await?;
        let issued = issued.context("the API server's answer has another form")?;
        self.keep(
            &client.answered(issued.client),
            &serving.answered(issued.serving),
        )
        .await?;
        tracing::info!("the node's certificates are renewed");
        Ok(())
    }

    /// What the next start goes by is written first: after a crash, both are of one time.
    async fn keep(&self, client: &Pair, serving: &Pair) -> anyhow::Result<()> {
        if let Ok(layout) = Layout::open(&self.instance)
            && let Some(joined) = JoinFile::kept(&layout)?
        {
            joined.renewed(client, serving, &layout)?;
        }
        let text = std::fs::read_to_string(&self.kubeconfig)
            .with_context(|| format!("cannot read {}", self.kubeconfig.display()))?;
        let text = kubeconfig::renewed(&text, client);
        kubeconfig::write(&self.kubeconfig, &text).context("cannot keep the node's kubeconfig")?;
        let pem = format!("{}{}", serving.key_pem, serving.certificate_pem);
        tls::files::write_private(&self.serving, pem.as_bytes())
            .context("cannot keep the node's certificate")?;
        self.certificates.replace(serving)?;
        let renewed = HttpClient::from_kubeconfig_file(&self.kubeconfig).await?;
        self.http.become_like(&renewed);
        Ok(())
    }
}
