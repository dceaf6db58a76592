//! Logs of containers that print a lot, read as the page reads them: each line once, in order,
//! while the files are rotated and the connection breaks.

use std::time::Duration;

use anyhow::{Context, ensure};
use jiff::{SignedDuration, Timestamp};
use sim::browser::{Browser, DESK};
use sim::chatter::{self, FLOOD, Follower, STEADY};
use sim::instance::{Instance, empty_seed, wait};
use tokio::runtime::Builder;
use tokio::time::timeout;

use super::pages::SOON;

/// Until the last line is there, from the pod's creation.
const LIMIT: Duration = Duration::from_secs(150);
/// The same for a page.
const PAGE: SignedDuration = SignedDuration::from_secs(120);
/// Lines between two breaks of the connection.
const BREAK: u64 = 7_000;

#[test]
fn every_line_comes_once_however_many_there_are() {
    let seed = empty_seed().unwrap();
    let instance = Instance::start("logs", &["--seed", &seed]).unwrap();
    chatter::start(&instance, "chatter").unwrap();
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    let told = std::thread::scope(|scope| {
        let page = scope.spawn(|| page(&instance));
        let read = runtime.block_on(async {
            let all = async { tokio::try_join!(flood(&instance), steady(&instance)) };
            timeout(LIMIT, all).await.context("not all lines came")?
        });
        read?;
        page.join()
            .map_err(|_| anyhow::anyhow!("the browser panicked"))?
    });
    told.with_context(|| instance.logs()).unwrap();
}

/// A page that follows has the last lines soon after they are printed, each once.
fn page(instance: &Instance) -> anyhow::Result<()> {
    let browser = Browser::start()?;
    browser.show("light", DESK)?;
    browser.open(&instance.link()?)?;
    let url = format!(
        "{}/pods/default/chatter?c={STEADY}&run=now",
        instance.web()?
    );
    browser.open(&url)?;
    // What the line with number 1 had: lines keep their numbers as the first ones go.
    let begin = "+document.querySelector('#log .m').textContent.split(' ')[1] \
                 - document.querySelector('#log').start";
    wait("a line", SOON, || browser.value(begin).is_ok())?;
    let began = browser.value(begin)?;
    let last = format!("{STEADY} {}", chatter::STEADY_LINES - 1);
    browser.reads("#log li:last-child", &[&last], PAGE)?;
    browser.reads("#log-count", &["5000 lines"], PAGE)?;
    let numbers =
        "[...document.querySelectorAll('#log .m')].map(e => +e.textContent.split(' ')[1])";
    let whole = format!("{numbers}.every((n, i, all) => !i || n === all[i - 1] + 1)");
    ensure!(browser.holds(&whole), "{:?}", browser.value(numbers));
    let (begins, number) = (
        browser.value(begin)?,
        "document.querySelector('#log').start > 1",
    );
    ensure!(
        browser.holds(number) && begins == began,
        "{begins} and not {began}"
    );
    Ok(())
}

/// More than one file of a log holds, without a pause.
async fn flood(instance: &Instance) -> anyhow::Result<()> {
    let mut lines = Follower::new(instance, "chatter", FLOOD)?;
    for number in 0..chatter::LINES {
        let line = lines.next().await.with_context(|| format!("at {number}"))?;
        ensure!(line.number == number, "{line:?} and not {number}");
    }
    Ok(())
}

/// Thousands a second, over a connection that breaks.
async fn steady(instance: &Instance) -> anyhow::Result<()> {
    let mut lines = Follower::new(instance, "chatter", STEADY)?;
    let (mut first, mut last) = (None, Timestamp::MIN);
    for number in 0..chatter::STEADY_LINES {
        let line = lines.next().await.with_context(|| format!("at {number}"))?;
        ensure!(line.number == number, "{line:?} and not {number}");
        first.get_or_insert(line.printed);
        last = line.printed;
        if number % BREAK == BREAK - 1 {
            lines.cut();
        }
    }
    let took = last
        .duration_since(first.context("no line")?)
        .as_millis()
        .max(1);
    let rate = i128::from(chatter::STEADY_LINES) * 1_000 / took;
    ensure!(rate > 1_000, "{rate} lines a second are no thousands");
    Ok(())
}
