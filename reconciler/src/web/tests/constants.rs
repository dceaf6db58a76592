//! When it is in the sample, and how its things are called.

use jiff::{SignedDuration, Timestamp};

use api::{Collection, ObjectKey};
use engine::rollout::CommitId;

pub(super) fn now() -> Timestamp {
    "2026-03-01T14:13:28Z".parse().unwrap()
}

pub(super) fn ago(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

pub(super) fn id(text: &str) -> CommitId {
    CommitId(format!("{text}{}", "0".repeat(40 - text.len())))
}

pub(super) fn key(resource: &str, name: &str) -> ObjectKey {
    let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
    Collection::new(group, resource).key("movies", name)
}

/// What a page must survive.
pub(super) const HOSTILE: &str = "<script>alert(1)</script>\"'&<b>";
