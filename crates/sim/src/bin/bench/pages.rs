//! Pages of the demo, beside the budget that they are built for: first byte, whole, size as sent,
//! many visitors at once, and what a browser sees first.

use std::time::Duration;

use anyhow::Context;
use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{ACCEPT, ACCEPT_ENCODING};
use reqwest::{Client, Response};
use sim::browser::{Browser, DESK};
use sim::instance::{Instance, wait};

use crate::figures::{micros, say, spread};

const PAGES: [&str; 11] = [
    "/apps",
    "/apps/serving",
    "/apps/serving/history",
    "/apps/serving/diff",
    "/apps/serving/rollouts/1",
    "/apps/serving/logs",
    "/apps/serving/why",
    "/rollouts",
    "/nodes",
    "/events",
    "/search?q=serving",
];
/// Visits of each page, one after another.
const VISITS: usize = 50;
/// Visitors who ask at once, without a pause.
const VISITORS: usize = 8;
const RUSH: Duration = Duration::from_secs(5);
/// Paints of each page.
const PAINTS: usize = 9;
/// How long a paint may take that is worth a figure.
const PAINTED: SignedDuration = SignedDuration::from_secs(5);
/// The list of Applications has this many on a page.
pub(crate) const LIST: usize = 200;

/// One answer: microseconds until its head, until its end, those that rendering took of them as the
/// server says, and its bytes as they were sent.
struct Visit {
    first: i64,
    whole: i64,
    rendering: i64,
    size: usize,
}

struct Web {
    http: Client,
    base: String,
    token: String,
}

impl Web {
    fn of(instance: &Instance) -> anyhow::Result<Self> {
        Ok(Self {
            http: Client::builder().timeout(Duration::from_secs(20)).build()?,
            base: instance.web()?,
            token: instance.token()?,
        })
    }

    async fn ask(&self, path: &str) -> anyhow::Result<Response> {
        let request = self.http.get(format!("{}{path}", self.base));
        let request = request.header(ACCEPT, "text/html");
        let request = request.header(ACCEPT_ENCODING, "gzip");
        let answer = request.bearer_auth(&self.token).send().await?;
        answer.error_for_status().with_context(|| path.to_owned())
    }

    async fn visit(&self, path: &str) -> anyhow::Result<Visit> {
        let begun = Timestamp::now();
        let answer = self.ask(path).await?;
        let first = micros(begun, Timestamp::now());
        let rendering = rendering(&answer).with_context(|| path.to_owned())?;
        let size = answer.bytes().await?.len();
        Ok(Visit {
            first,
            whole: micros(begun, Timestamp::now()),
            rendering,
            size,
        })
    }

    async fn visits(&self, path: &str) -> anyhow::Result<Vec<Visit>> {
        let mut visits = Vec::new();
        for _ in 0..VISITS {
            visits.push(self.visit(path).await?);
        }
        Ok(visits)
    }
}

/// Microseconds, from `Server-Timing`.
fn rendering(answer: &Response) -> Option<i64> {
    let header = answer.headers().get("server-timing")?.to_str().ok()?;
    let render = header
        .split(", ")
        .find_map(|it| it.strip_prefix("render;dur="))?;
    let took = SignedDuration::try_from_secs_f64(render.parse::<f64>().ok()? / 1e3).ok()?;
    i64::try_from(took.as_micros()).ok()
}

pub(crate) async fn of_the_demo(instance: &Instance) -> anyhow::Result<()> {
    let web = Web::of(instance)?;
    say(
        "pages",
        "microseconds; budget: first byte 20,000, 60,000 bytes as sent, first paint 100 ms",
    )?;
    for path in PAGES {
        report(path, &web.visits(path).await?)?;
    }
    rush(&web).await?;
    paints(instance).await
}

/// A list of as many Applications as a page shows.
pub(crate) async fn of_a_full_list(instance: &Instance, when: &str) -> anyhow::Result<()> {
    let visits = Web::of(instance)?.visits("/apps").await?;
    report(&format!("/apps with {LIST} {when}"), &visits)
}

fn report(what: &str, visits: &[Visit]) -> anyhow::Result<()> {
    let size = visits.iter().map(|it| it.size).max().unwrap_or_default();
    let first = spread(visits.iter().map(|it| it.first).collect(), "µs");
    let whole = spread(visits.iter().map(|it| it.whole).collect(), "µs");
    let rendering = spread(visits.iter().map(|it| it.rendering).collect(), "µs");
    say(&format!("{what}: first byte"), &first)?;
    say(&format!("{what}: rendering alone"), &rendering)?;
    say(
        &format!("{what}: whole"),
        &format!("{whole}; {size} bytes as sent"),
    )
}

/// Everybody at once, each from page to page.
async fn rush(web: &Web) -> anyhow::Result<()> {
    let end = Timestamp::now() + SignedDuration::try_from(RUSH)?;
    let visitors = (0..VISITORS).map(|visitor| async move {
        let mut times = Vec::new();
        // One person may ask for so many comparisons alone.
        let pages = PAGES.iter().filter(|path| !path.ends_with("/diff"));
        for path in pages.cycle().skip(visitor) {
            if Timestamp::now() > end {
                break;
            }
            times.push(web.visit(path).await?.whole / 1_000);
        }
        Ok::<_, anyhow::Error>(times)
    });
    let times = try_join_all(visitors).await?.concat();
    let rate = times.len() / usize::try_from(RUSH.as_secs())?.max(1);
    say(
        &format!("{VISITORS} visitors at once, all pages but the diff"),
        &format!("{rate} pages/s; {}", spread(times, "ms")),
    )
}

/// What a browser says of its first paint; where there is no browser, that is said.
async fn paints(instance: &Instance) -> anyhow::Result<()> {
    let link = instance.link()?;
    let base = instance.web()?;
    let painted = tokio::task::spawn_blocking(move || paint(&link, &base)).await?;
    match painted {
        Ok((line, pages)) => {
            let name = "first contentful paint, headless";
            say(&format!("{name}: a line of text"), &spread(line, "ms"))?;
            for (path, times) in PAGES.iter().zip(&pages) {
                say(&format!("{name}: {path}"), &spread(times.clone(), "ms"))?;
            }
            say(&format!("{name}: all pages"), &spread(pages.concat(), "ms"))
        }
        Err(error) => say(
            "first contentful paint: not measured",
            &format!("{error:#}"),
        ),
    }
}

/// Milliseconds until the first paint: of one line of text, which is what this browser needs on
/// this machine for anything, and of each page.
fn paint(link: &str, base: &str) -> anyhow::Result<(Vec<i64>, Vec<Vec<i64>>)> {
    let browser = Browser::start()?;
    browser.show("light", DESK)?;
    browser.open(link)?;
    let (mut line, mut pages) = (Vec::new(), vec![Vec::new(); PAGES.len()]);
    for _ in 0..PAINTS {
        for (path, times) in PAGES.iter().zip(&mut pages) {
            line.push(first_paint(&browser, &format!("{base}/livez"))?);
            times.push(first_paint(&browser, &format!("{base}{path}"))?);
        }
    }
    Ok((line, pages))
}

fn first_paint(browser: &Browser, url: &str) -> anyhow::Result<i64> {
    browser.open(url)?;
    let asked = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime";
    // A page is whole before it is seen.
    wait("the first paint", PAINTED, || {
        browser.holds(&format!("{asked} >= 0"))
    })
    .with_context(|| url.to_owned())?;
    let painted = browser.value(asked)?.as_f64().context("no time")?;
    let painted = SignedDuration::try_from_secs_f64(painted / 1e3)?;
    i64::try_from(painted.as_millis()).context("a long time")
}
