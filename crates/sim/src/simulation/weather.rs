//! How bad the way to the API server is.

use std::time::Duration;

use super::Chance;

/// Probabilities per call, or per event of a watch.
#[derive(Debug, Clone, PartialEq)]
pub struct Weather {
    /// A request never arrives.
    pub drop_request: f64,
    /// A request is carried out and its answer never arrives.
    pub lose_reply: f64,
    /// A write is carried out twice; the second answer arrives.
    pub duplicate: f64,
    /// A change is refused because somebody else seems to have written first.
    pub conflict: f64,
    /// The server is overloaded and refuses.
    pub refuse: f64,
    /// A watch breaks, or ends in good order.
    pub cut_watch: f64,
    /// A watch ends with 410.
    pub expire_watch: f64,
    /// The longest a message is under way.
    pub latency: Duration,
}

impl Weather {
    /// Nothing goes wrong, but everything takes its time.
    pub fn calm() -> Self {
        Self {
            drop_request: 0.0,
            lose_reply: 0.0,
            duplicate: 0.0,
            conflict: 0.0,
            refuse: 0.0,
            cut_watch: 0.0,
            expire_watch: 0.0,
            latency: Duration::from_millis(5),
        }
    }

    /// Some days rain, some days snow, some days both.
    pub fn draw(chance: &Chance) -> Self {
        let rate = |most: f64| {
            let strength = [0.0, 0.3, 1.0][chance.below(3)];
            most * strength
        };
        Self {
            drop_request: rate(0.05),
            lose_reply: rate(0.10),
            duplicate: rate(0.05),
            conflict: rate(0.05),
            refuse: rate(0.05),
            cut_watch: rate(0.05),
            expire_watch: rate(0.02),
            latency: Duration::from_millis([5, 50, 400][chance.below(3)]),
        }
    }
}
