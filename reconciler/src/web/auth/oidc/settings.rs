//! How a provider is reached, as the operator says it.

/// All that has to be known of a provider, and of Kedge there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `https://login.example.org/realms/team`
    pub issuer: String,
    /// What Kedge is called there.
    pub client: String,
    /// `None` for a public client.
    pub secret: Option<String>,
    /// Where people reach Kedge, without a slash at the end: it sends them back there.
    pub address: String,
    /// The claim that has the groups: `groups`.
    pub groups: String,
    /// What is asked for besides `openid`.
    pub scopes: Vec<String>,
    /// Certificates, in PEM, that are believed besides the system's.
    pub authority: Option<String>,
}

/// Why a provider cannot be used as it is described.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error("the issuer {0} is not https: who is on the way could sign in as anybody")]
    Plain(String),
    #[error("the certificate authority holds no certificate")]
    Authority,
    #[error("the secret is empty")]
    NoSecret,
}

impl Settings {
    /// Whether a provider may be reached like this.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), Unusable> {
        let is_here = |rest: &str| {
            let host = rest.split(['/', ':']).next().unwrap_or_default();
            matches!(host, "localhost" | "127.0.0.1")
        };
        let is_safe = self.issuer.starts_with("https://")
            || self.issuer.strip_prefix("http://").is_some_and(is_here);
        if !is_safe {
            return Err(Unusable::Plain(self.issuer.clone()));
        }
        if self.secret.as_deref().is_some_and(str::is_empty) {
            return Err(Unusable::NoSecret);
        }
        Ok(())
    }
}
