//! Has the image of a container in the local store, or says why not.

use api::k8s::core::v1 as core;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use client::EventType;
use serde_json::Value;

use super::{Job, PodView};
use crate::build::image::{PullPolicy, normalized, pull_policy, registry};
use crate::environment::SECRET;
use crate::pods::memory::{Note, Retry};
use crate::pods::spec::{self, items};
use crate::report::report;
use crate::runtime::{Credentials, Image};

/// Why a container does not start, for its status.
pub(super) struct NotStarted {
    pub reason: &'static str,
    pub message: String,
    pub retry: Retry,
}

impl NotStarted {
    pub(super) fn new(reason: &'static str, message: impl Into<String>, retry: Retry) -> Self {
        Self {
            reason,
            message: message.into(),
            retry,
        }
    }

    pub(super) fn note(self, container: &str) -> Note {
        Note::StartFailed {
            container: container.to_owned(),
            reason: self.reason,
            message: self.message,
            retry: self.retry,
        }
    }
}

impl Job {
    /// The image, and what the store finds it under.
    pub(super) async fn image(
        &self,
        view: &PodView,
        container: &core::Container,
    ) -> Result<(Image, String), NotStarted> {
        let written = container.image.as_deref().unwrap_or_default();
        let reference = normalized(written).map_err(|error| {
            NotStarted::new("InvalidImageName", error.to_string(), Retry::Slowly)
        })?;
        let policy = pull_policy(container);
        if policy != PullPolicy::Always
            && let Some(image) = self.stored(&reference).await?
        {
            let text = format!("Container image \"{written}\" already present on machine");
            self.event(EventType::Normal, "Pulled", &text);
            return Ok((image, reference));
        }
        if policy == PullPolicy::Never {
            let text =
                format!("Container image \"{written}\" is not present with pull policy of Never");
            self.event(EventType::Warning, "ErrImageNeverPull", &text);
            return Err(NotStarted::new("ErrImageNeverPull", text, Retry::Slowly));
        }
        self.pull(view, container, written, &reference).await?;
        match self.stored(&reference).await? {
            Some(image) => Ok((image, reference)),
            None => Err(NotStarted::new(
                "ErrImagePull",
                format!("image \"{written}\" is not there after it was pulled"),
                Retry::Slowly,
            )),
        }
    }

    async fn stored(&self, reference: &str) -> Result<Option<Image>, NotStarted> {
        let image = self.shared.runtime.image(reference).await;
        image.map_err(|error| NotStarted::new("ImageInspectError", report(&error), Retry::Soon))
    }

    async fn pull(
        &self,
        view: &PodView,
        container: &core::Container,
        written: &str,
        reference: &str,
    ) -> Result<(), NotStarted> {
        let credentials = self.credentials(view, registry(reference)).await;
        let config = self.sandbox_config(view, 0);
        let started = self.shared.env.now();
        self.event(
            EventType::Normal,
            "Pulling",
            &format!("Pulling image \"{written}\""),
        );
        let permit = self.shared.pulls.acquire().await;
        let runtime = &self.shared.runtime;
        let outcome = runtime
            .pull_image(reference, credentials.as_ref(), &config)
            .await;
        drop(permit);
        match outcome {
            Ok(()) => {
                let took = spec::between(started, self.shared.env.now());
                let text = format!("Successfully pulled image \"{written}\" in {took:?}");
                self.event(EventType::Normal, "Pulled", &text);
                Ok(())
            }
            Err(error) => {
                let text = report(&error);
                let message = format!("Failed to pull image \"{written}\": {text}");
                self.event(EventType::Warning, "Failed", &message);
                tracing::info!(
                    container = container.name,
                    image = written,
                    "cannot pull: {text}"
                );
                Err(NotStarted::new("ErrImagePull", text, Retry::Slowly))
            }
        }
    }

    /// From the pod's `imagePullSecrets`; one that is missing or unreadable is passed over.
    async fn credentials(&self, view: &PodView, registry: &str) -> Option<Credentials> {
        let secrets = items(&view.pod.spec.as_ref()?.image_pull_secrets);
        let wanted: Vec<(&'static str, String)> = secrets
            .iter()
            .map(|secret| (SECRET, secret.name.clone()))
            .collect();
        if wanted.is_empty() {
            return None;
        }
        let namespace = spec::namespace(&view.pod);
        let objects = self
            .shared
            .collector
            .objects(namespace, &wanted)
            .await
            .ok()?;
        objects
            .values()
            .find_map(|data| credentials(data.get(".dockerconfigjson")?, registry))
    }
}

/// The entry of one registry in a Docker configuration file.
pub(super) fn credentials(config: &[u8], registry: &str) -> Option<Credentials> {
    let config: Value = serde_json::from_slice(config).ok()?;
    let entries = config["auths"].as_object()?;
    let (_, entry) = entries.iter().find(|(name, _)| {
        let name = name
            .trim_start_matches("https://")
            .trim_start_matches("http://");
        let host = name.split('/').next().unwrap_or_default();
        host == registry || (registry == "docker.io" && host == "index.docker.io")
    })?;
    let text = |field: &str| entry[field].as_str().unwrap_or_default().to_owned();
    let mut credentials = Credentials {
        user: text("username"),
        password: text("password"),
        identity_token: text("identitytoken"),
    };
    if let Some(auth) = entry["auth"]
        .as_str()
        .and_then(|auth| STANDARD.decode(auth).ok())
        && let Some((user, password)) = String::from_utf8_lossy(&auth).split_once(':')
    {
        user.clone_into(&mut credentials.user);
        password.clone_into(&mut credentials.password);
    }
    Some(credentials)
}
