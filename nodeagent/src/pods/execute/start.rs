//! Starts one container. Whatever stops it becomes the reason its status shows.

use std::time::Duration;

use api::k8s::core::v1 as core;
use client::EventType;

use super::image::NotStarted;
use super::{Job, PodView};
use crate::build::{Inputs, container_config};
use crate::environment::{Missing, Sources, environment, references};
use crate::host::MountRequest;
use crate::pods::memory::{Note, Retry};
use crate::pods::spec;
use crate::report::report;
use crate::runtime::{ContainerConfig, ContainerId};

const BAD_CONFIG: &str = "CreateContainerConfigError";

impl Job {
    pub(super) async fn start(&self, name: &str, attempt: u32, delay: Option<Duration>) {
        let Some(view) = &self.pod else {
            return;
        };
        let Some((_, container)) = spec::container(&view.pod, name) else {
            return;
        };
        match self.try_start(view, container, attempt, delay).await {
            Ok(id) => {
                self.note(Note::Started {
                    container: name.to_owned(),
                })
                .await;
                self.event(
                    EventType::Normal,
                    "Started",
                    &format!("Started container {name}"),
                );
                self.post_start(view, container, &id).await;
            }
            Err(failure) => {
                let text = format!("Error: {}", failure.message);
                if failure.reason != "ErrImagePull" {
                    self.event(EventType::Warning, "Failed", &text);
                }
                self.note(failure.note(name)).await;
            }
        }
    }

    async fn try_start(
        &self,
        view: &PodView,
        container: &core::Container,
        attempt: u32,
        delay: Option<Duration>,
    ) -> Result<ContainerId, NotStarted> {
        let sandbox = self.record.ready_sandbox().ok_or_else(|| {
            NotStarted::new(
                "CreateContainerError",
                "the pod has no sandbox",
                Retry::Soon,
            )
        })?;
        let (image, reference) = self.image(view, container).await?;
        let sources = self.sources(view).await?;
        let variables =
            environment(&view.pod, container, &sources).map_err(|missing| bad_config(&missing))?;
        let addresses = self.shared.addresses(&view.pod, &self.record);
        let volumes = self
            .volumes(view)
            .await
            .map_err(|message| NotStarted::new(BAD_CONFIG, message, Retry::Soon))?;
        let request = MountRequest {
            volumes: &volumes,
            attempt,
            addresses: &addresses,
            variables: &variables,
        };
        let host = &self.shared.host;
        let mounts = host.mounts(&view.pod, container, &request).await;
        let mounts =
            mounts.map_err(|error| NotStarted::new(BAD_CONFIG, report(&error), Retry::Soon))?;
        let message = self
            .shared
            .paths
            .termination_message(&self.uid, &container.name, attempt);
        let inputs = Inputs {
            attempt,
            delay,
            image: &image,
            reference: &reference,
            environment: variables,
            mounts,
            termination_message: &message,
            node_memory: self.shared.node.memory_capacity,
        };
        let config = container_config(&view.pod, container, inputs)
            .map_err(|refused| NotStarted::new(BAD_CONFIG, refused.to_string(), Retry::Soon))?;
        self.create_and_start(view, &sandbox.id, sandbox.attempt, &config)
            .await
    }

    async fn create_and_start(
        &self,
        view: &PodView,
        sandbox: &crate::runtime::SandboxId,
        sandbox_attempt: u32,
        config: &ContainerConfig,
    ) -> Result<ContainerId, NotStarted> {
        let runtime = &self.shared.runtime;
        let sandbox_config = self.sandbox_config(view, sandbox_attempt);
        let id = runtime
            .create_container(sandbox, config, &sandbox_config)
            .await
            .map_err(|error| {
                NotStarted::new("CreateContainerError", report(&error), Retry::Soon)
            })?;
        self.event(
            EventType::Normal,
            "Created",
            &format!("Created container: {}", config.name),
        );
        if has_post_start(view, &config.name) {
            self.note(Note::PostStarting(id.clone())).await;
        }
        match runtime.start_container(&id).await {
            Ok(()) => Ok(id),
            Err(error) => Err(NotStarted::new(
                "RunContainerError",
                report(&error),
                Retry::Soon,
            )),
        }
    }

    /// What the environment of the pod's containers is made from.
    async fn sources(&self, view: &PodView) -> Result<Sources, NotStarted> {
        let namespace = spec::namespace(&view.pod);
        let objects = self
            .shared
            .collector
            .objects(namespace, &references(&view.pod))
            .await;
        let objects =
            objects.map_err(|error| NotStarted::new(BAD_CONFIG, report(&error), Retry::Soon))?;
        let mut services = self.shared.services.in_namespace(namespace);
        if namespace != "default" {
            services.extend(self.shared.services.find("default", "kubernetes"));
        }
        Ok(Sources {
            objects,
            services,
            downward: self.shared.downward(&view.pod, &self.record),
        })
    }
}

fn bad_config(missing: &Missing) -> NotStarted {
    NotStarted::new(BAD_CONFIG, report(missing), Retry::Soon)
}

fn has_post_start(view: &PodView, name: &str) -> bool {
    spec::container(&view.pod, name)
        .and_then(|(_, container)| container.lifecycle.as_ref())
        .is_some_and(|lifecycle| lifecycle.post_start.is_some())
}
