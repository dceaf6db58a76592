//! The web pages in a real browser, over the demo with real containers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, ensure};
use jiff::SignedDuration;
use sim::browser::{Browser, DESK};
use sim::instance::{Instance, examples, wait};
use sim::work_tree::WorkTree;

pub(super) const APPLICATIONS: [&str; 5] = ["features", "ingestion", "serving", "training", "ui"];
/// An Application that there is not.
pub(super) const NOT_HERE: &str = "/apps/nobody";
/// For what has to be built, pulled, started and found healthy.
const LONG: SignedDuration = SignedDuration::from_secs(120);
/// For what only has to be told.
pub(super) const SOON: SignedDuration = SignedDuration::from_secs(20);

#[test]
fn the_pages_tell_the_demo_s_story() -> anyhow::Result<()> {
    let instance = Instance::start("pages", &["--seed", &examples()])?;
    let story = Story::begin(&instance)?;
    let told = story.tell();
    if told.is_err() {
        let _shown = story.picture("failed");
    }
    told.with_context(|| format!("the instance said:\n{}", instance.logs()))
}

pub(super) struct Story<'a> {
    pub(super) instance: &'a Instance,
    pub(super) browser: Browser,
    web: String,
    work: Arc<WorkTree>,
    pictures: PathBuf,
}

impl<'a> Story<'a> {
    fn begin(instance: &'a Instance) -> anyhow::Result<Self> {
        let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
        std::fs::create_dir_all(&pictures)?;
        Ok(Self {
            browser: Browser::start()?,
            web: instance.web()?,
            instance,
            work: Arc::new(WorkTree::clone(instance, "clone")?),
            pictures,
        })
    }

    fn tell(&self) -> anyhow::Result<()> {
        self.sign_in()?;
        self.list()?;
        self.application()?;
        self.push()?;
        self.changes()?;
        self.pod()?;
        self.roll_back()?;
        self.object()?;
        self.past()?;
        self.break_and_mend()?;
        self.no_complaints()?;
        self.every_link_leads_somewhere()?;
        self.every_page_fits()?;
        self.every_page_is_for_everybody()?;
        self.without_scripts()?;
        self.no_complaints()
    }

    fn sign_in(&self) -> anyhow::Result<()> {
        let link = self.instance.link()?;
        self.browser.show("light", DESK)?;
        self.browser.open(&self.at("/apps/ui"))?;
        self.browser.reads("h1", &["Sign in"], SOON)?;
        self.browser.open(&link)?;
        self.browser.reads("h1", &["Applications"], SOON)?;
        ensure!(self.browser.path()? == "/apps", "{}", self.browser.path()?);
        Ok(())
    }

    fn list(&self) -> anyhow::Result<()> {
        self.stay()?;
        let commit = self.work.head()?[..7].to_owned();
        for name in APPLICATIONS {
            let row = row(name);
            self.browser
                .reads(&row, &[name, "Healthy", "Synced", &commit], LONG)?;
        }
        self.browser
            .reads("#attention", &["All 5 applications match Git"], SOON)?;
        self.browser.reads("#overview", &["5 in Git"], SOON)?;
        self.browser.reads("#filters", &["5 Healthy"], SOON)?;
        self.browser
            .reads("#git", &["main @", commit.as_str()], SOON)?;
        self.stayed()?;
        self.picture("applications")
    }

    fn application(&self) -> anyhow::Result<()> {
        let browser = &self.browser;
        browser.follow("#apps a[href='/apps/serving']")?;
        browser.reads(
            "#head",
            &["serving", "Healthy", "Synced", "tracks main"],
            SOON,
        )?;
        browser.reads("#conds", &["Serving", "Matches Git", "No drift"], SOON)?;
        let boxes = |kind: &str| {
            let texts = "[...document.querySelectorAll('#tree .graph .nd .kd')]";
            browser.holds(&format!(
                "{texts}.some(e => e.textContent.startsWith('{kind}'))"
            ))
        };
        for kind in ["Application", "Deployment", "ReplicaSet", "Service"] {
            ensure!(boxes(kind), "no {kind} in the picture");
        }
        browser.follow("#tree .seg a[href*='view=list']")?;
        browser.reads("#tree .otree", &["Deployment", "ReplicaSet", "Pod"], SOON)?;
        self.picture("application")
    }

    /// A push is seen on the open page, and its rollout to its end, without a reload.
    fn push(&self) -> anyhow::Result<()> {
        let browser = &self.browser;
        self.open("/apps/ui", "ui")?;
        self.stay()?;
        // A pod is ready long before it counts: there is something to watch.
        self.work.edit(
            "ui/deployment.yaml",
            "replicas: 1",
            "replicas: 2\n  minReadySeconds: 10",
        )?;
        self.work.commit("ui: two replicas for the weekend")?;
        let work = self.work.clone();
        let pushing = std::thread::spawn(move || work.push());
        browser.reads("#recent", &["ui: two replicas for the weekend"], LONG)?;
        browser.reads("#head", &["Progressing"], LONG)?;
        self.stayed()?;
        browser.follow("#recent a[href='/rollouts/ui-2']")?;
        self.stay()?;
        browser.reads("#head", &["Rollout 2", "Converging"], SOON)?;
        browser.reads("#next", &["What happens next"], SOON)?;
        browser.reads("#waves", &["now "], SOON)?;
        let now = browser.text("#waves .plot");
        wait("the line of now to move", SOON, || {
            browser.text("#waves .plot") != now
        })?;
        self.picture("rollout")?;
        browser.reads("#head", &["Rollout 2", "Converged"], LONG)?;
        browser.reads("#next", &["What came of it"], SOON)?;
        self.stayed()?;
        let report = pushing
            .join()
            .map_err(|_| anyhow::anyhow!("the push panicked"))??;
        ensure!(report.contains("+replicas: 2"), "{report}");
        Ok(())
    }

    fn changes(&self) -> anyhow::Result<()> {
        let browser = &self.browser;
        browser.follow("#head a[href$='/diff']")?;
        browser.reads(".diff", &["replicas: 1", "replicas: 2"], SOON)?;
        ensure!(browser.holds("document.querySelectorAll('.c.del, .c.add').length >= 2"));
        browser.follow("#v-u")?;
        browser.reads("#v-u[aria-current]", &["Unified"], SOON)?;
        self.picture("changes")?;
        self.open("/apps/ui/diff", "ui")?;
        browser.reads("main", &["Matches Git", "Nothing differs"], SOON)?;
        // Back to where it came from.
        let first = self.work.git(&["rev-list", "--max-parents=0", "HEAD"])?;
        let first = first.trim();
        self.open(&format!("/apps/ui/diff?to={first}"), "ui")?;
        browser.reads("main", &["Differs from that commit", "replicas: 1"], SOON)?;
        self.two_states()?;
        self.open("/apps/ui/history", "ui")?;
        browser.reads(".hist", &["serving", "two replicas", "Converged"], SOON)?;
        ensure!(browser.holds("document.querySelectorAll('.hist [data-row]').length === 2"));
        self.picture("history")
    }

    /// The form leads from one comparison to another; folds open without a request, and lines can
    /// be led to.
    fn two_states(&self) -> anyhow::Result<()> {
        let browser = &self.browser;
        self.open("/apps/ui/diff?view=unified", "ui")?;
        browser.fill("#from", "1")?;
        browser.fill("#to", "main")?;
        browser.follow("form.actions button")?;
        browser.reads("main", &["Between two commits", "replicas: 1"], SOON)?;
        browser.follow("a[href*='view=unified'][href*='from=main']")?;
        browser.reads("main", &["Between two commits"], SOON)?;
        self.open("/apps/ui/diff?from=live&to=ui-1&ctx=0", "ui")?;
        browser.reads("main", &["Rollout 1", "defaulted fields hidden"], SOON)?;
        let seen =
            "[...document.querySelectorAll('.hid')].filter(it => it.checkVisibility()).length";
        ensure!(
            browser.holds(&format!("{seen} === 0")),
            "something is not folded"
        );
        browser.click(".fold label")?;
        ensure!(browser.holds(&format!("{seen} === 1")), "the fold stays");
        browser.follow("a[href*='ctx=0'][href*='defaults=1']")?;
        browser.follow("a[href*='ctx=all'][href*='defaults=1']")?;
        browser.reads(".dflt .note", &["default"], SOON)?;
        self.open("/apps/ui/diff?to=ui-1#deployment.movies.ui:R2", "ui")?;
        ensure!(
            browser.holds("document.querySelector(':target')?.checkVisibility()"),
            "the line is folded"
        );
        self.picture("two-states")
    }

    fn pod(&self) -> anyhow::Result<()> {
        let browser = &self.browser;
        self.open("/apps/serving", "serving")?;
        browser.follow("#tree .graph a[href^='/pods/movies/serving-']")?;
        browser.reads("#head", &["Running"], SOON)?;
        browser.reads("#containers", &["kedge.local/movies:1.0", "ready"], SOON)?;
        browser.reads("#events", &["Started"], SOON)?;
        let lines = "document.querySelectorAll('#log li:not(.sepr)').length";
        let before = browser.value(lines)?.as_i64().unwrap_or(0);
        // Its readiness is asked for every second, and it says so.
        let grown = format!("{lines} >= {}", before + 2);
        wait("the log to grow", SOON, || browser.holds(&grown))?;
        browser.fill("#log-filter", "no line says this")?;
        browser.reads("#log-count", &["0 of "], SOON)?;
        self.picture("pod")
    }

    /// From the button to the new rollout, which says what it undid.
    fn roll_back(&self) -> anyhow::Result<()> {
        let browser = &self.browser;
        self.open("/apps/ui/history", "ui")?;
        browser.follow(".hist a[href='/apps/ui/rollback?to=ui-1']")?;
        browser.reads("h1", &["Roll back ui"], SOON)?;
        browser.reads(".commitbox", &["Kedge-Rollout: ui-2", "Revert"], SOON)?;
        browser.reads(
            ".plan-lines",
            &["Deployment movies/ui", "-replicas: 2", "+replicas: 1"],
            SOON,
        )?;
        self.picture("rollback")?;
        browser.click("button.pri")?;
        ensure!(
            browser.holds("!document.querySelector('form.dlg').checkValidity()")
                && browser.path()? == "/apps/ui/rollback?to=ui-1",
            "a rollback without a reason was sent to {}",
            browser.path()?
        );
        browser.fill("#reason", "the weekend is over")?;
        browser.follow("button.pri")?;
        browser.reads("#head", &["Rollout 3", "undoes ui-2"], SOON)?;
        self.stay()?;
        browser.reads("#head", &["Rollback converged"], LONG)?;
        self.stayed()?;
        self.open("/apps/ui/history", "ui")?;
        browser.reads(".hist", &["Rollback converged", "undoes ui-2"], SOON)?;
        self.work.git(&["pull", "-q"])?;
        let message = self.work.git(&["log", "-1", "--format=%B"])?;
        for part in ["Revert", "the weekend is over", "Kedge-Rollout: ui-2"] {
            ensure!(message.contains(part), "no {part:?} in {message}");
        }
        Ok(())
    }

    /// Every field of an object says who it is from, down to the line in Git.
    fn object(&self) -> anyhow::Result<()> {
        let browser = &self.browser;
        let path = "/apps/ui/objects/deployment.apps/movies/ui";
        self.open("/apps/ui", "ui")?;
        browser.follow(&format!("#tree .graph a[href='{path}']"))?;
        browser.reads("#head", &["movies/ui", "Deployment", "Healthy"], SOON)?;
        browser.reads("#relations", &["ReplicaSet", "selected by"], SOON)?;
        browser.reads("#conds", &["Available: True"], SOON)?;
        browser.follow(&format!(".tabs a[href='{path}?tab=yaml']"))?;
        let commit = self.work.head()?[..7].to_owned();
        browser.reads("#fields", &["deployment.yaml:", &commit], SOON)?;
        browser.reads("#fields", &["kube-controller-manager", "default"], SOON)?;
        self.picture("owners")?;
        browser.follow(&format!("#fields a.commit[href^='/commits/{commit}']"))?;
        browser.reads(
            "#rollouts",
            &["ui", "Rollout 3", "Rollback converged"],
            SOON,
        )?;
        self.picture("commit")
    }

    /// The weekend, looked back at: two replicas, and nothing that could be done about it.
    fn past(&self) -> anyhow::Result<()> {
        let browser = &self.browser;
        let weekend = self.work.git(&["rev-parse", "HEAD~1"])?;
        let weekend = &weekend.trim()[..12];
        self.open(&format!("/apps/ui?at={weekend}"), "ui")?;
        browser.reads("#past", &["Past", "Back to now"], SOON)?;
        browser.reads("#tree", &["2 of 2"], SOON)?;
        browser.reads("#recent", &["two replicas for the weekend"], SOON)?;
        ensure!(
            !browser.holds(
                "document.querySelector('#recent').textContent.includes('Rollback converged')"
            )
        );
        ensure!(browser.holds("!document.querySelector('a[href*=rollback], a[href*=\"/sync\"]')"));
        self.picture("past")?;
        browser.follow(".tabs a[href^='/apps/ui/history?at=']")?;
        browser.reads("#past", &["Back to now"], SOON)?;
        browser.follow("#past a[data-now]")?;
        browser.reads(".hist", &["Rollback converged"], SOON)?;
        ensure!(browser.path()? == "/apps/ui/history", "{}", browser.path()?);
        Ok(())
    }

    fn no_complaints(&self) -> anyhow::Result<()> {
        let mut complaints = self.browser.complaints()?;
        // A page of its own, which the console takes for a failure.
        complaints.retain(|complaint| !complaint.contains(NOT_HERE));
        ensure!(complaints.is_empty(), "the console says: {complaints:#?}");
        Ok(())
    }

    /// The newest, in the length that pages have.
    pub(super) fn commit(&self) -> anyhow::Result<String> {
        Ok(self.work.head()?[..12].to_owned())
    }

    pub(super) fn work(&self) -> &WorkTree {
        &self.work
    }

    pub(super) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.web)
    }

    fn open(&self, path: &str, title: &str) -> anyhow::Result<()> {
        self.browser.open(&self.at(path))?;
        self.browser.reads("h1", &[title], SOON)
    }

    /// Marks the page, so that a reload would be noticed.
    fn stay(&self) -> anyhow::Result<()> {
        self.browser.value("window.same = true")?;
        Ok(())
    }

    fn stayed(&self) -> anyhow::Result<()> {
        ensure!(
            self.browser.holds("window.same"),
            "the page was loaded again"
        );
        Ok(())
    }

    pub(super) fn picture(&self, name: &str) -> anyhow::Result<()> {
        self.browser
            .picture(&self.pictures.join(format!("{name}.png")))
    }
}

/// Of the list of applications.
fn row(name: &str) -> String {
    format!("#apps [data-row]:has(a[href='/apps/{name}'])")
}
