//! The hosted repository as a service: where it is, who decides about it, and its Git processes.

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::Body;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use client::{Env, Tasks};

use super::gate::{self, Gate, Ongoing, Pushing};
use super::process::{Input, Invocation};
use super::wire::{POST_RECEIVE, PRE_RECEIVE};
use super::{Identity, Shelf, hook, room};
use crate::source::{Upkeep, Use};

/// Fetches and pushes at once; a push that waits for its rollout counts.
const AT_ONCE: usize = 64;

/// Where things are.
#[derive(Clone)]
pub struct Options {
    /// The bare repositories.
    pub repositories: Arc<dyn Shelf>,
    /// Where the hooks are put: a directory that is the service's own.
    pub hooks: PathBuf,
    /// Where the service listens for them. Only its owner can get there.
    pub socket: PathBuf,
    /// The binary that is started as a hook; see [`hook::main`].
    pub executable: PathBuf,
    /// The largest push, in bytes.
    pub push_limit: usize,
    /// Looks after the repositories once something was pushed.
    pub upkeep: Upkeep,
}

/// The two things Git does over the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    UploadPack,
    ReceivePack,
}

impl Service {
    pub(super) fn command(self) -> &'static str {
        match self {
            Self::UploadPack => "upload-pack",
            Self::ReceivePack => "receive-pack",
        }
    }

    pub(super) fn media_type(self, part: &str) -> String {
        format!("application/x-git-{}-{part}", self.command())
    }
}

/// One of the repositories.
pub(super) struct Place {
    pub(super) name: String,
    path: PathBuf,
}

impl Place {
    /// Why nothing can be pushed to it: its disk is full.
    pub(super) async fn refusal(&self) -> Option<String> {
        let path = self.path.clone();
        let looked = client::blocking(move || room::refusal(&path)).await;
        looked.ok().flatten()
    }
}

/// Serves bare repositories. Cheap to clone.
#[derive(Clone)]
pub struct GitHost {
    shared: Arc<Shared>,
}

struct Shared {
    options: Options,
    ongoing: Ongoing,
    permits: Arc<Semaphore>,
    env: Env,
    tasks: Tasks,
}

impl GitHost {
    /// Puts the hooks in place and starts to answer them.
    ///
    /// # Errors
    /// Where the hooks or the socket cannot be made.
    pub fn start(
        options: Options,
        gate: Arc<dyn Gate>,
        env: &Env,
        tasks: &Tasks,
    ) -> io::Result<Self> {
        link_hooks(&options)?;
        let ongoing = Ongoing::default();
        private_directory(options.socket.parent())?;
        gate::listen(&options.socket, gate, ongoing.clone(), env, tasks)?;
        Ok(Self {
            shared: Arc::new(Shared {
                options,
                ongoing,
                permits: Arc::new(Semaphore::new(AT_ONCE)),
                env: env.clone(),
                tasks: tasks.clone(),
            }),
        })
    }

    /// The repository that is asked for as `shop` or `shop.git`.
    pub(super) fn find(&self, name: &str) -> Option<Place> {
        let name = name.strip_suffix(".git").unwrap_or(name);
        let path = self.shared.options.repositories.find(name)?;
        Some(Place {
            name: name.to_owned(),
            path,
        })
    }

    pub(super) fn env(&self) -> &Env {
        &self.shared.env
    }

    pub(super) fn push_limit(&self) -> usize {
        self.shared.options.push_limit
    }

    pub(super) async fn permit(&self) -> OwnedSemaphorePermit {
        let permits = self.shared.permits.clone();
        permits.acquire_owned().await.expect("it is never closed")
    }

    pub(super) fn advertise(
        &self,
        place: &Place,
        service: Service,
        protocol: Option<&str>,
        input: Input,
        permit: OwnedSemaphorePermit,
    ) -> io::Result<Body> {
        let shared = &self.shared;
        let invocation = self.invocation(place, service, true, protocol);
        invocation.start(input, &shared.env, &shared.tasks, move || drop(permit))
    }

    /// A push has the repository to itself and other pushes.
    pub(super) async fn uses(&self, place: &Place, service: Service) -> Option<Use> {
        let upkeep = &self.shared.options.upkeep;
        match service {
            Service::UploadPack => None,
            Service::ReceivePack => Some(upkeep.using(&place.path).await),
        }
    }

    pub(super) fn call(
        &self,
        (place, service): (&Place, Service),
        protocol: Option<&str>,
        identity: &Identity,
        input: Input,
        (permit, using): (OwnedSemaphorePermit, Option<Use>),
    ) -> io::Result<Body> {
        let shared = &self.shared;
        let push = shared.env.ids.uid();
        let mut invocation = self.invocation(place, service, false, protocol);
        if service == Service::ReceivePack {
            let pushing = Pushing {
                identity: identity.clone(),
                repository: place.name.clone(),
            };
            shared.ongoing.add(&push, pushing);
            let person = &identity.person;
            let socket = shared.options.socket.clone().into();
            invocation.environment.extend([
                (hook::SOCKET, socket),
                (hook::PUSH, push.clone().into()),
                ("GIT_COMMITTER_NAME", person.name.clone().into()),
                ("GIT_COMMITTER_EMAIL", person.email.clone().into()),
            ]);
        }
        let ongoing = shared.ongoing.clone();
        let (known, upkeep) = (push.clone(), shared.options.upkeep.clone());
        let path = place.path.clone();
        let finished = move || {
            ongoing.remove(&known);
            drop(permit);
            if using.is_some() {
                drop(using);
                upkeep.look(&path);
            }
        };
        let started = invocation.start(input, &shared.env, &shared.tasks, finished);
        if started.is_err() {
            shared.ongoing.remove(&push);
        }
        started
    }

    fn invocation<'a>(
        &self,
        place: &'a Place,
        service: Service,
        advertise: bool,
        protocol: Option<&str>,
    ) -> Invocation<'a> {
        let options = &self.shared.options;
        let text = |text: &str| OsString::from(text);
        let mut environment = Vec::new();
        if let Some(protocol) = protocol {
            environment.push(("GIT_PROTOCOL", text(protocol)));
        }
        Invocation {
            service,
            advertise,
            repository: &place.path,
            config: vec![
                ("core.hooksPath", options.hooks.clone().into()),
                ("safe.directory", place.path.clone().into()),
                ("receive.advertisePushOptions", text("true")),
                ("receive.autogc", text("false")),
                ("receive.fsckObjects", text("true")),
                (
                    "receive.maxInputSize",
                    options.push_limit.to_string().into(),
                ),
                ("uploadpack.allowFilter", text("true")),
            ],
            environment,
        }
    }
}

/// Both hooks are links to the binary. A link is replaced as a whole: a push may run meanwhile.
fn link_hooks(options: &Options) -> io::Result<()> {
    std::fs::create_dir_all(&options.hooks)?;
    for name in [PRE_RECEIVE, POST_RECEIVE] {
        let (new, link) = (
            options.hooks.join(format!(".{name}")),
            options.hooks.join(name),
        );
        let _ = std::fs::remove_file(&new);
        symlink(&options.executable, &new)?;
        std::fs::rename(&new, &link)?;
    }
    Ok(())
}

fn private_directory(path: Option<&Path>) -> io::Result<()> {
    let Some(path) = path else {
        return Ok(());
    };
    std::fs::create_dir_all(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))
}
