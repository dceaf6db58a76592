//! How the pages look, to those who see them and to those who do not.

use std::collections::BTreeSet;

use anyhow::{Context, ensure};
use sim::browser::{DESK, PHONE, Scripts, TABLET};

use super::desk::serving_pod;
use super::pages::{APPLICATIONS, NOT_HERE, SOON, Story};

impl Story<'_> {
    /// The address of every page that the demo has something for.
    fn addresses(&self) -> anyhow::Result<Vec<(&'static str, String)>> {
        let pod = serving_pod(self.instance)?;
        let commit = self.commit()?;
        Ok(vec![
            ("applications", "/apps".to_owned()),
            ("application", "/apps/training".to_owned()),
            ("diff", "/apps/ui/diff".to_owned()),
            (
                "compare",
                "/apps/ui/diff?to=ui-2&defaults=1&managed=1".to_owned(),
            ),
            (
                "unified",
                "/apps/ui/diff?from=ui-1&to=ui-2&view=unified&ctx=0".to_owned(),
            ),
            ("history", "/apps/ui/history".to_owned()),
            ("rollouts", "/rollouts".to_owned()),
            ("rollout", "/rollouts/ui-3".to_owned()),
            ("changes", "/rollouts/ui-3/diff".to_owned()),
            ("rollback", "/rollouts/ui-3/rollback".to_owned()),
            ("pod", format!("/pods/movies/{pod}")),
            ("nodes", "/nodes".to_owned()),
            (
                "object",
                "/apps/ui/objects/deployment.apps/movies/ui".to_owned(),
            ),
            (
                "owners",
                "/apps/ui/objects/deployment.apps/movies/ui?tab=yaml".to_owned(),
            ),
            ("commit", format!("/commits/{commit}")),
            ("proof", format!("/proofs/{commit}/ui")),
            ("past", format!("/apps/ui?at={commit}")),
            ("events", "/events".to_owned()),
            ("app-events", "/apps/ui/events".to_owned()),
            ("app-logs", "/apps/serving/logs".to_owned()),
            ("settings", "/apps/ui/settings".to_owned()),
            ("sync", "/apps/ui/sync".to_owned()),
            ("why", "/apps/ui/why".to_owned()),
            ("why-pod", format!("/why/pods/movies/{pod}")),
            ("node", "/nodes/node-1".to_owned()),
            ("repos", "/repos".to_owned()),
            ("repo", "/repos/cluster".to_owned()),
            ("unmerged", "/changes".to_owned()),
            ("search", "/search?q=serving".to_owned()),
            ("preferences", "/settings/preferences".to_owned()),
            ("tokens", "/settings/tokens".to_owned()),
            ("access", "/settings/access".to_owned()),
            ("components", "/_components".to_owned()),
            ("not-here", NOT_HERE.to_owned()),
            ("signin", "/signin".to_owned()),
        ])
    }

    /// In both themes, on a desk and on the smallest phone.
    pub(super) fn every_page_fits(&self) -> anyhow::Result<()> {
        let browser = &self.browser;
        let pages = self.addresses()?;
        let paper = "getComputedStyle(document.body).backgroundColor";
        let mut papers = Vec::new();
        for scheme in ["light", "dark"] {
            for (size, screen) in [("desk", DESK), ("phone", PHONE)] {
                browser.show(scheme, screen)?;
                for (name, path) in &pages {
                    browser.open(&self.at(path))?;
                    let beyond = browser.overflow()?;
                    self.picture(&format!("{name}-{scheme}-{size}"))?;
                    ensure!(
                        beyond <= 0,
                        "{path} is {beyond} px too wide, {scheme}, {size}"
                    );
                }
            }
            papers.push(browser.value(paper)?);
        }
        ensure!(papers[0] != papers[1], "both themes are {}", papers[0]);
        // The button outweighs the machine, and is remembered.
        browser.show("light", DESK)?;
        browser.open(&self.at("/apps"))?;
        browser.click("[data-theme-toggle]")?;
        browser.reload()?;
        ensure!(
            browser.value(paper)? == papers[1],
            "the theme was forgotten"
        );
        browser.click("[data-theme-toggle]")?;
        Ok(())
    }

    /// For those who do not see it, or not well: in every theme and width.
    pub(super) fn every_page_is_for_everybody(&self) -> anyhow::Result<()> {
        let axe = std::env::var_os("KEDGE_AXE").context("KEDGE_AXE names the file of axe-core")?;
        let axe = std::fs::read_to_string(axe)?;
        let mut found = BTreeSet::new();
        for scheme in ["light", "dark", "forced"] {
            for screen in [DESK, TABLET, PHONE] {
                self.browser.show(scheme, screen)?;
                for (name, path) in self.addresses()? {
                    self.browser.open(&self.at(&path))?;
                    let barriers = self.browser.barriers(&axe)?;
                    let width = screen.width;
                    let at = |barrier| format!("{name} {scheme} {width}: {barrier}");
                    found.extend(barriers.into_iter().map(at));
                }
            }
        }
        ensure!(found.is_empty(), "there are barriers: {found:#?}");
        Ok(())
    }

    pub(super) fn without_scripts(&self) -> anyhow::Result<()> {
        let browser = &self.browser;
        browser.show("light", DESK)?;
        browser.scripts(Scripts::Off)?;
        browser.open(&self.at("/apps"))?;
        browser.reads("#apps", &APPLICATIONS, SOON)?;
        ensure!(browser.holds("document.documentElement.dataset.theme === 'light'"));
        browser.click("#filters a[href='/apps?health=healthy']")?;
        browser.reads("#filters [aria-current]", &["Healthy"], SOON)?;
        browser.click("#apps a[href='/apps/ui']")?;
        browser.reads("#head", &["ui", "Healthy"], SOON)?;
        browser.click("#tree .seg a[href*='view=list']")?;
        browser.reads("#tree .otree", &["Deployment", "Pod"], SOON)?;
        browser.click(".tabs a[href='/apps/ui/history']")?;
        browser.reads(".hist", &["Rollback converged"], SOON)?;
        self.picture("without-scripts")?;
        browser.scripts(Scripts::On)
    }
}
