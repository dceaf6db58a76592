//! The cgroups of pods: the runtime makes those of containers, but neither limits nor removes
//! their parents.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use api::Uid;

use crate::runtime::Resources;

/// Where cgroups live on this machine.
#[derive(Debug, Clone)]
pub(crate) struct Cgroups {
    mount: PathBuf,
    /// `/kedge-1a2b/1`: the parent of all pods of this node.
    root: String,
}

impl Cgroups {
    pub(crate) fn new(root: &str) -> Self {
        Self {
            mount: PathBuf::from("/sys/fs/cgroup"),
            root: format!("/{}", root.trim_matches('/')),
        }
    }

    /// The parent of a pod's containers, as the runtime is told.
    pub(crate) fn of_pod(&self, pod: &Uid) -> String {
        format!("{}/pod{pod}", self.root)
    }

    /// Makes the pod's cgroup and limits it as a whole.
    pub(crate) fn prepare(&self, pod: &Uid, resources: &Resources) -> io::Result<()> {
        let path = self.of_pod(pod);
        if self.is_unified() {
            self.prepare_unified(&path, resources)
        } else {
            self.prepare_hierarchies(&path, resources)
        }
    }

    /// The most memory that the pod held as a whole, in bytes; kernels before 5.19 do not say in
    /// the unified hierarchy.
    pub(crate) fn memory_peak(&self, pod: &Uid) -> Option<u64> {
        let path = self.of_pod(pod);
        let path = path.trim_start_matches('/');
        let file = if self.is_unified() {
            self.mount.join(path).join("memory.peak")
        } else {
            let memory = self.mount.join("memory").join(path);
            memory.join("memory.max_usage_in_bytes")
        };
        fs::read_to_string(file).ok()?.trim().parse().ok()
    }

    /// Removes the pod's cgroup from every hierarchy. One that still holds processes stays, and
    /// is an error.
    pub(crate) fn remove(&self, pod: &Uid) -> io::Result<()> {
        let path = self.of_pod(pod);
        for hierarchy in self.hierarchies()? {
            remove_below(&hierarchy.join(path.trim_start_matches('/')))?;
        }
        Ok(())
    }

    fn is_unified(&self) -> bool {
        self.mount.join("cgroup.controllers").exists()
    }

    /// The unified one, or every directory below the mount point (links name some twice).
    fn hierarchies(&self) -> io::Result<Vec<PathBuf>> {
        if self.is_unified() {
            return Ok(vec![self.mount.clone()]);
        }
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.mount)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                found.push(entry.path());
            }
        }
        Ok(found)
    }

    fn prepare_hierarchies(&self, path: &str, resources: &Resources) -> io::Result<()> {
        let cpu = self.mount.join("cpu");
        if cpu.exists() {
            let cgroup = cpu.join(path.trim_start_matches('/'));
            fs::create_dir_all(&cgroup)?;
            fs::write(cgroup.join("cpu.shares"), resources.cpu_shares.to_string())?;
            if resources.cpu_quota > 0 {
                fs::write(
                    cgroup.join("cpu.cfs_period_us"),
                    resources.cpu_period.to_string(),
                )?;
                fs::write(
                    cgroup.join("cpu.cfs_quota_us"),
                    resources.cpu_quota.to_string(),
                )?;
            }
        }
        let memory = self.mount.join("memory");
        if memory.exists() && resources.memory_limit > 0 {
            let cgroup = memory.join(path.trim_start_matches('/'));
            fs::create_dir_all(&cgroup)?;
            let limit = resources.memory_limit.to_string();
            fs::write(cgroup.join("memory.limit_in_bytes"), limit)?;
        }
        Ok(())
    }

    fn prepare_unified(&self, path: &str, resources: &Resources) -> io::Result<()> {
        let mut cgroup = self.mount.clone();
        for part in path.trim_matches('/').split('/') {
            // A parent hands its controllers down before a child can use them.
            fs::write(cgroup.join("cgroup.subtree_control"), "+cpu +memory +pids")?;
            cgroup.push(part);
            fs::create_dir_all(&cgroup)?;
        }
        fs::write(
            cgroup.join("cpu.weight"),
            weight(resources.cpu_shares).to_string(),
        )?;
        if resources.cpu_quota > 0 {
            let limit = format!("{} {}", resources.cpu_quota, resources.cpu_period);
            fs::write(cgroup.join("cpu.max"), limit)?;
        }
        if resources.memory_limit > 0 {
            fs::write(
                cgroup.join("memory.max"),
                resources.memory_limit.to_string(),
            )?;
        }
        Ok(())
    }
}

/// Shares (2 to 262144) as a weight (1 to 10000), as the runtimes convert them.
fn weight(shares: i64) -> i64 {
    1 + (shares.clamp(2, 262_144) - 2) * 9999 / 262_142
}

fn remove_below(path: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_below(&entry.path())?;
        }
    }
    match fs::remove_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_root_and_weights_the_shares() {
        let cgroups = Cgroups::new("kedge-1/2/");
        assert_eq!(cgroups.of_pod(&Uid("u".into())), "/kedge-1/2/podu");
        for (shares, expected) in [(2, 1), (1024, 39), (262_144, 10_000)] {
            assert_eq!(weight(shares), expected, "{shares}");
        }
    }

    #[test]
    fn both_kinds_of_hierarchy_tell_the_peak() {
        let mount = std::env::temp_dir().join(format!("kedge-peak-{}", std::process::id()));
        let cgroups = Cgroups {
            mount: mount.clone(),
            ..Cgroups::new("k")
        };
        let pod = Uid("u".into());
        let write = |path: &str, text: &str| {
            let path = mount.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("memory/k/podu/memory.max_usage_in_bytes", "1024\n");
        assert_eq!(cgroups.memory_peak(&pod), Some(1024));
        write("cgroup.controllers", "memory");
        assert_eq!(cgroups.memory_peak(&pod), None);
        write("k/podu/memory.peak", "4096\n");
        assert_eq!(cgroups.memory_peak(&pod), Some(4096));
        fs::remove_dir_all(&mount).unwrap();
    }
}
