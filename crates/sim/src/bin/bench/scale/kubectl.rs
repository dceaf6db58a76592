//! What `kubectl apply --server-side` needs for the same objects on the same API server.

use jiff::Timestamp;

use super::fleet::{Fleet, Shape, manifests};
use crate::figures::{millis, say, seconds};

/// Puts the same objects into another namespace.
pub(super) fn beside(fleet: &Fleet, applications: usize, ours: i64) -> anyhow::Result<()> {
    let file = fleet.instance.directory().join("all.yaml");
    let all: Vec<String> = (0..applications)
        .map(|number| manifests(number, Shape::Four))
        .collect();
    std::fs::write(&file, all.join("---\n"))?;
    fleet.instance.kubectl(&["create", "namespace", "beside"])?;
    let begun = Timestamp::now();
    let file = file.display().to_string();
    fleet.instance.kubectl(&[
        "apply",
        "--server-side",
        "--validate=false",
        "-n",
        "beside",
        "-f",
        &file,
    ])?;
    let took = millis(begun, Timestamp::now());
    let tenths = took * 10 / ours.max(1);
    say(
        &format!(
            "A: kubectl apply --server-side, {} objects",
            applications * 4
        ),
        &format!(
            "{}: {}.{} times as long as Kedge, which renders, checks, waits for health and records",
            seconds(took),
            tenths / 10,
            tenths % 10
        ),
    )
}
