//! [`Runtime`] over CRI.

use std::path::{Path, PathBuf};
use std::time::Duration;

use api::Uid;
use async_trait::async_trait;
use client::Tasks;
use futures::FutureExt;
use futures::future::try_join_all;
use futures::stream::BoxStream;
use k8s_cri::v1 as cri;
use k8s_cri::v1::image_service_client::ImageServiceClient;
use k8s_cri::v1::runtime_service_client::RuntimeServiceClient;
use tonic::transport::Channel;

use super::call::{LONG, PULL, SHORT, call, channel, complete, unless_gone};
use super::{convert, events, read};
use crate::pods::names;
use crate::runtime::{
    Container, ContainerConfig, ContainerId, Credentials, Error, ExecEndpoint, ExecOutput,
    ExecRequest, Image, Listing, PodRecord, Runtime, RuntimeStatus, Sandbox, SandboxConfig,
    SandboxId, Usage, Version,
};

/// Answers are lists of everything a node has; the default of 4 MiB is soon too small.
const MAX_MESSAGE: usize = 16 << 20;

/// A container runtime behind a Unix socket.
pub struct Cri {
    runtime: RuntimeServiceClient<Channel>,
    images: ImageServiceClient<Channel>,
    socket: PathBuf,
    /// What goes on without its caller.
    tasks: Tasks,
}

impl Cri {
    /// Does not wait for the runtime: calls fail until it answers.
    pub fn connect(socket: &Path, tasks: &Tasks) -> Result<Self, Error> {
        if !socket.is_absolute() {
            return Err(Error::Connect {
                address: socket.display().to_string(),
                detail: "not an absolute path".into(),
            });
        }
        let channel = channel(socket);
        Ok(Self {
            runtime: RuntimeServiceClient::new(channel.clone())
                .max_decoding_message_size(MAX_MESSAGE),
            images: ImageServiceClient::new(channel).max_decoding_message_size(MAX_MESSAGE),
            socket: socket.to_owned(),
            tasks: tasks.clone(),
        })
    }

    fn runtime(&self) -> RuntimeServiceClient<Channel> {
        self.runtime.clone()
    }

    fn images(&self) -> ImageServiceClient<Channel> {
        self.images.clone()
    }

    async fn list_sandboxes(
        &self,
        filter: Option<cri::PodSandboxFilter>,
    ) -> Result<Vec<Sandbox>, Error> {
        let request = cri::ListPodSandboxRequest { filter };
        let answer = call(
            "list sandboxes",
            SHORT,
            self.runtime().list_pod_sandbox(request),
        )
        .await?;
        Ok(answer.items.into_iter().filter_map(read::sandbox).collect())
    }

    async fn list_containers(
        &self,
        filter: Option<cri::ContainerFilter>,
    ) -> Result<Vec<Container>, Error> {
        let request = cri::ListContainersRequest { filter };
        let answer = call(
            "list containers",
            SHORT,
            self.runtime().list_containers(request),
        )
        .await?;
        Ok(answer
            .containers
            .into_iter()
            .filter_map(read::container)
            .collect())
    }

    /// `None`: it went away in between.
    async fn sandbox_status(&self, id: &SandboxId) -> Result<Option<Sandbox>, Error> {
        let request = cri::PodSandboxStatusRequest {
            pod_sandbox_id: id.0.clone(),
            verbose: false,
        };
        let answer = call(
            "look at a sandbox",
            SHORT,
            self.runtime().pod_sandbox_status(request),
        )
        .await;
        match answer {
            Ok(answer) => Ok(answer.status.and_then(read::sandbox_status)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// `None`: it went away in between.
    async fn container_status(&self, listed: Container) -> Result<Option<Container>, Error> {
        let request = cri::ContainerStatusRequest {
            container_id: listed.id.0.clone(),
            verbose: false,
        };
        let answer = call(
            "look at a container",
            SHORT,
            self.runtime().container_status(request),
        )
        .await;
        match answer {
            Ok(answer) => Ok(answer
                .status
                .map(|status| read::container_status(listed, status))),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl Runtime for Cri {
    async fn version(&self) -> Result<Version, Error> {
        let request = cri::VersionRequest::default();
        let answer = call("tell its version", SHORT, self.runtime().version(request)).await?;
        Ok(Version {
            name: answer.runtime_name,
            version: answer.runtime_version.trim_start_matches('v').to_owned(),
        })
    }

    async fn status(&self) -> Result<RuntimeStatus, Error> {
        let request = cri::StatusRequest { verbose: false };
        let answer = call("tell its status", SHORT, self.runtime().status(request)).await?;
        Ok(read::status(answer.status))
    }

    async fn list(&self) -> Result<Listing, Error> {
        Ok(Listing {
            sandboxes: self.list_sandboxes(None).await?,
            containers: self.list_containers(None).await?,
        })
    }

    async fn inspect(&self, pod: &Uid) -> Result<PodRecord, Error> {
        let selector = || {
            [(names::POD_UID.to_owned(), pod.0.clone())]
                .into_iter()
                .collect()
        };
        let sandboxes = self.list_sandboxes(Some(cri::PodSandboxFilter {
            label_selector: selector(),
            ..cri::PodSandboxFilter::default()
        }));
        let containers = self.list_containers(Some(cri::ContainerFilter {
            label_selector: selector(),
            ..cri::ContainerFilter::default()
        }));
        let (sandboxes, containers) = (sandboxes.await?, containers.await?);
        let sandboxes = try_join_all(sandboxes.iter().map(|s| self.sandbox_status(&s.id))).await?;
        let containers =
            try_join_all(containers.into_iter().map(|c| self.container_status(c))).await?;
        let mut record = PodRecord {
            sandboxes: sandboxes.into_iter().flatten().collect(),
            containers: containers.into_iter().flatten().collect(),
        };
        record
            .sandboxes
            .sort_by_key(|s| std::cmp::Reverse((s.created_at, s.attempt)));
        record
            .containers
            .sort_by_key(|c| std::cmp::Reverse((c.created_at, c.attempt)));
        Ok(record)
    }

    async fn usage(&self) -> Result<Vec<Usage>, Error> {
        let request = cri::ListContainerStatsRequest { filter: None };
        let mut runtime = self.runtime();
        let asked = runtime.list_container_stats(request);
        let answer = call("measure containers", SHORT, asked).await?;
        Ok(answer.stats.into_iter().filter_map(read::usage).collect())
    }

    async fn run_sandbox(&self, config: &SandboxConfig) -> Result<SandboxId, Error> {
        let request = cri::RunPodSandboxRequest {
            config: Some(convert::sandbox(config)),
            runtime_handler: String::new(),
        };
        let mut runtime = self.runtime();
        let answer = async move { runtime.run_pod_sandbox(request).await }.boxed();
        let answer = complete(&self.tasks, "run a sandbox", LONG, answer).await?;
        Ok(SandboxId(answer.pod_sandbox_id))
    }

    async fn stop_sandbox(&self, id: &SandboxId) -> Result<(), Error> {
        let request = cri::StopPodSandboxRequest {
            pod_sandbox_id: id.0.clone(),
        };
        unless_gone(
            call(
                "stop a sandbox",
                LONG,
                self.runtime().stop_pod_sandbox(request),
            )
            .await,
        )
    }

    async fn remove_sandbox(&self, id: &SandboxId) -> Result<(), Error> {
        let request = cri::RemovePodSandboxRequest {
            pod_sandbox_id: id.0.clone(),
        };
        unless_gone(
            call(
                "remove a sandbox",
                LONG,
                self.runtime().remove_pod_sandbox(request),
            )
            .await,
        )
    }

    async fn create_container(
        &self,
        sandbox: &SandboxId,
        config: &ContainerConfig,
        sandbox_config: &SandboxConfig,
    ) -> Result<ContainerId, Error> {
        let log = sandbox_config.log_directory.join(&config.log_path);
        if let Some(directory) = log.parent() {
            // The runtime does not make it. Where this fails, so does its own attempt to write,
            // and it says so better.
            let _ = tokio::fs::create_dir_all(directory).await;
        }
        let request = cri::CreateContainerRequest {
            pod_sandbox_id: sandbox.0.clone(),
            config: Some(convert::container(config)),
            sandbox_config: Some(convert::sandbox(sandbox_config)),
        };
        let mut runtime = self.runtime();
        let answer = async move { runtime.create_container(request).await }.boxed();
        let answer = complete(&self.tasks, "create a container", LONG, answer).await?;
        Ok(ContainerId(answer.container_id))
    }

    async fn start_container(&self, id: &ContainerId) -> Result<(), Error> {
        let request = cri::StartContainerRequest {
            container_id: id.0.clone(),
        };
        let mut runtime = self.runtime();
        let answer = async move { runtime.start_container(request).await }.boxed();
        complete(&self.tasks, "start a container", LONG, answer)
            .await
            .map(drop)
    }

    async fn stop_container(&self, id: &ContainerId, grace: Duration) -> Result<(), Error> {
        let request = cri::StopContainerRequest {
            container_id: id.0.clone(),
            timeout: i64::try_from(grace.as_secs()).unwrap_or(i64::MAX),
        };
        let limit = grace.saturating_add(LONG);
        unless_gone(
            call(
                "stop a container",
                limit,
                self.runtime().stop_container(request),
            )
            .await,
        )
    }

    async fn remove_container(&self, id: &ContainerId) -> Result<(), Error> {
        let request = cri::RemoveContainerRequest {
            container_id: id.0.clone(),
        };
        unless_gone(
            call(
                "remove a container",
                LONG,
                self.runtime().remove_container(request),
            )
            .await,
        )
    }

    async fn reopen_log(&self, id: &ContainerId) -> Result<(), Error> {
        let request = cri::ReopenContainerLogRequest {
            container_id: id.0.clone(),
        };
        call(
            "reopen a log",
            SHORT,
            self.runtime().reopen_container_log(request),
        )
        .await
        .map(|_| ())
    }

    async fn exec_sync(
        &self,
        id: &ContainerId,
        command: &[String],
        timeout: Duration,
    ) -> Result<ExecOutput, Error> {
        let request = cri::ExecSyncRequest {
            container_id: id.0.clone(),
            cmd: command.to_vec(),
            timeout: i64::try_from(timeout.as_secs().max(1)).unwrap_or(i64::MAX),
        };
        let limit = timeout.saturating_add(SHORT);
        let answer = call("run a command", limit, self.runtime().exec_sync(request)).await?;
        Ok(ExecOutput {
            exit_code: answer.exit_code,
            stdout: answer.stdout,
            stderr: answer.stderr,
        })
    }

    async fn exec(&self, id: &ContainerId, request: &ExecRequest) -> Result<ExecEndpoint, Error> {
        let request = cri::ExecRequest {
            container_id: id.0.clone(),
            cmd: request.command.clone(),
            tty: request.tty,
            stdin: request.stdin,
            stdout: request.stdout,
            // A terminal has one output.
            stderr: request.stderr && !request.tty,
        };
        let answer = call("prepare a command", SHORT, self.runtime().exec(request)).await?;
        Ok(ExecEndpoint { url: answer.url })
    }

    async fn image(&self, reference: &str) -> Result<Option<Image>, Error> {
        let request = cri::ImageStatusRequest {
            image: Some(convert::image(reference)),
            verbose: false,
        };
        let answer = call(
            "look at an image",
            SHORT,
            self.images().image_status(request),
        )
        .await?;
        Ok(answer.image.map(read::image))
    }

    async fn images(&self) -> Result<Vec<Image>, Error> {
        let request = cri::ListImagesRequest { filter: None };
        let answer = call("list images", SHORT, self.images().list_images(request)).await?;
        Ok(answer.images.into_iter().map(read::image).collect())
    }

    async fn pull_image(
        &self,
        reference: &str,
        credentials: Option<&Credentials>,
        sandbox: &SandboxConfig,
    ) -> Result<(), Error> {
        let auth = credentials.map(|credentials| cri::AuthConfig {
            username: credentials.user.clone(),
            password: credentials.password.clone(),
            identity_token: credentials.identity_token.clone(),
            ..cri::AuthConfig::default()
        });
        let request = cri::PullImageRequest {
            image: Some(convert::image(reference)),
            auth,
            sandbox_config: Some(convert::sandbox(sandbox)),
        };
        call("pull an image", PULL, self.images().pull_image(request))
            .await
            .map(|_| ())
    }

    async fn events(&self) -> Result<BoxStream<'static, ()>, Error> {
        events::events(&self.socket).await
    }
}
