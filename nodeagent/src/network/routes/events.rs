//! The kernel tells when a link, an address or a route of this machine has changed.

use std::sync::Arc;
use std::time::Duration;

use client::{Env, Tasks};
use futures::StreamExt;
use rtnetlink::{MulticastGroup, new_multicast_connection};
use tokio::sync::Notify;
use tracing::warn;

/// One change is many messages, and a pod that starts is some.
const SETTLE: Duration = Duration::from_millis(250);
/// Between two attempts to listen.
const AGAIN: Duration = Duration::from_secs(15);
const GROUPS: [MulticastGroup; 3] = [
    MulticastGroup::Link,
    MulticastGroup::Ipv4Ifaddr,
    MulticastGroup::Ipv4Route,
];

/// Notified after each change, until the tasks are cancelled. Says nothing of what changed: who is woken
/// looks.
pub(super) fn changes(env: &Env, tasks: &Tasks) -> Arc<Notify> {
    let (changed, told) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    tasks.spawn_until_cancelled(listen(env.clone(), tasks.clone(), changed.clone()));
    let (env, out) = (env.clone(), told.clone());
    tasks.spawn_until_cancelled(async move {
        loop {
            changed.notified().await;
            env.clock.sleep(SETTLE).await;
            out.notify_one();
        }
    });
    told
}

async fn listen(env: Env, tasks: Tasks, changed: Arc<Notify>) {
    loop {
        match new_multicast_connection(&GROUPS) {
            Ok((connection, handle, mut messages)) => {
                tasks.spawn_until_cancelled(connection);
                while messages.next().await.is_some() {
                    changed.notify_one();
                }
                drop(handle);
            }
            Err(error) => warn!(%error, "the kernel does not tell of changed routes"),
        }
        // What happened meanwhile is seen by a look.
        changed.notify_one();
        env.clock.sleep(AGAIN).await;
    }
}
