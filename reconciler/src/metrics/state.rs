//! How the Applications are, as gauges: read when somebody asks, from what their last passes found.

use std::fmt;

use client::WorkQueue;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};

use crate::sync::Standings;

/// Labels of Applications: words of a small vocabulary, never names.
type Labels = [(&'static str, &'static str); 2];

pub(super) struct States {
    pub(super) standings: Standings,
    /// Applications that wait for a look.
    pub(super) queue: Option<WorkQueue<String>>,
}

impl fmt::Debug for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("States").finish_non_exhaustive()
    }
}

impl Collector for States {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let by_state = Family::<Labels, Gauge>::default();
        let mut unconverged = 0;
        self.standings.each(|stand| {
            let standing = &stand.standing;
            let labels = [
                ("sync", standing.sync.as_str()),
                ("health", standing.health.status.as_str()),
            ];
            by_state.get_or_create(&labels).inc();
            unconverged += stand.unconverged;
        });
        let help = "Applications, by whether the cluster has what Git says and by health";
        by_state.encode(encoder.encode_descriptor(
            "applications",
            help,
            None,
            MetricType::Gauge,
        )?)?;
        let help = "Objects that are not as Git says, or not healthy";
        let gauge = ConstGauge::new(i64::try_from(unconverged).unwrap_or(i64::MAX));
        gauge.encode(encoder.encode_descriptor(
            "unconverged_objects",
            help,
            None,
            MetricType::Gauge,
        )?)?;
        let waiting = self.queue.as_ref().map_or(0, WorkQueue::len);
        let help = "Applications that wait for a look";
        let gauge = ConstGauge::new(i64::try_from(waiting).unwrap_or(i64::MAX));
        gauge.encode(encoder.encode_descriptor("queue_depth", help, None, MetricType::Gauge)?)
    }
}
