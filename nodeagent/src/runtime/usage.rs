//! What containers use, as the runtime counts it.

use api::Uid;
use jiff::Timestamp;

use super::types::ContainerId;

/// One reading of one running container. What the runtime does not count is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    pub container: ContainerId,
    pub pod: Uid,
    pub namespace: String,
    pub pod_name: String,
    /// Of the container.
    pub name: String,
    pub cpu: Option<CpuTime>,
    pub memory: Option<Memory>,
}

/// How long processors have worked for something since it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CpuTime {
    pub at: Timestamp,
    /// Nanoseconds of one core.
    pub nanoseconds: u64,
}

/// Bytes that are held at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    pub at: Timestamp,
    /// What cannot be had back at once: limits are about this.
    pub working_set: u64,
    /// With caches.
    pub usage: Option<u64>,
}
