//! What readers ask of the machine they read on: paper, large letters, strong contrast, colours of
//! their own, and that nothing moves.

use anyhow::{Context, ensure};
use sim::browser::{DESK, ENLARGED, PHONE, Screen, TABLET};
use sim::work_tree::WorkTree;

use super::desk::{Desk, LONG, serving_pod};
use super::pages::SOON;

/// A4 at 96 pixels per inch, less its margins.
const PAPER: Screen = Screen {
    width: 718,
    height: 1047,
};

const DIFF: &str = "/apps/features/diff?from=features-1&to=features-2";

#[test]
fn pages_are_what_their_readers_screens_ask_for() -> anyhow::Result<()> {
    Desk::at("screens", |desk| {
        desk.something_to_compare()?;
        desk.own_colours()?;
        desk.more_contrast()?;
        desk.nothing_moves()?;
        desk.enlarged()?;
        desk.larger_letters()?;
        desk.on_paper()
    })
}

impl Desk<'_> {
    fn pages(&self) -> anyhow::Result<Vec<String>> {
        let pod = serving_pod(self.instance)?;
        let pages = [
            "/apps",
            "/apps/features",
            "/apps/features?view=list",
            "/apps/features/history",
            "/apps/features/events",
            "/apps/features/logs",
            "/apps/features/settings",
            "/apps/features/sync",
            "/apps/features/suspend",
            "/apps/features/diff?to=features-1",
            "/apps/ui/objects/deployment.apps/movies/ui?tab=yaml",
            "/rollouts",
            "/rollouts/features-2",
            "/rollouts/features-2/rollback",
            "/rollouts/features-2/diff",
            DIFF,
            "/changes",
            "/nodes",
            "/nodes/node-1",
            "/events",
            "/repos/cluster",
            "/search?q=serv",
            "/settings/preferences",
            "/settings/tokens",
            "/settings/access",
            "/_components",
        ];
        let mut pages: Vec<String> = pages.map(str::to_owned).into();
        pages.push(format!("/pods/movies/{pod}"));
        Ok(pages)
    }

    fn something_to_compare(&self) -> anyhow::Result<()> {
        let work = WorkTree::clone(self.instance, "clone")?;
        work.edit("features/deployment.yaml", "replicas: 1", "replicas: 2")?;
        work.commit("features: two of them, for those who read a long title to its very end")?;
        work.push()?;
        self.browser.reads("#apps", &["features: two"], LONG)
    }

    /// What a background said has to be said by a line.
    fn own_colours(&self) -> anyhow::Result<()> {
        self.browser.show("forced", DESK)?;
        self.open(DIFF)?;
        self.browser
            .reads(".diff", &["replicas: 1", "replicas: 2"], SOON)?;
        for (word, line) in [("del", "line-through"), ("ins", "underline")] {
            let said = format!(
                "getComputedStyle(document.querySelector('.diff {word}')).textDecorationLine"
            );
            let said = self.browser.value(&said)?;
            ensure!(said == line, "a {word} is {said}");
        }
        for sign in ["del", "add"] {
            let mark = format!(
                "getComputedStyle(document.querySelector('.diff .c.{sign}'), '::before').content"
            );
            ensure!(self.browser.value(&mark)? != "none", "no sign at {sign}");
        }
        self.open("/apps")?;
        self.browser.press('j')?;
        let ring = "getComputedStyle(document.activeElement).outlineStyle";
        ensure!(self.browser.value(ring)? == "solid", "no ring");
        Ok(())
    }

    fn more_contrast(&self) -> anyhow::Result<()> {
        for (scheme, least) in [("light", 4.5), ("contrast", 7.0)] {
            self.browser.show(scheme, DESK)?;
            self.open("/apps/features/history")?;
            let ratio = self.browser.value(CONTRAST)?.as_f64().context("no ratio")?;
            ensure!(ratio >= least, "{scheme}: the palest text has {ratio:.2}:1");
        }
        Ok(())
    }

    fn nothing_moves(&self) -> anyhow::Result<()> {
        let moving = "document.getAnimations().filter(it => it.playState === 'running').length";
        for (scheme, moves) in [("moving", true), ("light", false)] {
            self.browser.show(scheme, DESK)?;
            self.open("/_components")?;
            let count = self.browser.value(moving)?.as_i64().unwrap_or(0);
            ensure!((count > 0) == moves, "{scheme}: {count} things move");
        }
        Ok(())
    }

    /// Nothing has to be scrolled sideways, but for pictures and what keeps its columns.
    fn enlarged(&self) -> anyhow::Result<()> {
        self.browser.show("light", ENLARGED)?;
        for path in self.pages()? {
            self.open(&path)?;
            let beyond = self.browser.overflow()?;
            ensure!(beyond <= 0, "{path} is {beyond} px too wide");
            // The bars leave room to read.
            let bars = "['.top', '.side'].map(it => document.querySelector(it)).filter(it => \
                        ['fixed', 'sticky'].includes(getComputedStyle(it).position)) \
                        .reduce((sum, it) => sum + it.offsetHeight, 0)";
            let bars = self.browser.value(bars)?.as_f64().context("no height")?;
            ensure!(bars <= 256.0 / 3.0, "{path}: bars take {bars} of 256 px");
        }
        Ok(())
    }

    /// Twice as large as usual, in a window that is not larger (WCAG 2.2, 1.4.4).
    fn larger_letters(&self) -> anyhow::Result<()> {
        for screen in [DESK, TABLET, PHONE] {
            self.browser.show("light", screen)?;
            for path in self.pages()? {
                self.open(&path)?;
                let lower = self.browser.value(LOWER)?;
                ensure!(
                    lower.as_array().is_some_and(Vec::is_empty),
                    "{path}: lines are less high than their letters: {lower}"
                );
                let beyond = self.browser.overflow()?;
                let width = screen.width;
                ensure!(beyond <= 0, "{path} is {beyond} px too wide at {width}");
            }
        }
        Ok(())
    }

    /// Everything that is on the page, and nothing to click.
    fn on_paper(&self) -> anyhow::Result<()> {
        self.browser.show("print", PAPER)?;
        for path in self.pages()? {
            self.open(&path)?;
            for gone in [".side", ".top", ".actions", ".find", ".tape"] {
                let seen = format!(
                    "[...document.querySelectorAll('{gone}')].some(it => it.checkVisibility())"
                );
                ensure!(!self.browser.holds(&seen), "{path} prints {gone}");
            }
            let cut = self.browser.value(CUT)?;
            ensure!(
                cut.as_array().is_some_and(Vec::is_empty),
                "{path} cuts {cut}"
            );
            let beyond = self.browser.overflow()?;
            ensure!(beyond <= 0, "{path} is {beyond} px wider than paper");
        }
        Ok(())
    }
}

/// The contrast of the headings of a table, which are the palest text.
const CONTRAST: &str = "(() => {
    const of = text => text.match(/[\\d.]+/g).slice(0, 3).map(it => it / 255)
      .map(it => it <= .04045 ? it / 12.92 : ((it + .055) / 1.055) ** 2.4)
      .reduce((sum, it, at) => sum + it * [.2126, .7152, .0722][at], 0);
    const ink = of(getComputedStyle(document.querySelector('.hist th:nth-child(2)')).color);
    const paper = of(getComputedStyle(document.querySelector('.hist th:nth-child(2)')).backgroundColor);
    return (Math.max(ink, paper) + .05) / (Math.min(ink, paper) + .05);
  })()";

/// Doubles the letters; whose lines are less high than they are.
const LOWER: &str = "(() => {
    document.documentElement.style.fontSize = '200%';
    return [...document.querySelectorAll('body *')].filter(it => {
      const style = getComputedStyle(it);
      return !it.closest('svg') && parseFloat(style.lineHeight) < parseFloat(style.fontSize);
    }).map(it => `${it.tagName}.${it.className}`);
  })()";

/// What has more to say than it shows; but for what only those hear who do not see.
const CUT: &str = "[...document.querySelectorAll('main *')].filter(it => it.checkVisibility() \
    && !it.closest('.sr, svg') && !it.matches('input, select, textarea') \
    && getComputedStyle(it).overflow !== 'visible' \
    && getComputedStyle(it).position !== 'absolute' \
    && (it.scrollWidth > it.clientWidth + 1 || it.scrollHeight > it.clientHeight + 1)) \
    .map(it => `${it.tagName}.${it.className}#${it.id}`)";
