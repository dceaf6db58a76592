use std::sync::Mutex;

use async_trait::async_trait;

use super::*;
use crate::{Clock, SystemIds};

struct Hand(Mutex<Timestamp>);

impl Hand {
    fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = now.saturating_add(by).unwrap();
    }
}

#[async_trait]
impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    async fn sleep(&self, _: Duration) {
        std::future::pending::<()>().await;
    }
}

fn queue() -> (WorkQueue<&'static str>, Arc<Hand>) {
    let clock = Arc::new(Hand(Mutex::new(Timestamp::UNIX_EPOCH)));
    let env = Env {
        clock: clock.clone(),
        ids: Arc::new(SystemIds),
    };
    (WorkQueue::new(&env, Backoff::KEY), clock)
}

#[test]
fn a_key_waits_once_and_runs_alone() {
    let (queue, _) = queue();
    queue.add("a");
    queue.add("b");
    queue.add("a");
    assert_eq!(queue.len(), 2);
    assert_eq!(queue.try_next(), Some("a"));
    queue.add("a");
    assert_eq!(queue.try_next(), Some("b"));
    assert_eq!(queue.try_next(), None, "a is still running");
    queue.done(&"a");
    assert_eq!(queue.try_next(), Some("a"));
    queue.done(&"a");
    queue.done(&"b");
    assert!(queue.is_empty());
}

#[test]
fn delays_keep_the_earliest_time() {
    let (queue, clock) = queue();
    queue.add_after("a", Duration::from_secs(9));
    queue.add_after("a", Duration::from_secs(3));
    queue.add_after("a", Duration::from_secs(5));
    queue.add_after("b", Duration::from_secs(2));
    assert_eq!(queue.try_next(), None);
    assert_eq!(queue.next_due().unwrap().as_second(), 2);
    clock.advance(Duration::from_secs(3));
    assert_eq!(queue.try_next(), Some("b"));
    assert_eq!(queue.try_next(), Some("a"));
    assert_eq!(queue.next_due(), None);
}

#[test]
fn failures_back_off_until_a_success() {
    let (queue, _) = queue();
    let mut last = Duration::ZERO;
    for _ in 0..6 {
        last = queue.fail("a");
    }
    assert!(last >= Backoff::KEY.delay(6) / 2);
    assert_eq!(queue.failures(&"a"), 6);
    queue.forget(&"a");
    assert_eq!(queue.failures(&"a"), 0);
}
