//! Keeps the kernel's rules equal to the cluster's Services.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use client::{Backoff, Cache, Env, Tasks};

use super::endpoints::{Backend, Frontend, Protocol, services};
use super::nft::Nft;
use super::ruleset::{Ruleset, State};

/// Deleting a connection entry is quick; this is for a stuck one.
const CONNTRACK_TIMEOUT: Duration = Duration::from_secs(5);

/// The service proxy of one node.
pub struct Proxy {
    ruleset: Ruleset,
    services: Cache,
    slices: Cache,
}

impl Proxy {
    pub fn new(ruleset: Ruleset, services: Cache, slices: Cache) -> Self {
        Self {
            ruleset,
            services,
            slices,
        }
    }

    /// Follows the caches until the tasks are cancelled. The rules stay when it ends: pods that
    /// go on running go on reaching each other.
    pub fn start(self, env: &Env, tasks: &Tasks) {
        let env = env.clone();
        tasks.spawn_until_cancelled(async move { self.run(&env).await });
    }

    async fn run(self, env: &Env) {
        self.services.synced().await;
        self.slices.synced().await;
        let (mut services, mut slices) = (self.services.ticks(), self.slices.ticks());
        // What the kernel holds; unknown at first and after a failure.
        let mut loaded: Option<State> = None;
        let mut failures = 0;
        loop {
            services.borrow_and_update();
            slices.borrow_and_update();
            let wanted = self.wanted();
            let text = match &loaded {
                None => self.ruleset.full(&wanted),
                Some(state) => self.ruleset.change(state, &wanted),
            };
            if !text.is_empty()
                && let Err(error) = Nft.load(&text).await
            {
                tracing::error!(%error, "the service rules could not be loaded");
                loaded = None;
                failures += 1;
                env.clock
                    .sleep(Backoff::SERVER.jittered(failures, &*env.ids))
                    .await;
                continue;
            }
            failures = 0;
            if let Some(state) = &loaded {
                forget_connections(&stale(state, &wanted)).await;
            }
            loaded = Some(wanted);
            tokio::select! {
                changed = services.changed() => if changed.is_err() { return },
                changed = slices.changed() => if changed.is_err() { return },
            }
        }
    }

    fn wanted(&self) -> State {
        let (all, slices) = (self.services.all(), self.slices.all());
        State {
            services: services(
                all.iter().map(AsRef::as_ref),
                slices.iter().map(AsRef::as_ref),
            ),
        }
    }
}

/// UDP has no end of connection: an entry that points at a gone backend would keep its clients.
fn stale(old: &State, new: &State) -> Vec<(Frontend, Backend)> {
    let is_udp = |frontend: &Frontend| {
        matches!(
            frontend,
            Frontend::ClusterIp {
                protocol: Protocol::Udp,
                ..
            } | Frontend::NodePort {
                protocol: Protocol::Udp,
                ..
            }
        )
    };
    let none = BTreeSet::new();
    old.services
        .iter()
        .filter(|(frontend, _)| is_udp(frontend))
        .flat_map(|(frontend, backends)| {
            let kept = new.services.get(frontend).unwrap_or(&none);
            backends
                .difference(kept)
                .map(|backend| (*frontend, *backend))
                .collect::<Vec<_>>()
        })
        .collect()
}

async fn forget_connections(stale: &[(Frontend, Backend)]) {
    for (frontend, backend) in stale {
        let (destination, port): (Option<Ipv4Addr>, u16) = match frontend {
            Frontend::ClusterIp { address, port, .. } => (Some(*address), *port),
            Frontend::NodePort { port, .. } => (None, *port),
        };
        let mut command = Command::new("conntrack");
        command.args(["-D", "-p", "udp", "--orig-port-dst", &port.to_string()]);
        command.args(["--dst-nat", &backend.address.to_string()]);
        if let Some(destination) = destination {
            command.args(["--orig-dst", &destination.to_string()]);
        }
        // It fails where there is no such entry, which is what is wanted.
        let _deleted = timeout(CONNTRACK_TIMEOUT, command.kill_on_drop(true).output()).await;
    }
}
