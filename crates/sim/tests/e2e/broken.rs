//! A push that breaks something, seen on the pages: what it is, since which line of which commit,
//! and that the commit that reverts it mends it.

use anyhow::ensure;
use jiff::SignedDuration;
use sim::browser::{DESK, PHONE};

use super::pages::{SOON, Story};

/// For a rollout with real pods.
const LONG: SignedDuration = SignedDuration::from_secs(120);
const SETTINGS: &str = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: ui
data:
  SERVING_URL: http://serving
";
const SUBJECT: &str = "ui: take the address of serving from a ConfigMap";

impl Story<'_> {
    /// A key of a ConfigMap is called otherwise than the Deployment says.
    pub(super) fn break_and_mend(&self) -> anyhow::Result<()> {
        let (browser, work) = (&self.browser, self.work());
        browser.show("light", DESK)?;
        work.write("ui/config.yaml", SETTINGS)?;
        work.edit(
            "ui/deployment.yaml",
            "{name: SERVING_URL, value: http://serving}",
            "{name: SERVING_URL, valueFrom: {configMapKeyRef: {name: ui, key: SERVING_ADDRESS}}}",
        )?;
        work.edit(
            "ui/kustomization.yaml",
            "resources:\n",
            "resources:\n  - config.yaml\n",
        )?;
        work.add(SUBJECT)?;
        let broken = work.head()?;
        work.git(&["push", "-o", "nowait", "origin", "main"])?;
        self.told(&broken[..7])?;
        self.pictures_of("why", "/apps/ui/why")?;
        browser.show("light", DESK)?;
        // A person reverts, and nothing else.
        work.git(&["revert", "--no-edit", "HEAD"])?;
        let report = work.push()?;
        ensure!(report.contains("ui"), "{report}");
        browser.open(&self.at("/apps/ui"))?;
        browser.reads("#head", &["ui", "Healthy", "Synced"], LONG)?;
        browser.open(&self.at("/apps/ui/history"))?;
        browser.reads(".hist", &[SUBJECT, "Superseded"], SOON)
    }

    /// From the list to the line, by what is to be clicked.
    fn told(&self, commit: &str) -> anyhow::Result<()> {
        let browser = &self.browser;
        browser.open(&self.at("/apps/ui"))?;
        browser.reads("#truth", &["cannot be configured", "SERVING_ADDRESS"], LONG)?;
        browser.press('w')?;
        browser.reads("#why", &["SERVING_ADDRESS", "ui/deployment.yaml"], LONG)?;
        browser.reads("#why", &[SUBJECT, commit], SOON)?;
        browser.reads("#why", &["SERVING_URL"], SOON)
    }

    /// In both themes, on a desk and on a phone.
    fn pictures_of(&self, name: &str, path: &str) -> anyhow::Result<()> {
        for scheme in ["light", "dark"] {
            for (size, screen) in [("desk", DESK), ("phone", PHONE)] {
                self.browser.show(scheme, screen)?;
                self.browser.open(&self.at(path))?;
                self.browser.reads("#why", &["SERVING_ADDRESS"], SOON)?;
                self.picture(&format!("{name}-chain-{scheme}-{size}"))?;
            }
        }
        Ok(())
    }
}
