//! Where things of a pod are on this machine.

use std::path::{Path, PathBuf};

use api::Uid;

/// The paths below one agent's data directory.
#[derive(Debug, Clone)]
pub(crate) struct PodPaths {
    pods: PathBuf,
    logs: PathBuf,
}

impl PodPaths {
    pub(crate) fn new(data_dir: &Path) -> Self {
        Self {
            pods: data_dir.join("pods"),
            logs: data_dir.join("logs"),
        }
    }

    /// Everything of one pod but its logs.
    pub(crate) fn pod(&self, uid: &Uid) -> PathBuf {
        self.pods.join(&uid.0)
    }

    /// `kind` keeps volumes of different kinds apart that follow each other under one name.
    pub(crate) fn volume(&self, uid: &Uid, kind: &str, name: &str) -> PathBuf {
        self.pod(uid).join("volumes").join(kind).join(name)
    }

    pub(crate) fn hosts(&self, uid: &Uid) -> PathBuf {
        self.pod(uid).join("etc-hosts")
    }

    /// Where one attempt of a container leaves its last words.
    pub(crate) fn termination_message(&self, uid: &Uid, container: &str, attempt: u32) -> PathBuf {
        let containers = self.pod(uid).join("containers");
        containers
            .join(container)
            .join(format!("{attempt}.message"))
    }

    /// The logs of all containers of a pod.
    pub(crate) fn logs(&self, namespace: &str, name: &str, uid: &Uid) -> PathBuf {
        self.logs.join(format!("{namespace}_{name}_{uid}"))
    }

    pub(crate) fn all_logs(&self) -> &Path {
        &self.logs
    }
}
