use std::sync::atomic::{AtomicUsize, Ordering};

use api::{Collection, Object, ObjectKey};
use serde_json::json;

use super::*;
use crate::double::{Fault, Server, env};
use crate::{Target, WriteOptions};

/// Sets `data.seen` of every object, once.
struct Marker {
    cache: Cache,
    runs: Arc<AtomicUsize>,
}

#[async_trait]
impl Controller for Marker {
    type Key = ObjectKey;

    fn name(&self) -> &'static str {
        "marker"
    }

    fn watches(&self) -> Vec<Watch<ObjectKey>> {
        vec![Watch {
            cache: self.cache.clone(),
            wake: Box::new(|change| vec![change.key.clone()]),
        }]
    }

    async fn reconcile(&self, key: &ObjectKey, context: &Context<'_>) -> Result<Requeue, Error> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        let Some(object) = self.cache.get(key) else {
            return Ok(Requeue::Done);
        };
        if object.pointer("/data/seen").is_some() {
            return Ok(Requeue::Done);
        }
        let mut object: Object = object.as_ref().clone();
        object.body["data"] = json!({"seen": "yes"});
        let target = Target::object(key.clone());
        context
            .client
            .replace(&target, &object, &WriteOptions::default())
            .await?;
        Ok(Requeue::Done)
    }
}

struct World {
    server: Arc<Server>,
    informers: Informers,
    driver: Driver<Marker>,
    runs: Arc<AtomicUsize>,
    key: ObjectKey,
    tasks: Tasks,
}

async fn world() -> World {
    let server = Arc::new(Server::default());
    let collection = Collection::new("", "configmaps");
    let key = collection.key("default", "a");
    server.put(&key);
    let (env, tasks) = (env(), Tasks::default());
    let informers = Informers::new(server.clone(), &env, &tasks);
    let runs = Arc::new(AtomicUsize::new(0));
    let controller = Marker {
        cache: informers.cache(&collection),
        runs: runs.clone(),
    };
    let driver = Driver::new(controller, server.clone(), &informers, &env);
    informers.synced().await;
    World {
        server,
        informers,
        driver,
        runs,
        key,
        tasks,
    }
}

#[tokio::test]
async fn a_run_sees_what_the_last_one_wrote() {
    let world = world().await;
    assert!(world.driver.step().await);
    let cached = world
        .informers
        .cache(&world.key.collection)
        .get(&world.key)
        .unwrap();
    assert_eq!(
        cached.text("/data/seen"),
        "yes",
        "the barrier waited for the cache"
    );
    assert!(world.driver.step().await, "its own write wakes it");
    assert!(!world.driver.step().await);
    assert!(world.driver.is_idle());
    assert_eq!(world.runs.load(Ordering::SeqCst), 2);
    world.tasks.drain().await;
}

#[tokio::test]
async fn a_lagging_cache_holds_the_key_but_not_for_ever() {
    let world = world().await;
    world.server.hold_events();
    let key = world.driver.queue().try_next().unwrap();
    let (outcome, written) = world.driver.run_once(&key).await;
    assert_eq!(outcome, Outcome::Done);
    let settle = world.driver.settle(written);
    tokio::pin!(settle);
    assert!(futures::poll!(settle.as_mut()).is_pending());
    world.server.release_events();
    settle.await;
    world.driver.queue().done(&key);

    // Nothing is ever released: the limit passes.
    world.server.hold_events();
    let version = world.server.put(&world.key);
    world
        .driver
        .settle(vec![Written::Object { key, version }])
        .await;
    world.tasks.drain().await;
}

#[tokio::test]
async fn the_remedy_follows_the_error() {
    let is = |outcome: &Outcome, expected: &str| {
        let text = format!("{outcome:?}");
        assert!(text.starts_with(expected), "{text} instead of {expected}");
    };
    for (fault, times, expected, is_delayed) in [
        (Fault::Conflict, 1, "Conflict", false),
        (Fault::Conflict, 5, "Failed", true),
        (Fault::LoseReply, 1, "Failed", true),
        (Fault::Refuse, 1, "Stalled", true),
    ] {
        let world = world().await;
        let key = world.driver.queue().try_next().unwrap();
        let mut last = None;
        for _ in 0..times {
            world.server.hold_events();
            world.server.fail_next(fault);
            last = Some(world.driver.run_once(&key).await);
        }
        let (outcome, written) = last.unwrap();
        is(&outcome, expected);
        assert_eq!(world.driver.next_due().is_some(), is_delayed, "{fault:?}");
        let uncertain = matches!(written.as_slice(), [Written::Uncertain(_)]);
        assert_eq!(uncertain, matches!(fault, Fault::LoseReply));
        world.tasks.drain().await;
    }
}

#[tokio::test]
async fn a_lost_reply_is_caught_up_with() {
    let world = world().await;
    world.server.fail_next(Fault::LoseReply);
    assert!(world.driver.step().await);
    let cached = world
        .informers
        .cache(&world.key.collection)
        .get(&world.key)
        .unwrap();
    assert_eq!(cached.text("/data/seen"), "yes");
    world.tasks.drain().await;
}

#[tokio::test]
async fn a_lost_reply_is_asked_about_until_there_is_an_answer() {
    let world = world().await;
    world.server.hold_events();
    world.server.fail_next(Fault::LoseReply);
    let key = world.driver.queue().try_next().unwrap();
    let (_, written) = world.driver.run_once(&key).await;
    world.server.lose_lists(2);
    let settle = world.driver.settle(written);
    tokio::pin!(settle);
    assert!(futures::poll!(settle.as_mut()).is_pending());
    world.server.release_events();
    settle.await;
    world.tasks.drain().await;
}

/// What a caller takes for its own earlier success: before the cache knows of it, the next run
/// would make another one.
#[tokio::test]
async fn what_exists_already_is_waited_for() {
    let world = world().await;
    let tracked = Tracked::new(world.server.clone());
    let object = Object::from(json!({"metadata": {"name": "a", "namespace": "default"}}));
    let collection = &world.key.collection;
    let made = tracked
        .create(collection, &object, &WriteOptions::default())
        .await;
    assert!(made.unwrap_err().is_already_exists());
    let written = tracked.take();
    assert_eq!(written, [Written::Uncertain(collection.clone())]);

    world.server.hold_events();
    let version = world.server.put(&world.key);
    let settle = world.driver.settle(written);
    tokio::pin!(settle);
    assert!(futures::poll!(settle.as_mut()).is_pending());
    world.server.release_events();
    settle.await;
    let cached = world.informers.cache(collection).get(&world.key).unwrap();
    assert_eq!(cached.resource_version(), version);
    world.tasks.drain().await;
}

#[tokio::test]
async fn workers_do_the_same_and_leave_nothing_behind() {
    let world = world().await;
    let tasks = Tasks::default();
    world.driver.start(2, &tasks);
    let cache = world.informers.cache(&world.key.collection);
    cache.wait_for(api::Revision(2)).await;
    assert_eq!(cache.get(&world.key).unwrap().text("/data/seen"), "yes");
    tasks.drain().await;
    let queue = world.driver.queue().downgrade();
    drop(world.driver);
    assert!(
        queue.upgrade().is_none(),
        "the cache does not keep the driver"
    );
    world.tasks.drain().await;
}
