//! Watches the cluster's Events and writes them down, some at a time.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};

use api::{Collection, WatchEvent};
use client::{Backoff, Client, Env, ListOptions, WatchOptions};

use super::decide::{Waiting, report};
use crate::history::History;

/// Between two writes, while there is something to write.
const PAUSE: Duration = Duration::from_secs(2);
/// Between two sweeps.
const SWEEP: SignedDuration = SignedDuration::from_hours(1);
/// What was last seen longer ago is swept.
const DAYS: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Of more than these the oldest are swept.
const MOST: i64 = 1_000_000;
/// Swept at once.
const PART: i64 = 10_000;
/// What a new list has of what was written before is written again: some of it may have come late.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);

/// Until it is cancelled. A cluster or a database that is away is asked again.
pub(crate) async fn keep(history: History, client: Arc<dyn Client>, env: Env) {
    let mut waiting = Waiting::default();
    let mut failures = 0;
    let mut swept = None;
    loop {
        let watched = watch(&history, &*client, &env, &mut waiting, &mut swept);
        match watched.await {
            Ok(()) => failures = 0,
            Err(error) => {
                failures += 1;
                tracing::debug!(%error, "cannot follow the cluster's events");
            }
        }
        let pause = Backoff::SERVER.jittered(failures.max(1), &*env.ids);
        env.clock.sleep(pause).await;
    }
}

/// Ends where the server ends the watch. What happened between two watches is in the next list.
async fn watch(
    history: &History,
    client: &dyn Client,
    env: &Env,
    waiting: &mut Waiting,
    swept: &mut Option<Timestamp>,
) -> Result<(), client::Error> {
    let collection = Collection::new("", "events");
    let list = client.list(&collection, &ListOptions::default()).await?;
    let known = history.reader().newest_report().await.ok().flatten();
    let heard = known.map(|newest| newest - OVERLAP);
    let reports = list.items.iter().filter_map(report);
    for report in reports.filter(|it| heard.is_none_or(|heard| it.last_at >= heard)) {
        waiting.add(report);
    }
    let from = list.resource_version;
    drop(list.items);
    let mut events = client
        .watch(&collection, &from, &WatchOptions::default())
        .await?;
    let mut writing = env.clock.sleep(PAUSE);
    let mut sweeping = env.clock.sleep(until_sweep(*swept, env.now()));
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            () = &mut writing, if !waiting.is_empty() => {
                write(history, waiting).await;
                writing = env.clock.sleep(PAUSE);
                continue;
            }
            () = &mut sweeping => {
                sweep(history, env, swept).await;
                sweeping = env.clock.sleep(until_sweep(*swept, env.now()).max(PAUSE));
                continue;
            }
        };
        match event {
            Some(Ok(WatchEvent::Added(event) | WatchEvent::Modified(event))) => {
                let Some(report) = report(&event) else {
                    continue;
                };
                if waiting.is_empty() {
                    writing = env.clock.sleep(PAUSE);
                }
                waiting.add(report);
            }
            Some(Ok(WatchEvent::Deleted(_) | WatchEvent::Bookmark { .. })) => {}
            Some(Ok(WatchEvent::Error(_))) | None => return Ok(()),
            Some(Err(error)) => return Err(error),
        }
    }
}

async fn write(history: &History, waiting: &mut Waiting) {
    if waiting.lost > 0 {
        let lost = std::mem::take(&mut waiting.lost);
        tracing::warn!(events.lost = lost, "more events than are kept in a second");
    }
    if waiting.is_empty() {
        return;
    }
    let batch = waiting.batch();
    if let Err(error) = history.keep_reports(&batch).await {
        tracing::debug!(%error, "cannot keep the cluster's events yet");
        waiting.again(batch);
    }
}

/// What is older than it is kept, a part at a time; the next part comes after a pause.
async fn sweep(history: &History, env: &Env, swept: &mut Option<Timestamp>) {
    let now = env.now();
    match history.sweep_reports(now - DAYS, MOST, PART).await {
        Ok(gone) if gone >= PART.unsigned_abs() => *swept = None,
        Ok(_) => *swept = Some(now),
        Err(error) => {
            tracing::debug!(%error, "cannot sweep old events yet");
            *swept = Some(now);
        }
    }
}

/// How long until the next sweep is due.
fn until_sweep(swept: Option<Timestamp>, now: Timestamp) -> Duration {
    let Some(swept) = swept else {
        return Duration::ZERO;
    };
    let left = SWEEP - swept.duration_until(now);
    Duration::try_from(left).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_is_due_every_hour() {
        let at = |minutes| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes);
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        assert_eq!(until_sweep(None, at(7)), Duration::ZERO);
        assert_eq!(until_sweep(Some(at(0)), at(7)), minutes(53));
        assert_eq!(until_sweep(Some(at(0)), at(90)), Duration::ZERO);
    }
}
