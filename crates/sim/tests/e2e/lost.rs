//! A page whose stream breaks off: it says so, asks less and less often, and misses nothing.

use anyhow::{Context, ensure};
use jiff::SignedDuration;
use sim::browser::{Browser, DESK};
use sim::instance::{Instance, examples, wait};
use sim::work_tree::WorkTree;

use super::gateway::Gateway;
use super::pages::SOON;

/// For what has to be pushed, applied and found healthy.
const LONG: SignedDuration = SignedDuration::from_secs(60);
/// For the next try of a page that has tried for a while.
const AGAIN: SignedDuration = SignedDuration::from_secs(120);
/// The pause before the second try is between half and one and a half of this; the next one is twice
/// as long.
const SECOND: SignedDuration = SignedDuration::from_secs(4);
/// What a busy machine may add.
const SLACK: SignedDuration = SignedDuration::from_secs(2);

#[test]
fn a_page_that_loses_its_stream_says_so_and_misses_nothing() -> anyhow::Result<()> {
    let instance = Instance::start("lost", &["--runtime", "simulated", "--seed", &examples()])?;
    let page = Page {
        gateway: Gateway::before(&instance.web()?)?,
        browser: Browser::start()?,
        instance: &instance,
    };
    let done = page.all();
    done.with_context(|| format!("the instance said:\n{}", instance.logs()))
}

struct Page<'a> {
    instance: &'a Instance,
    gateway: Gateway,
    browser: Browser,
}

impl Page<'_> {
    fn all(&self) -> anyhow::Result<()> {
        self.sign_in()?;
        self.is_refused(502)?;
        self.comes_back()?;
        self.is_refused(503)?;
        self.asks_less_often()?;
        self.grows_old()?;
        self.misses_nothing()
    }

    fn sign_in(&self) -> anyhow::Result<()> {
        let link = self.instance.link()?;
        let (_, link) = link.split_once("/signin").context("no link")?;
        self.browser.show("light", DESK)?;
        self.browser
            .open(&self.gateway.at(&format!("/signin{link}")))?;
        self.browser
            .reads("#attention", &["All 5 applications match Git"], LONG)?;
        self.browser.reads(".live", &["Live"], SOON)?;
        // The page's clock can be put on, and a reload would be noticed.
        self.browser.value(
            "void (now => { window.ahead = 0; Date.now = () => now() + window.ahead; })(Date.now)",
        )?;
        Ok(())
    }

    fn is_refused(&self, code: u16) -> anyhow::Result<()> {
        self.gateway.refuse(code);
        self.browser.reads(".live", &["Not connected"], SOON)?;
        self.browser.reads("#said", &["Not connected"], SOON)?;
        ensure!(
            self.browser
                .holds("document.body.dataset.stale === undefined")
        );
        Ok(())
    }

    fn comes_back(&self) -> anyhow::Result<()> {
        self.gateway.mend();
        self.browser.reads(".live", &["Live"], LONG)
    }

    fn asks_less_often(&self) -> anyhow::Result<()> {
        wait("three tries", LONG, || self.gateway.asked().len() >= 3)?;
        let asked = self.gateway.asked();
        let mut pause = SECOND;
        for pair in asked.windows(2).take(2) {
            let waited = pair[0].duration_until(pair[1]);
            let bounds = pause / 2..=pause / 2 * 3 + SLACK;
            ensure!(bounds.contains(&waited), "{waited:#} is not in {bounds:?}");
            pause *= 2;
        }
        Ok(())
    }

    /// First the mark, then a bar; what was there stays.
    fn grows_old(&self) -> anyhow::Result<()> {
        self.browser.value("window.ahead += 25e3")?;
        self.browser.reads(".live", &["Stale · "], SOON)?;
        let mark = "getComputedStyle(document.querySelector('.live'), '::before').borderRadius";
        ensure!(self.browser.value(mark)? == "1px", "the mark is no square");
        self.browser.value("window.ahead += 45e3")?;
        let bar = "getComputedStyle(document.querySelector('main'), '::before').content";
        wait("the bar", SOON, || {
            let text = self.browser.value(bar).unwrap_or_default();
            text.as_str()
                .is_some_and(|text| text.contains("Not connected. What is here was so at"))
        })?;
        self.browser.reads("#apps", &["features", "Healthy"], SOON)
    }

    fn misses_nothing(&self) -> anyhow::Result<()> {
        let work = WorkTree::clone(self.instance, "clone")?;
        let slower = "minReadySeconds: 5\n  replicas: ";
        work.edit("features/deployment.yaml", "replicas: ", slower)?;
        work.commit("features: slower")?;
        work.push()?;
        ensure!(
            !self.browser.text("#apps").contains("features: slower"),
            "the page was told all the same"
        );
        self.gateway.mend();
        self.browser.reads("#apps", &["features: slower"], AGAIN)?;
        self.browser.reads(".live", &["Live"], SOON)?;
        ensure!(
            self.browser
                .holds("document.body.dataset.stale === undefined"),
            "the bar is still there"
        );
        ensure!(
            self.browser.holds("window.ahead > 0"),
            "the page was loaded again"
        );
        Ok(())
    }
}
