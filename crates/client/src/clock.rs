//! Time and ids come from outside, so that a simulation can own them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

/// Reads the time and waits for it to pass.
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Timestamp;
    async fn sleep(&self, duration: Duration);
}

/// Makes ids that are never made twice.
pub trait Ids: Send + Sync + 'static {
    /// A new uid, as a UUID in text.
    fn uid(&self) -> String;
    /// `length` characters from the alphabet Kubernetes uses for generated names (no vowels, so
    /// no words).
    fn suffix(&self, length: usize) -> String;
}

/// What every service is given instead of globals.
#[derive(Clone)]
pub struct Env {
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
}

impl Env {
    /// The machine's own clock and randomness.
    pub fn system() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
        }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// The machine's clock.
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// The machine's randomness.
pub struct SystemIds;

/// `k8s.io/apimachinery/pkg/util/rand`: the characters of generated names.
const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

impl Ids for SystemIds {
    #[expect(clippy::disallowed_methods, reason = "this is the one source of ids")]
    fn uid(&self) -> String {
        uuid::Uuid::new_v4().to_string()
    }

    fn suffix(&self, length: usize) -> String {
        use rand::Rng;
        let mut rng = rand::rng();
        (0..length)
            .map(|_| char::from(ALPHABET[rng.random_range(0..ALPHABET.len())]))
            .collect()
    }
}
