//! H: a good push beside Applications that never get healthy.

use jiff::SignedDuration;

use super::fleet::{Fleet, deployment};
use super::{peers, pushes};
use crate::figures::say;

const LIMIT: SignedDuration = SignedDuration::from_mins(10);

/// `alone` is how long the good push took without them.
pub(super) async fn neighbours(
    fleet: &Fleet,
    unwell: usize,
    alone: i64,
    pushes: usize,
) -> anyhow::Result<()> {
    let nowhere = "      nodeSelector: {nowhere: 'yes'}\n";
    for number in 0..unwell {
        let name = format!("unwell-{number:04}");
        fleet.write(&name, &deployment(&name, 1, nowhere))?;
    }
    fleet.work.add("Some that never get healthy")?;
    fleet.push()?;
    let waiting = "kedge_reconciler_applications{sync=\"Synced\",health=\"Progressing\"}";
    let wait = async {
        // The line is there once the first of them is.
        while fleet.figure(waiting).await.unwrap_or(0) < unwell as u64 {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(LIMIT.unsigned_abs(), wait).await?;
    let beside = pushes::one_file(fleet, "H", pushes).await?;
    let more = (beside - alone) * 100 / alone.max(1);
    say(
        &format!("H: with {unwell} unhealthy neighbours, p95"),
        &format!("{beside} ms, alone {alone} ms: {more:+} %"),
    )?;
    say("H: published", peers::H.source)
}
