//! A, B, C: all Applications in one push.

use jiff::{SignedDuration, Timestamp};

use super::fleet::Fleet;
use super::peers::Peer;
use crate::figures::{millis, say, seconds};
use crate::process;

/// Longer than it may take.
const LIMIT: SignedDuration = SignedDuration::from_mins(40);

/// Answers how many milliseconds it took.
pub(crate) async fn all(fleet: &Fleet, peer: &Peer) -> anyhow::Result<i64> {
    let (test, count) = (peer.test, fleet.count);
    let before = process::all(&fleet.instance);
    let begun = Timestamp::now();
    fleet.push()?;
    let accepted = millis(begun, Timestamp::now());
    let done = "kedge_reconciler_rollouts_total{result=\"succeeded\"}";
    fleet.reaches(done, count as u64, LIMIT).await?;
    let took = millis(begun, Timestamp::now());
    say(
        &format!("{test}: {}", peer.what),
        &format!("{count} Applications"),
    )?;
    say(
        &format!("{test}: checked and accepted after"),
        &seconds(accepted),
    )?;
    let ratio = peer.ratio(took, fleet.is_whole);
    say(
        &format!("{test}: all applied and healthy after"),
        &format!("{}{ratio}", seconds(took)),
    )?;
    say(&format!("{test}: published"), peer.source)?;
    process::peak(test, &before, &process::all(&fleet.instance))?;
    Ok(took)
}
