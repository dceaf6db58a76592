//! Measures a controller from outside.

use async_trait::async_trait;
use client::{Context, Controller, Error, Requeue, Watch};

use super::Metrics;
use super::spans::seconds;

/// A controller whose runs are counted and timed.
pub(crate) struct Counted<C> {
    inner: C,
    metrics: Metrics,
}

impl<C> Counted<C> {
    pub(crate) fn new(inner: C, metrics: &Metrics) -> Self {
        Self {
            inner,
            metrics: metrics.clone(),
        }
    }
}

#[async_trait]
impl<C: Controller> Controller for Counted<C> {
    type Key = C::Key;

    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn watches(&self) -> Vec<Watch<Self::Key>> {
        self.inner.watches()
    }

    async fn reconcile(&self, key: &Self::Key, context: &Context<'_>) -> Result<Requeue, Error> {
        let outcome = self.inner.reconcile(key, context).await;
        let result = if outcome.is_ok() { "done" } else { "error" };
        let took = seconds(context.now, context.env.now());
        self.metrics.passed(result, took);
        outcome
    }
}
