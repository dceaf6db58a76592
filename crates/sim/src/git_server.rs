//! A Git server somewhere else: one bare repository over https, with an authority of its own and
//! one token that opens it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::Context;
use async_trait::async_trait;
use client::{Env, Tasks};
use reconciler::githost::{
    Accept, Authenticate, Credentials, Gate, GitHost, Identity, Lines, Options, Pushed, Role,
    router,
};
use reconciler::source::{Person, Upkeep};
use tls::{Authority, Certificates, Limits, Transport, Wanted};
use tokio::runtime::Runtime;

use crate::instance::finish;

/// Ends when it is dropped.
pub struct GitServer {
    /// `https://localhost:PORT/git/origin.git`
    pub url: String,
    /// PEM
    pub authority: String,
    pub repository: PathBuf,
    tasks: Tasks,
    runtime: Runtime,
}

struct Door(String);

#[async_trait]
impl Authenticate for Door {
    async fn authenticate(&self, credentials: &Credentials) -> Option<Identity> {
        (credentials.secret() == self.0).then(|| Identity {
            person: Person::new("ann", "ann@example.org"),
            role: Role::Writer,
            token: "laptop".into(),
        })
    }
}

/// Nobody pushes here: commits are made beside it.
struct Nobody;

#[async_trait]
impl Gate for Nobody {
    async fn before(&self, _push: &Pushed, _pusher: &Lines) -> Accept {
        Accept::No
    }

    async fn after(&self, _push: &Pushed, _pusher: &Lines) {}
}

impl GitServer {
    /// Serves `directory/origin.git`, an empty repository, to whoever has `token`.
    ///
    /// # Errors
    /// It cannot be made or served.
    pub fn start(directory: &Path, token: &str) -> anyhow::Result<Self> {
        let repository = directory.join("origin.git");
        let mut init = Command::new("git");
        finish(
            init.args(["init", "-q", "--bare", "-b", "main"])
                .arg(&repository),
        )?;
        let now = Env::system().now();
        let authority = Authority::generate("elsewhere", now)?;
        let wanted = Wanted::server("localhost", ["localhost".to_owned()], []);
        let certificates = Certificates::new(&authority.issue(&wanted, now)?)?;
        let transport = Transport::tls(Arc::new(certificates))?;
        let (door, tasks) = (Arc::new(Door(token.to_owned())), Tasks::default());
        let options = Options {
            repositories: Arc::new(repository.clone()),
            hooks: directory.join("hooks"),
            socket: directory.join("run/hooks.socket"),
            executable: "/bin/false".into(),
            push_limit: 1 << 20,
            upkeep: Upkeep::new(
                reconciler::source::Limits::default(),
                &Env::system(),
                &tasks,
            ),
        };
        let runtime = Runtime::new().context("no runtime")?;
        let port = runtime.block_on(async {
            let host = GitHost::start(options, Arc::new(Nobody), &Env::system(), &tasks)?;
            let listener = tls::bind(([127, 0, 0, 1], 0).into()).await?;
            let port = listener.local_addr()?.port();
            let limits = Limits::default();
            tls::serve(listener, transport, router(&host, door), &limits, &tasks);
            anyhow::Ok(port)
        })?;
        Ok(Self {
            url: format!("https://localhost:{port}/git/origin.git"),
            authority: authority.certificate_pem().to_owned(),
            repository,
            tasks,
            runtime,
        })
    }
}

impl Drop for GitServer {
    fn drop(&mut self) {
        self.runtime.block_on(self.tasks.drain());
    }
}
