//! Which repository is followed, and with which keys: the flags of it.

use std::path::{Path, PathBuf};

use clap::Args;

use api::kinds::VerifyMode;
use client::Env;
use reconciler::config::{Config, RepositoryConfig};
use reconciler::source::{self, Keyring, Probe, SigningKey, Trust, Wish};

use crate::Usage;

#[derive(Args, Clone)]
#[group(skip)]
pub(crate) struct Arguments {
    /// Watch this Git repository instead of the hosted one (https, ssh, path or bare repository)
    #[arg(long, env = "KEDGE_REPO", value_name = "URL", hide_env_values = true)]
    pub(crate) repo: Option<String>,
    /// How to sign in to it: a directory with files as in a Secret (username and password,
    /// bearerToken, ca.crt, tls.crt and tls.key, identity, and `known_hosts`)
    #[arg(long, env = "KEDGE_REPO_CREDENTIALS", value_name = "DIR")]
    repo_credentials: Option<PathBuf>,
    /// What opens files encrypted with SOPS: a file of age keys, one a line, or a directory
    /// of such files; only their owner may read them
    #[arg(long, env = "KEDGE_SOPS_AGE_KEY_FILE", value_name = "PATH")]
    sops_age_key_file: Option<PathBuf>,
    /// Follow only commits that are signed with one of the keys in this directory: armored OpenPGP
    /// keys, and lines of allowed signers as of OpenSSH
    #[arg(long, env = "KEDGE_TRUSTED_KEYS", value_name = "DIR")]
    trusted_keys: Option<PathBuf>,
    /// Which commits must be signed, with --trusted-keys
    #[arg(long, env = "KEDGE_VERIFY", value_enum, default_value_t = Signed::Head)]
    verify: Signed,
    /// Sign Kedge's own commits, rollbacks, with this SSH private key, which has no passphrase and
    /// which only its owner may read
    #[arg(long, env = "KEDGE_SIGNING_KEY", value_name = "FILE")]
    signing_key: Option<PathBuf>,
    /// The branch to follow
    #[arg(
        long,
        env = "KEDGE_BRANCH",
        default_value = "main",
        value_name = "BRANCH"
    )]
    branch: String,
    /// The directory of the repository that holds `apps/`
    #[arg(long, env = "KEDGE_PATH", default_value = ".", value_name = "PATH")]
    path: String,
}

/// Which commits must be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Signed {
    /// The newest
    Head,
    /// Every new one
    Commits,
}

impl Arguments {
    /// Whether everything that is named can be used; with the keys that open encrypted files.
    pub(crate) async fn check(&self, data_dir: &Path) -> Result<Keyring, Usage> {
        let keys = keyring(self.sops_age_key_file.as_deref())?;
        self.trusted()?;
        self.signing()?;
        self.can_be_followed(data_dir).await?;
        Ok(keys)
    }

    /// The same, as the reconciler is told it.
    pub(crate) fn config(&self, seed: Option<PathBuf>, others: Config) -> Config {
        let repository = match &self.repo {
            Some(url) => RepositoryConfig::Remote {
                url: url.clone(),
                credentials: self.repo_credentials.clone(),
            },
            None => RepositoryConfig::Hosted { seed },
        };
        let mode = match self.verify {
            Signed::Head => VerifyMode::Head,
            Signed::Commits => VerifyMode::Commits,
        };
        let trusted_keys = self.trusted_keys.clone();
        Config {
            trusted_keys: trusted_keys.map(|directory| (directory, mode)),
            signing_key: self.signing_key.clone().map(SigningKey::new),
            repository,
            branch: self.branch.clone(),
            path: self.path.clone(),
            ..others
        }
    }

    fn trusted(&self) -> Result<(), Usage> {
        let read = self.trusted_keys.as_deref().map(Trust::from_directory);
        read.transpose().map(drop).map_err(|error| {
            Usage(format!(
                "--trusted-keys: {}; it takes a directory with armored OpenPGP keys and allowed \
                 signers",
                told(&error)
            ))
        })
    }

    fn signing(&self) -> Result<(), Usage> {
        let read = self.signing_key.as_deref().map(SigningKey::check);
        read.transpose().map(drop).map_err(|error| {
            Usage(format!(
                "--signing-key: {error}; it takes the file of an SSH private key"
            ))
        })
    }

    /// What can be known of the repository before anything is started. One that was followed before
    /// may be away for a while: the cluster is kept as it was last.
    async fn can_be_followed(&self, data_dir: &Path) -> Result<(), Usage> {
        let Some(url) = &self.repo else {
            return Ok(());
        };
        let wish = Wish {
            url,
            credentials: self.repo_credentials.as_deref(),
            branch: &self.branch,
            root: &self.path,
        };
        match source::probe(&wish, data_dir, &Env::system()).await {
            Ok(Probe::Fine) => Ok(()),
            Ok(Probe::Away(error)) => {
                let error = told(&error);
                tracing::warn!(error, "goes on with what was fetched before");
                Ok(())
            }
            Err(error) => Err(Usage(format!(
                "cannot follow the repository: {}",
                told(&error)
            ))),
        }
    }
}

/// What failed, why, and what to do.
fn told(error: &source::Error) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    let advice = match error.advice() {
        "" => String::new(),
        advice => format!("; {advice}"),
    };
    format!("{error}{}{advice}", cause.unwrap_or_default())
}

/// Keys that cannot be used are said at once.
pub(crate) fn keyring(path: Option<&Path>) -> Result<Keyring, Usage> {
    let keys = Keyring::new(path.map(Path::to_owned));
    let read = keys.read();
    read.map_err(|error| Usage(format!(
            "--sops-age-key-file: {error}; it takes a file of age keys, or a directory of such files"
        )))?;
    Ok(keys)
}
