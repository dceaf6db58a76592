//! How long to wait before trying again. Pure, apart from the randomness it is given.

use std::time::Duration;

use crate::Ids;

/// Exponential back-off between two bounds.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// The wait after the first failure.
    pub first: Duration,
    /// No wait is longer, jitter aside.
    pub most: Duration,
}

impl Backoff {
    /// For a server that may be away: 200 ms, doubling, at most 30 s.
    pub const SERVER: Self = Self {
        first: Duration::from_millis(200),
        most: Duration::from_secs(30),
    };
    /// For one key of a work queue: 20 ms, doubling, at most 5 minutes.
    pub const KEY: Self = Self {
        first: Duration::from_millis(20),
        most: Duration::from_mins(5),
    };

    /// The wait after `failures` failures in a row, without jitter.
    pub fn delay(self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        self.first.saturating_mul(1 << doublings).min(self.most)
    }

    /// The same, spread over 50 % to 100 %, so that many waiters do not return at once.
    pub fn jittered(self, failures: u32, ids: &dyn Ids) -> Duration {
        let full = self.delay(failures);
        let fraction = fraction(&ids.suffix(3));
        full.mul_f64(0.5 + fraction / 2.0)
    }
}

/// A number in 0..1 out of random text.
fn fraction(text: &str) -> f64 {
    let sum = text.bytes().fold(0_u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(byte))
    });
    f64::from(sum % 1000) / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemIds;

    #[test]
    fn doubles_up_to_its_bound_and_spreads() {
        let backoff = Backoff::SERVER;
        for (failures, millis) in [
            (0, 200),
            (1, 200),
            (2, 400),
            (5, 3200),
            (9, 30_000),
            (99, 30_000),
        ] {
            assert_eq!(backoff.delay(failures), Duration::from_millis(millis));
            let jittered = backoff.jittered(failures, &SystemIds);
            assert!(jittered >= Duration::from_millis(millis / 2));
            assert!(jittered <= Duration::from_millis(millis));
        }
    }
}
