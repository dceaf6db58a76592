//! The real machine.

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use api::Uid;
use api::k8s::core::v1 as core;
use async_trait::async_trait;
use client::Env;

use super::mounts::{mounts, volume_path};
use super::{Cgroups, Error, Host, MountRequest, last_words, usage};
use crate::build::resources::pod_resources;
use crate::pods::spec;
use crate::probes::{Check, HttpCheck, Outcome, Prober, call};
use crate::runtime::{Container, ContainerId, Mount};
use crate::usage::NodeUsage;
use crate::volumes::{
    Plan, PodPaths, Source, give_to_group, mount_tmpfs, owner, unmount_below, write_payload,
};

/// Directories, mounts and cgroups of this machine.
pub(crate) struct Machine {
    shared: Arc<Shared>,
}

struct Shared {
    paths: PodPaths,
    cgroups: Cgroups,
    /// `cluster.local`
    domain: String,
    prober: Prober,
    env: Env,
}

impl Machine {
    pub(crate) fn new(
        paths: PodPaths,
        cgroups: Cgroups,
        domain: &str,
        prober: Prober,
        env: Env,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                paths,
                cgroups,
                domain: domain.to_owned(),
                prober,
                env,
            }),
        }
    }

    /// Runs `work`, which waits for disks, where it holds nobody up.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let shared = self.shared.clone();
        tokio::task::spawn_blocking(move || work(&shared))
            .await
            .unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }
}

#[async_trait]
impl Host for Machine {
    async fn prepare(&self, pod: &core::Pod, volumes: &[Plan]) -> Result<(), Error> {
        let uid = spec::uid(pod);
        let paths = &self.shared.paths;
        let logs = paths.logs(spec::namespace(pod), spec::name(pod), &uid);
        make_directory(&logs, 0o755)?;
        make_directory(&paths.pod(&uid), 0o750)?;
        for plan in volumes {
            let in_memory = match &plan.source {
                Source::Memory { limit } => Some(*limit),
                Source::Files {
                    is_secret: true, ..
                } => Some(None),
                _ => None,
            };
            if let Some(limit) = in_memory {
                let path = volume_path(paths, pod, plan);
                make_directory(&path, 0o777)?;
                mount_tmpfs(&path, limit)
                    .await
                    .map_err(|source| failed("mount", &path, source))?;
            }
        }
        let (pod, volumes) = (pod.clone(), volumes.to_vec());
        self.blocking(move |shared| shared.prepare(&pod, &volumes))
            .await
    }

    async fn refresh(&self, pod: &core::Pod, volumes: &[Plan]) -> Result<(), Error> {
        let (pod, volumes) = (pod.clone(), volumes.to_vec());
        self.blocking(move |shared| shared.write_files(&pod, &volumes))
            .await
    }

    async fn mounts(
        &self,
        pod: &core::Pod,
        container: &core::Container,
        request: &MountRequest<'_>,
    ) -> Result<Vec<Mount>, Error> {
        mounts(
            &self.shared.paths,
            &self.shared.domain,
            pod,
            container,
            request,
        )
    }

    async fn last_words(&self, container: &Container) -> String {
        last_words::last_words(container).await
    }

    async fn probe(&self, id: &ContainerId, check: &Check, limit: Duration) -> Outcome {
        self.shared.prober.run(id, check, limit).await
    }

    async fn call(&self, check: &HttpCheck, limit: Duration) -> Result<(), String> {
        call(self.shared.prober.http(), check, limit).await
    }

    async fn usage(&self) -> Option<NodeUsage> {
        let stat = tokio::fs::read_to_string("/proc/stat").await.ok()?;
        let meminfo = tokio::fs::read_to_string("/proc/meminfo").await.ok()?;
        usage::usage(&stat, &meminfo, self.shared.env.now())
    }

    async fn memory_peak(&self, pod: &Uid) -> Option<u64> {
        let pod = pod.clone();
        self.blocking(move |shared| Ok(shared.cgroups.memory_peak(&pod)))
            .await
            .ok()
            .flatten()
    }

    async fn forget_log(&self, container: &Container) {
        if !container.log_path.starts_with(self.shared.paths.all_logs()) {
            return;
        }
        if let Err(error) = tokio::fs::remove_file(&container.log_path).await {
            tracing::debug!(path = %container.log_path.display(), %error, "no log to remove");
        }
    }

    async fn release(&self, pod: &Uid) -> Result<(), Error> {
        let path = self.shared.paths.pod(pod);
        unmount_below(&path)
            .await
            .map_err(|source| failed("unmount", &path, source))?;
        let pod = pod.clone();
        self.blocking(move |shared| shared.release(&pod)).await
    }

    async fn remove_volume(&self, path: &Path) -> Result<(), Error> {
        let path = path.to_owned();
        self.blocking(move |_| remove_directory(&path)).await
    }
}

impl Shared {
    fn prepare(&self, pod: &core::Pod, volumes: &[Plan]) -> Result<(), Error> {
        let uid = spec::uid(pod);
        self.cgroups
            .prepare(&uid, &pod_resources(pod))
            .map_err(|source| failed("limit", Path::new(&self.cgroups.of_pod(&uid)), source))?;
        for plan in volumes {
            let path = volume_path(&self.paths, pod, plan);
            match &plan.source {
                Source::Empty => make_directory(&path, 0o777)?,
                Source::Host { kind, .. } => host_path(&path, kind)?,
                Source::Local { create, .. } => {
                    if *create && !path.exists() {
                        make_directory(&path, 0o777)?;
                    }
                    host_path(&path, "Directory")?;
                }
                Source::Memory { .. } | Source::Files { .. } => {}
            }
            let is_shared = matches!(
                plan.source,
                Source::Empty | Source::Memory { .. } | Source::Local { .. }
            );
            if let Some((group, lazily)) = owner(pod)
                && is_shared
            {
                give_to_group(&path, group, lazily)
                    .map_err(|source| failed("change the group of", &path, source))?;
            }
        }
        self.write_files(pod, volumes)
    }

    fn write_files(&self, pod: &core::Pod, volumes: &[Plan]) -> Result<(), Error> {
        let group = owner(pod).map(|(group, _)| group);
        for plan in volumes {
            if let Source::Files { payload, .. } = &plan.source {
                let path = volume_path(&self.paths, pod, plan);
                let version = self.env.ids.suffix(12);
                write_payload(&path, payload, &version, group)
                    .map_err(|source| failed("write", &path, source))?;
            }
        }
        Ok(())
    }

    fn release(&self, pod: &Uid) -> Result<(), Error> {
        let cgroup = self.cgroups.of_pod(pod);
        self.cgroups
            .remove(pod)
            .map_err(|source| failed("remove", Path::new(&cgroup), source))?;
        remove_directory(&self.paths.pod(pod))?;
        for logs in self.logs_of(pod)? {
            remove_directory(&logs)?;
        }
        Ok(())
    }

    /// By uid, since an orphan's name may be unknown.
    fn logs_of(&self, pod: &Uid) -> Result<Vec<PathBuf>, Error> {
        let root = self.paths.all_logs();
        let suffix = format!("_{pod}");
        match fs::read_dir(root) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(source) => Err(failed("read", root, source)),
            Ok(entries) => Ok(entries
                .filter_map(|entry| Some(entry.ok()?.path()))
                .filter(|path| path.to_string_lossy().ends_with(&suffix))
                .collect()),
        }
    }
}

/// Checks that a path is what its type says, and makes it where the type says that.
fn host_path(path: &Path, kind: &str) -> Result<(), Error> {
    if kind == "DirectoryOrCreate" && !path.exists() {
        return make_directory(path, 0o755);
    }
    if kind == "FileOrCreate" && !path.exists() {
        return fs::write(path, "").map_err(|source| failed("make", path, source));
    }
    let check = |wanted: &'static str, is: fn(&fs::FileType) -> bool| {
        let found = fs::metadata(path).map_err(|source| failed("find", path, source))?;
        if is(&found.file_type()) {
            return Ok(());
        }
        Err(Error::WrongType(path.display().to_string(), wanted))
    };
    match kind {
        "Directory" | "DirectoryOrCreate" => check("a directory", fs::FileType::is_dir),
        "File" | "FileOrCreate" => check("a file", fs::FileType::is_file),
        "Socket" => check("a socket", fs::FileType::is_socket),
        "CharDevice" => check("a character device", fs::FileType::is_char_device),
        "BlockDevice" => check("a block device", fs::FileType::is_block_device),
        // Without a type nothing is checked; the runtime makes what is missing a directory.
        _ => Ok(()),
    }
}

fn make_directory(path: &Path, mode: u32) -> Result<(), Error> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path).map_err(|source| failed("make", path, source))?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .map_err(|source| failed("open up", path, source))
}

fn remove_directory(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other.map_err(|source| failed("remove", path, source)),
    }
}

fn failed(operation: &'static str, path: &Path, source: std::io::Error) -> Error {
    Error::File {
        operation,
        path: path.to_owned(),
        source,
    }
}
