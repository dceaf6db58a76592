//! How people sign in to the pages, and who may do what there: the flags of it.

use std::path::{Path, PathBuf};

use clap::Args;

use reconciler::web::access::Access;
use reconciler::web::auth::Transport;
use reconciler::web::auth::oidc::{Provider, Settings};

use crate::Usage;

#[derive(Args, Clone)]
#[group(skip)]
pub(crate) struct Arguments {
    /// Where people reach the web UI, where that is not --web-listen: the https address of the proxy
    /// before it
    #[arg(long, env = "KEDGE_WEB_ADDRESS", value_name = "URL")]
    web_address: Option<String>,
    /// Let people sign in by this provider of OpenID Connect; it sends them back to
    /// /auth/callback of the web address
    #[arg(long, env = "KEDGE_OIDC_ISSUER", value_name = "URL")]
    oidc_issuer: Option<String>,
    /// What Kedge is called there
    #[arg(long, env = "KEDGE_OIDC_CLIENT_ID", value_name = "ID")]
    oidc_client_id: Option<String>,
    /// The client's secret is in this file; without one the client is public
    #[arg(long, env = "KEDGE_OIDC_CLIENT_SECRET_FILE", value_name = "FILE")]
    oidc_client_secret_file: Option<PathBuf>,
    /// Which claim of the ID token has the groups
    #[arg(
        long,
        env = "KEDGE_OIDC_GROUPS_CLAIM",
        default_value = "groups",
        value_name = "CLAIM"
    )]
    oidc_groups_claim: String,
    /// What is asked of the provider besides who it is
    #[arg(
        long,
        env = "KEDGE_OIDC_SCOPES",
        default_value = "profile,email",
        value_delimiter = ',',
        value_name = "SCOPES"
    )]
    oidc_scopes: Vec<String>,
    /// Certificates (PEM) that are believed of the provider besides the system's
    #[arg(long, env = "KEDGE_OIDC_CA_FILE", value_name = "FILE")]
    oidc_ca_file: Option<PathBuf>,
    /// Who may sync, suspend and roll back which Applications: a YAML file of rules; without it
    /// whoever signs in by the provider only looks. The file also says whose badges anybody may
    /// read without signing in (`badges: [shop-*]`)
    #[arg(long, env = "KEDGE_ACCESS", value_name = "FILE")]
    access: Option<PathBuf>,
}

impl Arguments {
    /// Whether everything that is named can be used.
    pub(crate) fn check(&self) -> Result<(), Usage> {
        let address = self.web_address.as_deref().unwrap_or("http://localhost");
        if !(address.starts_with("https://") || address.starts_with("http://")) {
            let text = format!("--web-address {address}: an address begins with https://");
            return Err(Usage(text));
        }
        // What stands in the configuration file or the environment counts as well.
        if self.oidc_issuer.is_some() && self.oidc_client_id.is_none() {
            let text = "--oidc-issuer: say with --oidc-client-id what Kedge is called there";
            return Err(Usage(text.into()));
        }
        self.provider(address)?;
        self.rules().map(drop)
    }

    /// Where people reach the pages that are served at `listen`.
    pub(crate) fn address(&self, listen: &str) -> String {
        let address = self.web_address.as_deref().unwrap_or(listen);
        address.trim_end_matches('/').to_owned()
    }

    /// How they reach it.
    pub(crate) fn transport(&self) -> Transport {
        match self.web_address.as_deref() {
            Some(address) if address.starts_with("https://") => Transport::Tls,
            _ => Transport::Plain,
        }
    }

    /// The provider, if there is one.
    pub(crate) fn provider(&self, address: &str) -> Result<Option<Provider>, Usage> {
        let (Some(issuer), Some(client)) = (&self.oidc_issuer, &self.oidc_client_id) else {
            return Ok(None);
        };
        let secret = self.oidc_client_secret_file.as_deref();
        let secret = secret.map(|path| text("--oidc-client-secret-file", path));
        let authority = self.oidc_ca_file.as_deref();
        let settings = Settings {
            issuer: issuer.clone(),
            client: client.clone(),
            secret: secret.transpose()?.map(|text| text.trim().to_owned()),
            address: address.to_owned(),
            groups: self.oidc_groups_claim.clone(),
            scopes: self.oidc_scopes.clone(),
            authority: authority
                .map(|path| text("--oidc-ca-file", path))
                .transpose()?,
        };
        let made = settings.check().and_then(|()| Provider::new(settings));
        let provider = made.map_err(|error| Usage(format!("--oidc-issuer {issuer}: {error}")))?;
        Ok(Some(provider))
    }

    /// Who may do what.
    pub(crate) fn rules(&self) -> Result<Access, Usage> {
        let Some(path) = &self.access else {
            return Ok(Access::default());
        };
        let rules = Access::parse(&text("--access", path)?);
        rules.map_err(|error| Usage(format!("--access {}: {error}", path.display())))
    }
}

fn text(flag: &str, path: &Path) -> Result<String, Usage> {
    std::fs::read_to_string(path)
        .map_err(|error| Usage(format!("{flag} {}: {error}", path.display())))
}
