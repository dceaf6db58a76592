//! F: what somebody changed by hand, until it is as Git says again.

use jiff::Timestamp;
use serde_json::json;

use client::{Client, Patch, PatchOptions, Target};

use super::fleet::{Fleet, name_of};
use super::{peers, pushes};
use crate::figures::{millis, say, spread};

const TRIES: usize = 50;

pub(super) async fn by_hand(fleet: &Fleet) -> anyhow::Result<()> {
    let mut times = Vec::new();
    for number in 0..TRIES {
        // Others than those that the pushes changed; one that is put back often waits.
        let key = pushes::key(&name_of((number * 53 + 11) % fleet.count));
        let value = fleet.client.get(&key).await?.text("/data/value").to_owned();
        let patch = Patch::Merge(json!({"data": {"value": "by hand"}}));
        let options = PatchOptions {
            field_manager: "kubectl-edit".into(),
            ..PatchOptions::default()
        };
        let begun = Timestamp::now();
        let target = Target::object(key.clone());
        fleet.client.patch(&target, &patch, &options).await?;
        pushes::becomes(fleet, &key, &value).await?;
        times.push(millis(begun, Timestamp::now()));
    }
    say(&format!("F: {}", peers::F.what), &spread(times, "ms"))?;
    say("F: published", peers::F.source)
}
