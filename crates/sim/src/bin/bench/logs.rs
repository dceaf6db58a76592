//! A container that prints as fast as it can, followed through the page's stream.

use std::time::Duration;

use anyhow::{Context, ensure};
use jiff::Timestamp;
use sim::chatter::{self, FLOOD, Follower, LINES};
use sim::instance::Instance;

use crate::figures::{millis, say, seconds, spread};

const LIMIT: Duration = Duration::from_secs(180);

pub(crate) async fn flood(instance: &Instance) -> anyhow::Result<()> {
    chatter::start(instance, "bench-logs")?;
    let measured = tokio::time::timeout(LIMIT, follow(instance)).await;
    measured.context("not all lines came in time")?
}

async fn follow(instance: &Instance) -> anyhow::Result<()> {
    let mut lines = Follower::new(instance, "bench-logs", FLOOD)?;
    let mut late = Vec::new();
    let first = lines.next().await?;
    for number in 1..LINES {
        let line = lines.next().await?;
        ensure!(
            line.number == number,
            "line {} and not {number}",
            line.number
        );
        late.push(millis(line.printed, Timestamp::now()));
    }
    let took = millis(first.printed, Timestamp::now()).max(1);
    let rate = i64::try_from(LINES)? * 1_000 / took;
    say(
        "logs, a flood through the page's stream",
        &format!(
            "{LINES} lines in {}, {rate} lines/s, none lost, none twice",
            seconds(took)
        ),
    )?;
    say("logs, from the print to the reader", &spread(late, "ms"))
}
