//! Where a node's containerd keeps its things, and the file that tells it so. Pure.

use std::path::{Path, PathBuf};

/// Where containerd finds the programs that give pods their network.
pub const PLUGINS: &str = "/usr/lib/cni";

/// The directories of one node's containerd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    pub directory: PathBuf,
}

impl Layout {
    pub fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
        }
    }

    /// At most 107 bytes: the kernel's limit for a socket's path.
    pub fn socket(&self) -> PathBuf {
        self.directory.join("containerd.sock")
    }

    pub fn config_file(&self) -> PathBuf {
        self.directory.join("config.toml")
    }

    pub fn cni_config(&self) -> PathBuf {
        self.directory.join("cni/net.d/10-kedge.conflist")
    }

    pub fn cni_addresses(&self) -> PathBuf {
        self.directory.join("cni/addresses")
    }

    pub fn log(&self) -> PathBuf {
        self.directory.join("containerd.log")
    }

    pub fn state(&self) -> PathBuf {
        self.directory.join("state")
    }
}

/// Version 2 of the format, which containerd 1.6, 1.7 and 2 read.
pub fn config(layout: &Layout, sandbox_image: &str, runc: &Path) -> String {
    let directory = layout.directory.display();
    let (socket, runc) = (layout.socket(), runc.display());
    let socket = socket.display();
    format!(
        r#"# Written by kedge at every start; changes are lost.
version = 2
root = "{directory}/root"
state = "{directory}/state"
disabled_plugins = ["io.containerd.internal.v1.tracing", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper"]
[grpc]
  address = "{socket}"
[ttrpc]
  address = "{socket}.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
  path = "{directory}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{sandbox_image}"
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  netns_mounts_under_state_dir = true
  # Machines without CAP_SYS_RESOURCE cannot lower a score; without this no sandbox starts there.
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{PLUGINS}"
    conf_dir = "{directory}/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{directory}/certs.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        BinaryName = "{runc}"
        Root = "{directory}/state/runc"
        SystemdCgroup = false
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_stays_below_the_directory() {
        let text = config(
            &Layout::new(Path::new("/srv/n1")),
            "kedge.local/pause:1",
            Path::new("/usr/sbin/runc"),
        );
        let paths = text
            .lines()
            .filter(|line| line.contains("= \"/"))
            .filter(|line| !line.contains("/srv/n1"));
        let outside: Vec<&str> = paths.map(str::trim).collect();
        assert_eq!(
            outside,
            [
                "bin_dir = \"/usr/lib/cni\"",
                "BinaryName = \"/usr/sbin/runc\""
            ]
        );
    }
}
