//! Whether the API server answers. One task asks for all pages, so that none of them shows what was
//! for what is; nothing else is decided by it.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use api::Collection;
use client::{Client, Env, Error, Tasks};

/// Between two questions, and how long an answer may take.
const EVERY: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(5);
/// After this long without an answer, what pages show is told to be old.
const STALE: SignedDuration = SignedDuration::from_secs(30);

/// When the API server answered last, where that is too long ago; `None` while it answers.
pub(super) type Pulse = watch::Receiver<Option<Timestamp>>;

/// Starts to ask.
pub(super) fn follow(client: Arc<dyn Client>, env: &Env, tasks: &Tasks) -> Pulse {
    let (sender, receiver) = watch::channel(None);
    let env = env.clone();
    tasks.spawn_until_cancelled(async move {
        let mut heard = env.now();
        loop {
            if answers(&*client, &env).await {
                heard = env.now();
            }
            let next = stale(heard, env.now());
            sender.send_if_modified(|known| std::mem::replace(known, next) != next);
            env.clock.sleep(EVERY).await;
        }
    });
    receiver
}

/// A refusal is an answer as well.
async fn answers(client: &dyn Client, env: &Env) -> bool {
    let key = Collection::new("", "namespaces").key("", "kube-system");
    tokio::select! {
        answer = client.get(&key) => matches!(answer, Ok(_) | Err(Error::Api(_))),
        () = env.clock.sleep(PATIENCE) => false,
    }
}

fn stale(heard: Timestamp, now: Timestamp) -> Option<Timestamp> {
    (heard.duration_until(now) >= STALE).then_some(heard)
}

#[test]
fn what_was_heard_just_now_is_not_old() {
    let at = |second: i64| Timestamp::from_second(second).unwrap();
    assert_eq!(stale(at(100), at(129)), None);
    assert_eq!(stale(at(100), at(130)), Some(at(100)));
    assert_eq!(stale(at(100), at(90)), None);
}
