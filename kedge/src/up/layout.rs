//! Where an instance keeps its things.

use std::io;
use std::path::{Path, PathBuf};

use crate::data_dir::DataDir;

/// The files and directories below the data directory.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// Absolute, without symbolic links: names outside are derived from it.
    pub(crate) root: PathBuf,
}

impl Layout {
    /// The directory that was named, made where it is missing.
    ///
    /// # Errors
    /// It cannot be made; the message says what to do.
    pub(crate) fn make(directory: &DataDir) -> anyhow::Result<Self> {
        let path = &directory.path;
        Self::create(path).map_err(|error| {
            let why = match error.kind() {
                // Of `mkdir`: a file has the name.
                io::ErrorKind::AlreadyExists => "it is a file".to_owned(),
                _ => error.to_string(),
            };
            anyhow::anyhow!(
                "cannot use the data directory {}: {why}; --data-dir names another",
                path.display()
            )
        })
    }

    /// Makes the directory where it is missing.
    pub(crate) fn create(root: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(root)?;
        let layout = Self {
            root: root.canonicalize()?,
        };
        for directory in [
            layout.logs(),
            layout.images(),
            layout.root.join("nodes"),
            layout.root.join("git"),
        ] {
            std::fs::create_dir_all(directory)?;
        }
        Ok(layout)
    }

    /// An instance that is there already.
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        Ok(Self {
            root: root.canonicalize()?,
        })
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    pub(crate) fn images(&self) -> PathBuf {
        self.root.join("images")
    }

    pub(crate) fn pki(&self) -> PathBuf {
        self.root.join("pki")
    }

    pub(crate) fn postgres(&self) -> PathBuf {
        self.root.join("postgres")
    }

    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.root.join("kubeconfig")
    }

    pub(crate) fn admin_token(&self) -> PathBuf {
        self.root.join("admin-token")
    }

    /// What forges sign their messages with.
    pub(crate) fn webhook_secret(&self) -> PathBuf {
        self.root.join("webhook-secret")
    }

    /// Encrypts Secrets in the database; never in it.
    pub(crate) fn encryption_key(&self) -> PathBuf {
        self.root.join("encryption-key")
    }

    pub(crate) fn endpoints(&self) -> PathBuf {
        self.root.join("endpoints.json")
    }

    /// Holds the link that signs a browser in, once.
    pub(crate) fn sign_in(&self) -> PathBuf {
        self.root.join("sign-in-link")
    }

    pub(crate) fn reconciler_kubeconfig(&self) -> PathBuf {
        self.root.join("reconciler.kubeconfig")
    }

    /// What this machine joined an instance with, where it is a node of one on another machine.
    pub(crate) fn join(&self) -> PathBuf {
        self.root.join("join.json")
    }

    /// Which other machines are nodes of this instance.
    pub(crate) fn machines(&self) -> PathBuf {
        self.root.join("machines.json")
    }

    pub(crate) fn node(&self, node: u8) -> PathBuf {
        self.named_node(&node_name(node))
    }

    pub(crate) fn named_node(&self, name: &str) -> PathBuf {
        self.root.join("nodes").join(name)
    }

    pub(crate) fn node_kubeconfig(&self, node: u8) -> PathBuf {
        self.node(node).join("kubeconfig")
    }
}

/// The name of a node in the cluster.
pub(crate) fn node_name(node: u8) -> String {
    format!("node-{node}")
}
