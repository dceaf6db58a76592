//! Somebody at a browser, signed in to the demo in simulated containers.

use anyhow::Context;
use jiff::SignedDuration;
use sim::browser::{Browser, DESK};
use sim::instance::{Instance, examples};

/// For what has to be pushed, applied and found healthy.
pub(super) const LONG: SignedDuration = SignedDuration::from_secs(60);

pub(super) struct Desk<'a> {
    pub(super) instance: &'a Instance,
    pub(super) browser: Browser,
    web: String,
}

impl Desk<'_> {
    /// Does `work` once all is well. `name` is the instance's.
    pub(super) fn at(
        name: &str,
        work: impl FnOnce(&Desk<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let instance = Instance::start(name, &["--runtime", "simulated", "--seed", &examples()])?;
        let desk = Desk {
            browser: Browser::start()?,
            web: instance.web()?,
            instance: &instance,
        };
        let done = desk.sign_in().and_then(|()| work(&desk));
        done.with_context(|| format!("the instance said:\n{}", instance.logs()))
    }

    pub(super) fn open(&self, path: &str) -> anyhow::Result<()> {
        self.browser.open(&format!("{}{path}", self.web))
    }

    fn sign_in(&self) -> anyhow::Result<()> {
        self.browser.show("light", DESK)?;
        self.browser.open(&self.instance.link()?)?;
        self.browser
            .reads("#attention", &["All 5 applications match Git"], LONG)
    }
}

/// The name of a pod of the demo's serving.
pub(super) fn serving_pod(instance: &Instance) -> anyhow::Result<String> {
    instance.kubectl(&[
        "get",
        "pods",
        "-n",
        "movies",
        "-l",
        "app=serving",
        "-o",
        "jsonpath={.items[0].metadata.name}",
    ])
}
