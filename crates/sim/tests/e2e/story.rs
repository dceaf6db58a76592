//! The story of the README, told by the real thing: a push runs containers, a typo is refused, a
//! bad image says why, a revert goes back, and whatever is killed comes back.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use jiff::SignedDuration;
use serde_json::Value;
use sim::instance::{Instance, examples, wait};
use sim::visitor::{Visitor, Visits, page};
use sim::work_tree::WorkTree;

/// The demo's page, through the Service's node port.
const PAGE: &str = "http://127.0.0.1:30080/";
const APPLICATIONS: [&str; 5] = ["features", "ingestion", "serving", "training", "ui"];
/// The longest anything of the demo takes on a busy machine.
const SOON: SignedDuration = SignedDuration::from_secs(60);

#[test]
fn a_push_runs_containers_and_a_revert_goes_back() -> anyhow::Result<()> {
    let examples = examples();
    let mut story = Story::begin(&["--seed", &examples])?;
    if let Err(error) = story.tell() {
        panic!("{error:#}\n\nThe logs:\n{}", story.instance.logs());
    }
    Ok(())
}

struct Story {
    instance: Instance,
    work: WorkTree,
}

impl Story {
    fn begin(arguments: &[&str]) -> anyhow::Result<Self> {
        let instance = Instance::start("story", arguments)?;
        let work = WorkTree::clone(&instance, "work")?;
        Ok(Self { instance, work })
    }

    fn tell(&mut self) -> anyhow::Result<()> {
        self.the_demo_comes_up().context("the start")?;
        self.a_change_is_rolled_out().context("a change")?;
        self.a_typo_is_refused().context("a typo")?;
        self.an_image_that_is_not_there_fails()
            .context("a bad image")?;
        self.a_revert_goes_back().context("a revert")?;
        self.a_rollback_goes_back().context("kedge rollback")?;
        self.what_is_killed_comes_back().context("kill -9")?;
        self.a_restart_changes_nothing().context("a second start")
    }

    fn the_demo_comes_up(&self) -> anyhow::Result<()> {
        let banner = self.instance.log();
        let web = self.instance.web()?;
        for part in [
            "Kedge is up",
            &format!("{web}/signin?token="),
            &self.instance.kubeconfig().display().to_string(),
            "git clone http://admin:",
            "get applications,pods -A",
            "kedge apps --data-dir",
        ] {
            expect(&banner, part)?;
        }
        self.all_is_well(SOON)?;
        page_says("release 1.0")?;
        expect(&page(PAGE)?, "learned from")?;

        let head = self.work.head()?;
        let visitor = Visitor::sign_in(&self.instance)?;
        let list = visitor.page("/")?;
        for part in APPLICATIONS
            .into_iter()
            .chain(["Healthy", "Synced", &head[..7]])
        {
            expect(&list, part)?;
        }
        expect(&visitor.page("/apps/serving")?, "Deployment")?;
        expect(&self.instance.kedge(&["apps"])?, &head[..12])
    }

    /// Old pods serve until new ones are ready.
    fn a_change_is_rolled_out(&self) -> anyhow::Result<()> {
        self.work
            .edit("serving/deployment.yaml", "replicas: 2", "replicas: 3")?;
        self.work.edit(
            "ui/kustomization.yaml",
            "newTag: \"1.0\"",
            "newTag: \"1.1\"",
        )?;
        self.work.commit("Three of serving, release 1.1")?;
        let visits = Visits::begin(PAGE);
        let said = self.work.push()?;
        let visits = visits.end();
        for part in [
            "application serving: 1 to change",
            "~ change  Deployment movies/serving",
            "-replicas: 2",
            "+replicas: 3",
            "-image: kedge.local/movies:1.0",
            "+image: kedge.local/movies:1.1",
            "3 more applications are unchanged",
            "serving: healthy at commit",
            "ui: healthy at commit",
            "is in the cluster, 2 applications healthy",
        ] {
            expect(&said, part)?;
        }
        let last = said
            .lines()
            .rfind(|line| line.contains("remote: "))
            .unwrap_or_default();
        expect(last, "is in the cluster")?;
        ensure!(visits.failed.is_empty(), "visitors saw {:?}", visits.failed);
        ensure!(visits.served > 0, "nobody visited");
        page_says("release 1.1")?;
        ensure!(self.ready("serving")? == "3", "three were asked for");
        self.all_is_well(SOON)
    }

    fn a_typo_is_refused(&self) -> anyhow::Result<()> {
        let before = self.cluster()?;
        self.work
            .edit("serving/deployment.yaml", "replicas: 3", "replicsa: 4")?;
        self.work.commit("Typo")?;
        let said = self.work.push().expect_err("a typo was taken").to_string();
        for part in [
            "serving/deployment.yaml:8:3",
            "unknown field \"spec.replicsa\"",
            "did you mean \"replicas\"?",
            "nothing was changed",
            "[remote rejected]",
        ] {
            expect(&said, part)?;
        }
        self.work.git(&["reset", "-q", "--hard", "HEAD~1"])?;
        ensure!(
            self.cluster()? == before,
            "a refused push changed something"
        );
        Ok(())
    }

    fn an_image_that_is_not_there_fails(&self) -> anyhow::Result<()> {
        self.work.edit(
            "ui/kustomization.yaml",
            "newTag: \"1.1\"",
            "newTag: \"9.9\"",
        )?;
        self.work.edit(
            "apps/ui.yaml",
            "  dependsOn:",
            "  deadlineSeconds: 30\n  dependsOn:",
        )?;
        self.work.commit("Release 9.9")?;
        let visits = Visits::begin(PAGE);
        let said = self.work.push()?;
        let visits = visits.end();
        expect(&said, "failed for 1 application: ui")?;
        expect(&said, "cannot pull image kedge.local/movies:9.9")?;
        expect(&said, "it was given 30 seconds")?;
        ensure!(visits.failed.is_empty(), "visitors saw {:?}", visits.failed);
        page_says("release 1.1")?;
        let rollout = self.last_rollout("ui")?;
        ensure!(rollout["phase"] == "Failed", "{rollout}");
        // What the commit wrote is undone, and it is held.
        expect(&said, "is undone: everything is as commit")?;
        ensure!(rollout["undoneAt"].is_string(), "{rollout}");
        wait("the word of it", SOON, || {
            let apps = self.instance.kedge(&["apps"]);
            apps.is_ok_and(|text| text.contains("failed and was undone"))
        })?;
        let object = ["deployment", "ui", "-n", "movies"];
        let image = "{.spec.template.spec.containers[0].image}";
        expect(&self.instance.field(&object, image)?, "movies:1.1")
    }

    fn a_revert_goes_back(&self) -> anyhow::Result<()> {
        let failed = self.last_rollout("ui")?;
        self.work.git(&["revert", "--no-edit", "HEAD"])?;
        let said = self.work.push()?;
        let failed = failed["id"].as_str().context("the failed one has no id")?;
        expect(&said, &format!("which undoes {failed}"))?;
        let back = self.last_rollout("ui")?;
        ensure!(back["phase"] == "Succeeded", "{back}");
        ensure!(back["rollbackOf"] == failed, "{back}");
        page_says("release 1.1")?;
        self.all_is_well(SOON)
    }

    fn a_rollback_goes_back(&self) -> anyhow::Result<()> {
        self.instance
            .kedge(&["rollback", "ui-2", "--reason", "release 1.0 was fine"])?;
        page_says("release 1.0")?;
        wait("the rollback's verdict", SOON, || {
            let last = self.last_rollout("ui").unwrap_or_default();
            last["rollbackOf"] == "ui-2" && last["phase"] == "Succeeded"
        })?;
        self.work.git(&["pull", "-q", "--rebase"])?;
        expect(
            &self.work.git(&["log", "-1", "--format=%B"])?,
            "release 1.0 was fine",
        )?;
        self.all_is_well(SOON)
    }

    /// Nothing that lives is started twice, and nothing is lost.
    fn what_is_killed_comes_back(&mut self) -> anyhow::Result<()> {
        let history = self.history()?;
        for process in [
            "kedge orchestrator",
            "kedge reconciler",
            "kedge agent",
            "bin/containerd --config",
            "bin/postgres -D",
        ] {
            let before = self.containers()?;
            self.instance.kill(process)?;
            self.all_is_well(SOON)
                .with_context(|| format!("after the death of {process}"))?;
            ensure!(
                self.containers()? == before,
                "{process} took containers with it"
            );
        }

        let before = self.containers()?;
        let killed = self.pod("serving")?;
        self.instance.kill_container(&killed)?;
        wait("the killed container to come back", SOON, || {
            let now = self.containers().unwrap_or_default();
            let back = now
                .get(&killed)
                .is_some_and(|id| id != &before[&killed] && !id.is_empty());
            back && now.len() == before.len()
        })?;
        self.all_is_well(SOON)?;
        let others = |mut containers: BTreeMap<String, String>| {
            containers.remove(&killed);
            containers
        };
        ensure!(
            others(self.containers()?) == others(before),
            "other containers were touched"
        );

        // A change works as before, and what was recorded is still there.
        self.work
            .edit("serving/deployment.yaml", "replicas: 2", "replicas: 3")?;
        self.work.commit("Three of serving")?;
        expect(
            &self.work.push()?,
            "is in the cluster, 1 application healthy",
        )?;
        let now = self.history()?;
        ensure!(
            now.ends_with(&history) && now.len() == history.len() + 1,
            "{now:?}"
        );

        // The supervisor itself: what it supervised ends with it, containers stay.
        let before = self.containers()?;
        self.instance.kill("kedge up")?;
        self.instance.up()?;
        self.all_is_well(SOON)?;
        ensure!(
            self.containers()? == before,
            "the supervisor took containers with it"
        );
        Ok(())
    }

    fn a_restart_changes_nothing(&mut self) -> anyhow::Result<()> {
        let (containers, history) = (self.containers()?, self.history()?);
        self.instance.stop()?;
        // The pods go on meanwhile, though nobody tells them each other's addresses.
        page("http://127.0.0.1:30080/healthz").context("a pod without Kedge")?;
        self.instance.up()?;
        self.all_is_well(SOON)?;
        ensure!(
            self.containers()? == containers,
            "a restart started containers"
        );
        ensure!(self.history()? == history, "a restart changed the history");
        page_says("release 1.0")
    }

    /// Every Application is Synced and Healthy.
    fn all_is_well(&self, limit: SignedDuration) -> anyhow::Result<()> {
        let well = || -> anyhow::Result<bool> {
            let text = self.instance.kedge(&["apps", "-o", "json"])?;
            let apps: Value = serde_json::from_str(&text)?;
            let apps = apps["items"].as_array().context("no items")?;
            let well =
                |app: &&Value| app["sync"] == "Synced" && app["health"]["status"] == "Healthy";
            Ok(apps.iter().filter(well).count() == APPLICATIONS.len())
        };
        wait("all applications to be Synced and Healthy", limit, || {
            well().unwrap_or(false)
        })?;
        // The pages say what the cluster says.
        wait("all pods to be ready", limit, || {
            self.containers()
                .is_ok_and(|all| all.values().all(|id| !id.is_empty()))
        })
    }

    fn ready(&self, deployment: &str) -> anyhow::Result<String> {
        let object = ["deployment", deployment, "-n", "movies"];
        self.instance.field(&object, "{.status.readyReplicas}")
    }

    /// The newest rollout of an Application.
    fn last_rollout(&self, application: &str) -> anyhow::Result<Value> {
        let text = self
            .instance
            .kedge(&["rollouts", application, "-o", "json"])?;
        let rollouts: Value = serde_json::from_str(&text)?;
        Ok(rollouts["items"][0].clone())
    }

    /// Each rollout with its verdict, newest first.
    fn history(&self) -> anyhow::Result<Vec<String>> {
        let text = self.instance.kedge(&["rollouts", "-o", "json"])?;
        let rollouts: Value = serde_json::from_str(&text)?;
        let rollouts = rollouts["items"].as_array().context("no items")?;
        let line = |it: &Value| format!("{} {} {}", it["id"], it["phase"], it["finishedAt"]);
        Ok(rollouts.iter().map(line).collect())
    }

    /// What is asked of the cluster: every Deployment with its generation.
    fn cluster(&self) -> anyhow::Result<String> {
        let path = "jsonpath={range .items[*]}{.metadata.name} {.metadata.generation};{end}";
        self.instance
            .kubectl(&["get", "deployments", "-A", "-o", path])
    }

    /// The container of every pod of a Deployment that stays; empty where it is not ready.
    fn containers(&self) -> anyhow::Result<BTreeMap<String, String>> {
        let text = self
            .instance
            .kubectl(&["get", "pods", "-A", "-o", "json"])?;
        let pods: Value = serde_json::from_str(&text)?;
        let pods = pods["items"].as_array().context("no items")?;
        let lasting = |pod: &&Value| {
            let metadata = &pod["metadata"];
            metadata["ownerReferences"][0]["kind"] == "ReplicaSet"
                && metadata["deletionTimestamp"].is_null()
        };
        let container = |pod: &Value| {
            let status = &pod["status"]["containerStatuses"][0];
            let id = if status["ready"] == true {
                &status["containerID"]
            } else {
                &Value::Null
            };
            let uid = pod["metadata"]["uid"].as_str().unwrap_or_default();
            (uid.to_owned(), id.as_str().unwrap_or_default().to_owned())
        };
        Ok(pods.iter().filter(lasting).map(container).collect())
    }

    /// The uid of one pod of a Deployment.
    fn pod(&self, app: &str) -> anyhow::Result<String> {
        let label = format!("app={app}");
        let object = ["pods", "-n", "movies", "-l", &label];
        self.instance.field(&object, "{.items[0].metadata.uid}")
    }
}

fn expect(text: &str, part: &str) -> anyhow::Result<()> {
    ensure!(text.contains(part), "expected {part:?} in:\n{text}");
    Ok(())
}

fn page_says(text: &str) -> anyhow::Result<()> {
    wait(&format!("the demo's page to say {text:?}"), SOON, || {
        page(PAGE).is_ok_and(|page| page.contains(text))
    })
}
