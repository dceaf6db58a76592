//! What the manifests say, through the environment.

use std::path::PathBuf;

/// Settings of all services; each uses a few.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) port: u16,
    /// Where a service keeps what must outlive it.
    pub(crate) data: PathBuf,
    /// Base URLs of the other services.
    pub(crate) ingestion: String,
    pub(crate) features: String,
    pub(crate) training: String,
    pub(crate) serving: String,
    /// Shared by those who may start a training.
    pub(crate) token: String,
    /// Size of the made-up catalogue of viewers.
    pub(crate) users: u32,
    /// The version of the image, shown on the page.
    pub(crate) release: String,
}

impl Settings {
    /// # Errors
    /// A variable whose value does not fit, named.
    #[expect(
        clippy::disallowed_methods,
        reason = "a twelve-factor program: its environment is its configuration"
    )]
    pub(crate) fn from_environment() -> Result<Self, String> {
        let text =
            |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
        let number = |name: &str, default: &str| -> Result<u32, String> {
            let value = text(name, default);
            value
                .parse()
                .map_err(|_| format!("{name}={value:?} is not a number"))
        };
        let port = number("PORT", "8080")?;
        Ok(Self {
            port: u16::try_from(port).map_err(|_| format!("PORT={port} is not a port"))?,
            data: text("DATA_DIR", "/tmp").into(),
            ingestion: text("INGESTION_URL", "http://127.0.0.1:8080"),
            features: text("FEATURES_URL", "http://127.0.0.1:8080"),
            training: text("TRAINING_URL", "http://127.0.0.1:8080"),
            serving: text("SERVING_URL", "http://127.0.0.1:8080"),
            token: text("TRAINING_TOKEN", ""),
            users: number("USERS", "40")?,
            release: std::fs::read_to_string("/etc/movies-release")
                .unwrap_or_else(|_| "dev".into()),
        })
    }
}
