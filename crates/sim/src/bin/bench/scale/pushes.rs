//! D, E, G: a commit that concerns nobody, one that concerns one Application, and the list of all.

use std::time::Duration;

use anyhow::ensure;
use jiff::{SignedDuration, Timestamp};

use api::{Collection, ObjectKey};
use client::Client;

use super::fleet::{Fleet, config_map, name_of};
use super::peers;
use crate::figures::{millis, say, spread};
use crate::process;

/// Between two looks at an object.
const PAUSE: Duration = Duration::from_millis(5);
const LIMIT: SignedDuration = SignedDuration::from_mins(5);
const PAGES: usize = 50;
const COMMITS: usize = 20;
/// Pages beside the list of all Applications.
const OTHERS: [&str; 8] = [
    "/apps/APP",
    "/apps/APP/history",
    "/rollouts",
    "/nodes",
    "/events",
    "/repos",
    "/changes",
    "/search?q=app",
];

const RENDERS: &str = "kedge_reconciler_renders_total";
const FOLLOWED: &str = "kedge_reconciler_pushes_total{verdict=\"accepted\"}";

/// The key of an Application's `ConfigMap`.
pub(super) fn key(name: &str) -> ObjectKey {
    Collection::new("", "configmaps").key("fleet", name)
}

/// Commits of a file that no Application has, each until all Applications are through with it.
pub(super) async fn unrelated(fleet: &Fleet) -> anyhow::Result<()> {
    let (mut checked, mut followed) = (Vec::new(), Vec::new());
    let rendered = fleet.figure(RENDERS).await?;
    for number in 0..COMMITS {
        fleet.work.write("NOTES.md", &format!("note {number}\n"))?;
        fleet.work.add("A note")?;
        let accepted = fleet.figure(FOLLOWED).await?;
        let begun = Timestamp::now();
        fleet.push()?;
        checked.push(millis(begun, Timestamp::now()));
        fleet.reaches(FOLLOWED, accepted + 1, LIMIT).await?;
        idle(fleet).await?;
        followed.push(millis(begun, Timestamp::now()));
    }
    let rendered = fleet.figure(RENDERS).await? - rendered;
    let what = peers::D.what;
    say(&format!("D: {what}: git push"), &spread(checked, "ms"))?;
    say(
        &format!("D: {what}: all looked at"),
        &spread(followed, "ms"),
    )?;
    say("D: renders meanwhile", &format!("{rendered}"))?;
    say("D: published", peers::D.source)
}

/// Waits until no Application is looked at for a while.
async fn idle(fleet: &Fleet) -> anyhow::Result<()> {
    let passes = "kedge_reconciler_sync_passes_total{result=\"done\"}";
    let mut before = fleet.figure(passes).await?;
    loop {
        tokio::time::sleep(PAUSE * 10).await;
        let now = fleet.figure(passes).await?;
        if now == before {
            return Ok(());
        }
        before = now;
    }
}

/// Pushes that change one Application each. Answers the milliseconds of the 95th of 100.
pub(super) async fn one_file(fleet: &Fleet, test: &str, pushes: usize) -> anyhow::Result<i64> {
    let (mut applied, mut after) = (Vec::new(), Vec::new());
    let rendered = fleet.figure(RENDERS).await?;
    for number in 0..pushes {
        let (begun, returned) = push_one(fleet, test, number).await?;
        let end = Timestamp::now();
        applied.push(millis(begun, end));
        after.push(millis(returned, end));
    }
    let rendered = fleet.figure(RENDERS).await? - rendered;
    let ninety_fifth = {
        let mut sorted = applied.clone();
        sorted.sort_unstable();
        sorted[(sorted.len() - 1) * 95 / 100]
    };
    let what = peers::E.what;
    let ratio = peers::E.ratio(ninety_fifth, fleet.is_whole);
    say(
        &format!("{test}: {what}"),
        &format!("{}{ratio}", spread(applied, "ms")),
    )?;
    say(
        &format!("{test}: from git's return to applied"),
        &spread(after, "ms"),
    )?;
    say(
        &format!("{test}: renders of {pushes} pushes"),
        &format!("{rendered}"),
    )?;
    say(&format!("{test}: published"), peers::E.source)?;
    let now = process::all(&fleet.instance);
    process::peak(test, &now, &now)?;
    Ok(ninety_fifth)
}

/// Changes one Application and waits until it is applied. Answers when the push began and when git
/// returned.
async fn push_one(
    fleet: &Fleet,
    test: &str,
    number: usize,
) -> anyhow::Result<(Timestamp, Timestamp)> {
    let name = name_of(number * 37 % fleet.count);
    let value = format!("{test}{number}");
    let file = format!("fleet/{name}/all.yaml");
    fleet.work.write(&file, &config_map(&name, &value))?;
    fleet.work.commit("One file")?;
    let begun = Timestamp::now();
    fleet.push()?;
    let returned = Timestamp::now();
    becomes(fleet, &key(&name), &value).await?;
    Ok((begun, returned))
}

/// Waits until the live object has this value.
pub(super) async fn becomes(fleet: &Fleet, key: &ObjectKey, value: &str) -> anyhow::Result<()> {
    let end = Timestamp::now() + LIMIT;
    loop {
        match fleet.client.get(key).await {
            Ok(live) if live.text("/data/value") == value => return Ok(()),
            Err(error) if !error.is_not_found() => return Err(error.into()),
            _ => {}
        }
        ensure!(Timestamp::now() < end, "{key} is not {value} in time");
        tokio::time::sleep(PAUSE).await;
    }
}

/// The list of all Applications, as a browser gets it: again and again, and each time right after
/// one of them changed, when what was known of it is to be read again.
pub(super) async fn pages(fleet: &Fleet) -> anyhow::Result<()> {
    let (first, _) = page(fleet).await?;
    let (mut again, mut changed, mut size) = (Vec::new(), Vec::new(), 0);
    for _ in 0..PAGES {
        let (took, bytes) = page(fleet).await?;
        again.push(took);
        size = bytes;
    }
    for number in 0..PAGES {
        push_one(fleet, "G", number).await?;
        changed.push(page(fleet).await?.0);
    }
    let text = format!(
        "{}, {} kB; the first {first} ms",
        spread(again, "ms"),
        size / 1024
    );
    let what = peers::G.what;
    say(&format!("G: {what}"), &text)?;
    say(
        &format!("G: {what}, after each push"),
        &spread(changed, "ms"),
    )?;
    say("G: published", peers::G.source)?;
    let one = format!("/apps/{}", name_of(0));
    for path in OTHERS.iter().map(|path| path.replace("/apps/APP", &one)) {
        let (first, _) = get(fleet, &path).await?;
        let mut again = Vec::new();
        for _ in 0..PAGES {
            again.push(get(fleet, &path).await?.0);
        }
        let text = format!("{}; the first {first} ms", spread(again, "ms"));
        say(&format!("G: {path}"), &text)?;
    }
    Ok(())
}

async fn page(fleet: &Fleet) -> anyhow::Result<(i64, usize)> {
    get(fleet, "/apps").await
}

/// Milliseconds, and bytes before compression.
async fn get(fleet: &Fleet, path: &str) -> anyhow::Result<(i64, usize)> {
    let begun = Timestamp::now();
    let size = fleet.get(path, "text/html").await?.len();
    Ok((millis(begun, Timestamp::now()), size))
}
