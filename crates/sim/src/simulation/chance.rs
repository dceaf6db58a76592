//! The one source of randomness of a simulation: everything that is drawn follows from its seed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use client::Ids;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// The characters of names that Kubernetes generates.
const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// Cheap to clone; all clones draw from one sequence.
#[derive(Clone)]
pub struct Chance {
    generator: Arc<Mutex<StdRng>>,
}

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self {
            generator: Arc::new(Mutex::new(StdRng::seed_from_u64(seed))),
        }
    }

    /// True with this probability, 0 to 1.
    pub fn happens(&self, probability: f64) -> bool {
        probability > 0.0 && self.generator().random_bool(probability.min(1.0))
    }

    /// A number from 0 to `bound - 1`.
    pub fn below(&self, bound: usize) -> usize {
        self.generator().random_range(0..bound)
    }

    /// A number between two, both included.
    pub fn between(&self, least: i64, most: i64) -> i64 {
        self.generator().random_range(least..=most)
    }

    /// Up to `most`, in whole milliseconds.
    pub fn up_to(&self, most: Duration) -> Duration {
        let millis = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.generator().random_range(0..=millis))
    }

    pub fn pick<'a, T>(&self, choices: &'a [T]) -> Option<&'a T> {
        (!choices.is_empty()).then(|| &choices[self.below(choices.len())])
    }

    fn generator(&self) -> MutexGuard<'_, StdRng> {
        self.generator
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ids for Chance {
    fn uid(&self) -> String {
        uuid::Builder::from_random_bytes(self.generator().random())
            .into_uuid()
            .to_string()
    }

    fn suffix(&self, length: usize) -> String {
        let mut generator = self.generator();
        (0..length)
            .map(|_| char::from(ALPHABET[generator.random_range(0..ALPHABET.len())]))
            .collect()
    }
}
