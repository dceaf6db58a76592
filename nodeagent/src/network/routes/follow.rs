//! Keeps the machine's routes equal to the cluster's nodes.

use std::collections::BTreeSet;
use std::time::Duration;

use api::Collection;
use client::{Cache, Env, Informers, Tasks};
use tokio::sync::Notify;
use tracing::{error, info, warn};

use super::decide::{Decision, Neighbour, Own, beginning, decide};
use super::events::changes;
use super::table::{PROTOCOL, Table};
use crate::network::apply::{Error, not_understood, output, run};
use crate::network::plan::{Step, ip, route};
use crate::network::{Network, Ranges};

/// Routes go with a link that goes down, and with what else keeps a machine's network. The kernel tells;
/// this is how late what it did not tell is seen.
const LOOK: Duration = Duration::from_mins(5);
/// After something that could not be done.
const AGAIN: Duration = Duration::from_secs(15);
const NO_ROUTE: &str = "No such process";

/// The routes of one machine.
pub struct Routes {
    own: Own,
    nodes: Cache,
    /// Who was told of already.
    apart: BTreeSet<Neighbour>,
}

impl Routes {
    pub fn new(own: Own, informers: &Informers) -> Self {
        Self {
            own,
            nodes: informers.cache(&Collection::new("", "nodes")),
            apart: BTreeSet::new(),
        }
    }

    /// Follows the nodes until the tasks are cancelled. The routes stay when it ends: pods that go on
    /// running go on reaching each other.
    pub fn start(self, env: &Env, tasks: &Tasks) {
        let env = env.clone();
        let changed = changes(&env, tasks);
        tasks.spawn_until_cancelled(async move { self.run(&env, &changed).await });
    }

    async fn run(mut self, env: &Env, changed: &Notify) {
        let nodes = self.nodes.clone();
        tokio::select! {
            () = nodes.synced() => {}
            () = self.begin(env, changed) => {}
        }
        let mut ticks = nodes.ticks();
        loop {
            ticks.borrow_and_update();
            let nodes = nodes.all();
            let choose = |table: &Table| decide(&self.own, nodes.iter().map(AsRef::as_ref), table);
            let (alone, wait) = match turn(choose).await {
                Ok(decision) => {
                    let wait = if decision.failed { AGAIN } else { LOOK };
                    self.tell(decision.apart);
                    (decision.alone, wait)
                }
                Err(error) => {
                    error!(%error, "the routes to other nodes could not be set");
                    (false, AGAIN)
                }
            };
            tokio::select! {
                changed = ticks.changed() => if changed.is_err() { return },
                () = changed.notified(), if !alone => {}
                () = env.clock.sleep(wait), if !alone => {}
            }
        }
    }

    /// Keeps the way to the API server, without which the nodes are never known. Does not end.
    async fn begin(&self, env: &Env, changed: &Notify) {
        loop {
            if let Err(error) = turn(|table| beginning(&self.own, table)).await {
                error!(%error, "the route to the API server could not be set");
            }
            tokio::select! {
                () = changed.notified() => {}
                () = env.clock.sleep(AGAIN) => {}
            }
        }
    }

    fn tell(&mut self, apart: BTreeSet<Neighbour>) {
        for Neighbour { name, address, .. } in apart.difference(&self.apart) {
            warn!(
                node.name = name,
                node.address = %address,
                "this machine is on no network with the node; its pods are not reached directly"
            );
        }
        self.apart = apart;
    }
}

/// Looks, chooses and does it. What cannot be done is told, and the rest is done.
async fn turn(choose: impl FnOnce(&Table) -> Decision) -> Result<Decision, Error> {
    let mut decision = choose(&table().await?);
    for (pods, via) in &decision.set {
        info!(%pods, %via, "setting the route to a node");
        if let Err(error) = run(&route(*pods, *via)).await {
            error!(%error, %pods, "the route to a node could not be set");
            decision.failed = true;
        }
    }
    for pods in &decision.remove {
        info!(%pods, "removing the route to a node that is gone");
        run(&unrouted(*pods)).await?;
    }
    Ok(decision)
}

async fn table() -> Result<Table, Error> {
    let step = ip(
        None,
        &["-N", "-json", "-4", "route", "show", "table", "main"],
        "",
    );
    let output = output(&step).await?;
    Table::read(&output.stdout).map_err(|error| not_understood(&step, &error))
}

fn unrouted(pods: Network) -> Step {
    ip(
        None,
        &["route", "del", &pods.to_string(), "proto", PROTOCOL],
        NO_ROUTE,
    )
}

/// Takes the routes to an instance's other nodes away.
///
/// # Errors
/// `ip` cannot be used.
pub async fn remove(ranges: &Ranges) -> Result<(), Error> {
    let table = table().await?;
    for pods in table.own.keys().filter(|it| ranges.pods.has(**it)) {
        run(&unrouted(*pods)).await?;
    }
    Ok(())
}
