//! The pages by keys alone, and what their script does while they are open.

use anyhow::{Context, ensure};
use sim::browser::{DESK, ENTER, ESCAPE, LEFT, PHONE, RIGHT, Screen};
use sim::instance::wait;
use sim::work_tree::WorkTree;

use super::desk::{Desk, LONG};
use super::pages::SOON;

/// Whether the first row of the list has the focus.
const FIRST: &str = "document.querySelector('#apps [data-row]').contains(document.activeElement)";

#[test]
fn keys_and_open_pages_do_what_they_say() -> anyhow::Result<()> {
    Desk::at("keys", |desk| {
        desk.rows()?;
        desk.dialog_and_focus()?;
        desk.ways()?;
        desk.early()?;
        desk.filter()?;
        desk.place()?;
        desk.waits()?;
        desk.leaves()?;
        desk.copies()?;
        desk.hidden()?;
        desk.phone()?;
        desk.paper()?;
        desk.stale()?;
        desk.signed_out()
    })
}

impl Desk<'_> {
    fn press(&self, keys: &str) -> anyhow::Result<()> {
        keys.chars().try_for_each(|key| self.browser.press(key))
    }

    fn arrives(&self, path: &str) -> anyhow::Result<()> {
        let there = || {
            let path_is = self.browser.path().is_ok_and(|is| is == path);
            path_is && self.browser.holds("document.readyState === 'complete'")
        };
        wait(&format!("{path} to be opened"), SOON, there)
            .with_context(|| format!("it is {:?}", self.browser.path()))
    }

    fn says(&self, expression: &str) -> anyhow::Result<()> {
        wait(expression, SOON, || self.browser.holds(expression))
    }

    /// A row that is gone to has the focus, and shows it.
    fn rows(&self) -> anyhow::Result<()> {
        self.press("jjk")?;
        self.says(FIRST)?;
        self.says("getComputedStyle(document.activeElement).outlineStyle === 'solid'")?;
        self.browser.press(ENTER)?;
        self.arrives("/apps/features")?;
        for (path, row) in [
            ("/apps/ui?view=list", ".otree li"),
            ("/rollouts", ".hist [data-row]"),
            (
                "/apps/ui/objects/deployment.apps/movies/ui",
                "#relations tr",
            ),
            ("/nodes/node-1", "#pods tr"),
            ("/search?q=serv", "table tr"),
            ("/repos", "#repos tr"),
        ] {
            self.open(path)?;
            self.press("j")?;
            self.says(&format!("document.activeElement.matches('{row} a')"))
                .with_context(|| format!("j on {path}"))?;
        }
        Ok(())
    }

    fn dialog_and_focus(&self) -> anyhow::Result<()> {
        self.open("/apps")?;
        self.press("j")?;
        // The one that has the focus acts, and nothing besides.
        self.browser
            .value("document.querySelector('[data-theme-toggle]').focus()")?;
        self.browser.press(ENTER)?;
        self.says("document.documentElement.dataset.theme === 'dark'")?;
        self.browser.press(ENTER)?;
        self.says("document.documentElement.dataset.theme === 'light'")?;
        ensure!(self.browser.path()? == "/apps", "{}", self.browser.path()?);
        self.browser.value("document.activeElement.blur()")?;
        self.press("?")?;
        self.says("document.querySelector('#help').open")?;
        self.press("j")?;
        ensure!(
            self.browser
                .holds("document.querySelector('#help').contains(document.activeElement)"),
            "keys act behind the dialog"
        );
        self.browser.press(ESCAPE)?;
        self.says("!document.querySelector('#help').open")?;
        self.press("j")?;
        self.says(FIRST)
    }

    fn ways(&self) -> anyhow::Result<()> {
        self.press("gr")?;
        self.arrives("/rollouts")?;
        self.press("ga")?;
        self.arrives("/apps")?;
        let path = "/apps/ui/objects/deployment.apps/movies/ui";
        self.open(path)?;
        self.press("]")?;
        self.says("document.querySelector('h1') && location.pathname !== '/apps/ui/objects/deployment.apps/movies/ui'")?;
        self.says("document.querySelector('[rel=prev]') !== null")?;
        self.press("[")?;
        self.arrives(path)?;
        // A letter that is typed is a letter.
        self.press("/gr")?;
        self.says("document.querySelector('#search').value === 'gr'")
    }

    /// Who steps through the past has the next moment before they ask for it.
    fn early(&self) -> anyhow::Result<()> {
        self.open("/apps")?;
        self.browser.follow("#tape g:not(.only-s) a:last-of-type")?;
        self.browser.reads("#past", &["Back to now"], SOON)?;
        let was_there = "performance.getEntriesByType('navigation')[0].deliveryType \
                         === 'navigational-prefetch'";
        wait("a moment of the past to be loaded early", SOON, || {
            let is_first = "!document.querySelector('#past [rel=prev]')";
            let way = if self.browser.holds(is_first) {
                RIGHT
            } else {
                LEFT
            };
            self.browser.press(way).is_ok() && self.browser.holds(was_there)
        })?;
        self.browser.reads("#past", &["Back to now"], SOON)?;
        // From now it goes back to the newest moment.
        self.open("/apps")?;
        self.browser.press(LEFT)?;
        self.browser.reads("#past", &["Back to now"], SOON)?;
        // A mark has its page loaded as soon as it is looked at.
        let mark = "document.querySelector('#tape g:not(.only-s) a:last-of-type')";
        wait("the page of a mark to be loaded early", SOON, || {
            let looked_at = self.open("/apps").is_ok()
                && self.browser.value(&format!("{mark}.focus()")).is_ok()
                && self
                    .browser
                    .holds("document.querySelector('#ahead').search.startsWith('?at=')");
            looked_at && self.browser.press(ENTER).is_ok() && self.browser.holds(was_there)
        })
    }

    fn filter(&self) -> anyhow::Result<()> {
        self.open("/apps?sort=recent")?;
        self.browser.fill("#table-filter", "serv")?;
        self.browser.press(ENTER)?;
        self.arrives("/apps?sort=recent&q=serv")?;
        self.says("document.querySelectorAll('#apps [data-row]').length === 1")?;
        self.browser.reads("#filters", &["1 Healthy"], SOON)
    }

    /// What comes above does not move what is looked at.
    fn place(&self) -> anyhow::Result<()> {
        let small = Screen {
            width: 360,
            height: 400,
        };
        self.browser.show("light", small)?;
        self.open("/apps")?;
        let row = "document.querySelector('#apps a[href=\"/apps/ui\"]')";
        self.browser
            .value(&format!("{row}.scrollIntoView({{block: 'end'}})"))?;
        let top = format!("{row}.getBoundingClientRect().top");
        let before = self.browser.value(&top)?.as_f64().context("no place")?;
        let work = WorkTree::clone(self.instance, "clone")?;
        work.edit(
            "features/deployment.yaml",
            "replicas: ",
            "minReadySeconds: 5\n  replicas: ",
        )?;
        work.commit("features: slower")?;
        work.push()?;
        self.browser.reads("#apps", &["features: slower"], LONG)?;
        let after = self.browser.value(&top)?.as_f64().context("no place")?;
        ensure!(
            (before - after).abs() < 3.0,
            "it moved from {before} to {after}"
        );
        self.browser.show("light", DESK)
    }

    /// Where the focus is nothing is replaced; what waited comes with the next step.
    fn waits(&self) -> anyhow::Result<()> {
        self.open("/apps")?;
        self.press("j")?;
        self.says(FIRST)?;
        self.browser
            .value("void (window.row = document.activeElement)")?;
        let work = WorkTree::clone(self.instance, "second")?;
        let old = "minReadySeconds: 5";
        work.edit("features/deployment.yaml", old, "minReadySeconds: 4")?;
        work.commit("features: faster")?;
        work.push()?;
        let commit = work.head()?[..7].to_owned();
        self.browser.reads("#git", &[&commit], LONG)?;
        ensure!(
            self.browser.holds("window.row === document.activeElement"),
            "the focus was moved"
        );
        wait("the list to be new", SOON, || {
            let stepped = self.press("jk").is_ok() && self.browser.holds(FIRST);
            stepped && self.browser.text("#apps").contains("features: faster")
        })
    }

    /// Escape leaves a page that is a dialog, once nothing is typed any more.
    fn leaves(&self) -> anyhow::Result<()> {
        self.open("/rollouts/features-3/rollback")?;
        self.browser.fill("#reason", "no")?;
        self.browser.press(ESCAPE)?;
        self.says("document.activeElement === document.body")?;
        self.browser.press(ESCAPE)?;
        self.arrives("/rollouts/features-3")?;
        for page in ["suspend", "sync"] {
            self.open(&format!("/apps/ui/{page}"))?;
            self.browser.press(ESCAPE)?;
            self.arrives("/apps/ui")?;
        }
        Ok(())
    }

    /// Also where the browser lends no clipboard, as without TLS.
    fn copies(&self) -> anyhow::Result<()> {
        for without in [
            "",
            "Object.defineProperty(navigator, 'clipboard', {value: undefined})",
        ] {
            self.open("/rollouts/features-2/diff")?;
            if !without.is_empty() {
                self.browser.value(&format!("void {without}"))?;
            }
            self.browser.click("[data-copy]")?;
            self.browser.reads("#said", &["Copied"], SOON)?;
        }
        Ok(())
    }

    /// A page that nobody looks at has no stream.
    fn hidden(&self) -> anyhow::Result<()> {
        self.open("/apps/ui/logs")?;
        self.browser.value(
            "void (window.EventSource = class extends EventSource { constructor(url) { super(url); \
             (window.opened ??= []).push(this); } })",
        )?;
        let look = |hidden: bool| {
            self.browser.value(&format!(
                "(Object.defineProperty(document, 'hidden', {{value: {hidden}, configurable: true}}), \
                 document.dispatchEvent(new Event('visibilitychange')))"
            ))
        };
        look(true)?;
        look(false)?;
        // That of the page, and that of the lines.
        let all = |state: u8| {
            format!("window.opened?.length === 2 && opened.every(it => it.readyState === {state})")
        };
        self.says(&all(1))?;
        look(true)?;
        self.says(&all(2))
    }

    /// Every section can be reached on a phone.
    fn phone(&self) -> anyhow::Result<()> {
        self.browser.show("light", PHONE)?;
        for (path, title) in [
            ("/events", "Events"),
            ("/repos", "Repositories"),
            ("/settings/preferences", "Preferences"),
        ] {
            self.open("/apps")?;
            self.browser.click(".more summary")?;
            self.browser.reads("#git", &["main @"], SOON)?;
            self.browser.follow(&format!(".nav a[href='{path}']"))?;
            self.browser.reads("h1", &[title], SOON)?;
            self.says("document.querySelector('.more [aria-current]') !== null")?;
        }
        self.browser.follow(".top a[href='/search']")?;
        self.browser.reads("h1", &["Search"], SOON)?;
        self.browser.show("light", DESK)
    }

    /// Dark on light, whatever was chosen.
    fn paper(&self) -> anyhow::Result<()> {
        self.open("/apps")?;
        self.press("t")?;
        self.browser.show("print", DESK)?;
        let ink = "getComputedStyle(document.body).color";
        let ink = self.browser.value(ink)?;
        self.browser.show("light", DESK)?;
        self.press("t")?;
        ensure!(ink == "rgb(22, 24, 27)", "the ink on paper is {ink}");
        Ok(())
    }

    /// A page that hears nothing says since when, by the reader's clock. Here time runs ahead of the
    /// server's beats.
    fn stale(&self) -> anyhow::Result<()> {
        self.browser
            .value("void (document.cookie = 'zone=Asia/Tokyo; Path=/')")?;
        self.open("/apps")?;
        self.browser.value(
            "void (now => { window.ahead = 0; Date.now = () => now() + window.ahead; })(Date.now)",
        )?;
        wait("the page to be stale", SOON, || {
            let runs = self.browser.value("window.ahead += 7e4");
            runs.is_ok()
                && self
                    .browser
                    .holds("document.body.dataset.stale !== undefined")
        })?;
        let hours = "document.body.dataset.stale.slice(0, 2) \
                     !== new Date(Date.now()).toISOString().slice(11, 13)";
        ensure!(self.browser.holds(hours), "the time is not Tokyo's");
        self.browser.reads(".live", &["Stale · "], SOON)?;
        self.browser
            .value("void (document.cookie = 'zone=UTC; Path=/')")?;
        Ok(())
    }

    /// Signed out elsewhere: the open page says so and leads to sign-in.
    fn signed_out(&self) -> anyhow::Result<()> {
        self.open("/apps/ui/logs")?;
        self.open("/apps/ui")?;
        self.browser.value(
            "void fetch('/signout', {method: 'POST', body: new URLSearchParams({csrf: \
             document.querySelector('[name=csrf]').value})})",
        )?;
        self.browser.reads(".live", &["Signed out"], SOON)?;
        self.browser.reads("#said", &["Signed out"], SOON)?;
        self.browser.click(".live a")?;
        self.arrives("/signin?next=%2Fapps%2Fui")
    }
}
