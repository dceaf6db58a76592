//! Who decides about pushes, and the socket on which hooks ask.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::OwnedReadHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tracing::{debug, warn};

use client::{Env, Tasks};

use super::Identity;
use super::wire::{self, Request};
use crate::source::Person;

/// How long a hook may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(10);
const REQUEST: u64 = 2 << 20;
/// Bytes of what was said that are kept, and the text that goes beyond.
const REMEMBERED: usize = 16 << 10;

/// Decides about pushes.
#[async_trait]
pub trait Gate: Send + Sync + 'static {
    /// Whether the push may move its refs; nothing has moved yet. Says why not.
    async fn before(&self, push: &Pushed, pusher: &Lines) -> Accept;

    /// The refs have moved. What is said until it returns is the rollout's progress.
    async fn after(&self, push: &Pushed, pusher: &Lines);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accept {
    Yes,
    No,
}

/// A push, as its hooks report it.
#[derive(Debug, Clone)]
pub struct Pushed {
    pub request: Request,
    /// The name of the repository: `cluster`.
    pub repository: String,
    pub pusher: Person,
    /// The name of the pusher's token; empty for the admin's own.
    pub token: String,
}

/// What the pusher is told. Saying something to somebody who went away does nothing.
#[derive(Clone)]
pub struct Lines {
    sender: mpsc::Sender<String>,
    said: Arc<Mutex<String>>,
}

impl Lines {
    /// Each line of `text` becomes one `remote:` line.
    pub async fn say(&self, text: &str) {
        self.remember(text);
        for line in text.split('\n') {
            let line = line.trim_end_matches('\r').replace('\r', " ");
            let _ = self.sender.send(format!("{}{line}\n", wire::SAY)).await;
        }
    }

    /// What the pusher was told so far, as much of it as a record needs.
    pub(super) fn said(&self) -> String {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.trim().to_owned()
    }

    fn remember(&self, text: &str) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.len() < REMEMBERED {
            said.push_str(text);
            said.push('\n');
        }
    }
}

/// Who pushes where.
#[derive(Clone)]
pub(super) struct Pushing {
    pub(super) identity: Identity,
    pub(super) repository: String,
}

/// The pushes that are on their way, by the name their hooks know them by.
#[derive(Clone, Default)]
pub(super) struct Ongoing {
    pushers: Arc<Mutex<BTreeMap<String, Pushing>>>,
}

impl Ongoing {
    pub(super) fn add(&self, push: &str, pushing: Pushing) {
        self.lock().insert(push.to_owned(), pushing);
    }

    pub(super) fn remove(&self, push: &str) {
        self.lock().remove(push);
    }

    fn find(&self, push: &str) -> Option<Pushing> {
        self.lock().get(push).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Pushing>> {
        self.pushers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers hooks on `path` until `tasks` end.
pub(super) fn listen(
    path: &Path,
    gate: Arc<dyn Gate>,
    ongoing: Ongoing,
    env: &Env,
    tasks: &Tasks,
) -> io::Result<()> {
    let listener = bind(path)?;
    let owner = fs::metadata(path)?.uid();
    let (env, inner) = (env.clone(), tasks.clone());
    tasks.spawn_until_cancelled(async move {
        loop {
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    warn!(%error, "cannot accept a hook");
                    env.clock.sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            match stream.peer_cred() {
                Ok(peer) if peer.uid() == owner => {}
                peer => {
                    warn!(?peer, "somebody else asked on the hooks' socket");
                    continue;
                }
            }
            let (gate, ongoing, env) = (gate.clone(), ongoing.clone(), env.clone());
            inner.spawn_until_cancelled(async move {
                if let Err(error) = answer(stream, &*gate, &ongoing, &env).await {
                    debug!(%error, "a hook went away");
                }
            });
        }
    });
    Ok(())
}

fn bind(path: &Path) -> io::Result<UnixListener> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

async fn answer(
    stream: UnixStream,
    gate: &dyn Gate,
    ongoing: &Ongoing,
    env: &Env,
) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let request = tokio::select! {
        request = request(read) => request?,
        () = env.clock.sleep(PATIENCE) => return Err(io::ErrorKind::TimedOut.into()),
    };
    let Some(Pushing {
        identity,
        repository,
    }) = ongoing.find(&request.push)
    else {
        warn!(push = %request.push, "a hook of no push that is known");
        return write.write_all(b"exit 1\n").await;
    };
    let (sender, mut receiver) = mpsc::channel::<String>(64);
    let telling = async {
        let mut gone = false;
        while let Some(line) = receiver.recv().await {
            gone = gone || write.write_all(line.as_bytes()).await.is_err();
        }
        write
    };
    let deciding = async {
        let push = Pushed {
            request,
            repository,
            pusher: identity.person,
            token: identity.token,
        };
        let lines = Lines {
            sender,
            said: Arc::default(),
        };
        match push.request.hook.as_str() {
            wire::PRE_RECEIVE => gate.before(&push, &lines).await,
            wire::POST_RECEIVE => {
                gate.after(&push, &lines).await;
                Accept::Yes
            }
            _ => Accept::No,
        }
    };
    let (mut write, accept) = tokio::join!(telling, deciding);
    let code = i32::from(accept == Accept::No);
    write
        .write_all(format!("{}{code}\n", wire::EXIT).as_bytes())
        .await
}

async fn request(read: OwnedReadHalf) -> io::Result<Request> {
    let mut lines = BufReader::new(read.take(REQUEST)).lines();
    let mut request = Request::default();
    while let Some(line) = lines.next_line().await? {
        if line == wire::END {
            return Ok(request);
        }
        if !request.take(&line) {
            break;
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}
