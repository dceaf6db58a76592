//! Names that live outside the data directory, all derived from it: several instances on one
//! machine never meet.

use std::path::Path;

use sha2::{Digest, Sha256};

/// One instance of Kedge on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Eight hex digits.
    pub id: String,
    /// Spreads instances over what they choose from.
    pub(super) seed: u8,
}

impl Instance {
    /// The instance that keeps its state in `data_dir`, an absolute path.
    pub fn of(data_dir: &Path) -> Self {
        let digest = Sha256::digest(data_dir.as_os_str().as_encoded_bytes());
        let id = digest[..4].iter().map(|byte| format!("{byte:02x}"));
        Self {
            id: id.collect(),
            seed: digest[0],
        }
    }

    /// The bridge of a node's pods. Interface names have at most 15 characters.
    pub fn pod_bridge(&self) -> String {
        format!("kp{}", self.id)
    }

    /// The bridge of the nodes.
    pub fn node_bridge(&self) -> String {
        format!("kn{}", self.id)
    }

    /// Devices of the machine that hold the instance's ranges.
    pub(super) fn devices(&self) -> [String; 2] {
        [self.pod_bridge(), self.node_bridge()]
    }

    /// The host's end of a node's cable.
    pub fn cable(&self, node: u8) -> String {
        format!("kv{}-{node}", self.id)
    }

    pub fn namespace(&self, node: u8) -> String {
        format!("kedge-{}-{node}", self.id)
    }

    pub fn nft_table(&self) -> String {
        format!("kedge_{}", self.id)
    }

    /// Parent of all pod cgroups of a node.
    pub fn cgroup(&self, node: u8) -> String {
        format!("/kedge-{}/{node}", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_and_differ() {
        let (a, b) = (
            Instance::of(Path::new("/srv/a/.kedge")),
            Instance::of(Path::new("/srv/b/.kedge")),
        );
        assert_ne!(a, b);
        assert_ne!(a.nft_table(), b.nft_table());
        for name in [a.pod_bridge(), a.node_bridge(), a.cable(250)] {
            assert!(name.len() <= 15, "{name}");
        }
    }
}
