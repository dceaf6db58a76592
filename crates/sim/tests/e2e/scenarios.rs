//! What GitOps users rely on, against the real binary, Git and PostgreSQL. Pods are simulated:
//! these are about commits and objects, and there are many.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, ensure};
use jiff::SignedDuration;
use serde_json::Value;
use sim::instance::{Instance, empty_seed, wait};
use sim::work_tree::WorkTree;

pub(super) const SOON: SignedDuration = SignedDuration::from_secs(60);

pub(super) struct Scene {
    pub(super) instance: Instance,
    pub(super) work: WorkTree,
}

/// Runs a scenario on an instance of its own; a failure comes with the logs.
pub(super) fn scene(name: &str, play: impl FnOnce(&Scene) -> anyhow::Result<()>) {
    let begin = || -> anyhow::Result<Scene> {
        let seed = empty_seed()?;
        let instance = Instance::start(name, &["--seed", &seed, "--runtime", "simulated"])?;
        let work = WorkTree::clone(&instance, "work")?;
        Ok(Scene { instance, work })
    };
    let scene = begin().expect("the instance starts");
    if let Err(error) = play(&scene) {
        panic!("{error:#}\n\nThe logs:\n{}", scene.instance.logs());
    }
}

#[test]
fn a_push_converges_whole() {
    scene("push", |scene| {
        for number in 0..10 {
            scene.shop(&format!("shop-{number}"), "web:1")?;
        }
        let said = scene.push("Ten shops")?;
        expect(&said, "is in the cluster, 10 applications healthy")?;
        let head = scene.work.head()?;
        let rollouts = scene.rollouts("")?;
        ensure!(rollouts.len() == 10, "{} rollouts", rollouts.len());
        let mut results = 0;
        for rollout in &rollouts {
            ensure!(rollout["revision"] == head.as_str(), "{rollout}");
            ensure!(rollout["phase"] == "Succeeded", "{rollout}");
            ensure!(rollout["author"]["email"] == "ann@example.org", "{rollout}");
            let times = ["startedAt", "finishedAt"];
            ensure!(
                times.iter().all(|time| rollout[time].is_string()),
                "{rollout}"
            );
            let detail = scene.rollout(rollout["id"].as_str().unwrap_or_default())?;
            results += detail["objects"].as_array().map_or(0, Vec::len);
        }
        ensure!(results == 40, "{results} results of objects");
        ensure!(scene.managed()?.len() == 40, "{:?}", scene.managed()?);

        // A commit that concerns no Application writes nothing.
        let before = scene.live()?;
        scene.work.write("notes.md", "Nothing to see.\n")?;
        let said = scene.push("Notes")?;
        expect(&said, "nothing to do")?;
        ensure!(scene.live()? == before, "objects were written");
        ensure!(scene.rollouts("")?.len() == 10, "a rollout of nothing");
        Ok(())
    });
}

#[test]
fn a_bad_manifest_is_refused_whole() {
    scene("refused", |scene| {
        for number in 0..5 {
            scene.shop(&format!("shop-{number}"), "web:1")?;
        }
        scene.push("A")?;
        let before = scene.live()?;
        for number in 0..5 {
            scene.shop(&format!("shop-{number}"), "web:2")?;
        }
        scene
            .work
            .edit("shop-3/deployment.yaml", "replicas:", "replicsa:")?;
        let said = scene.push("B").expect_err("B was taken").to_string();
        expect(&said, "shop-3/deployment.yaml:5:")?;
        expect(&said, "spec.replicsa")?;
        ensure!(
            scene.live()? == before,
            "a refused commit changed something"
        );
        scene
            .work
            .edit("shop-3/deployment.yaml", "replicsa:", "replicas:")?;
        let said = scene.push("C")?;
        expect(&said, "is in the cluster, 5 applications healthy")
    });
}

#[test]
fn a_newer_commit_supersedes_and_a_rollback_goes_back() {
    scene("newer", |scene| {
        scene.shop("shop", "web:1")?;
        scene.push("A")?;
        let tree = scene.work.git(&["rev-parse", "HEAD:shop"])?;

        // B never becomes healthy; C comes before its deadline.
        scene.shop("shop", "registry.invalid/web:2")?;
        scene.work.add("B")?;
        scene
            .work
            .git(&["push", "-q", "-o", "nowait", "origin", "main"])?;
        wait("B to be stuck", SOON, || {
            scene
                .newest("shop")
                .is_ok_and(|it| it["phase"] == "Verifying")
        })?;
        scene.shop("shop", "web:3")?;
        let said = scene.push("C")?;
        expect(&said, "is in the cluster, 1 application healthy")?;
        let rollouts = scene.rollouts("shop")?;
        let phases: Vec<&str> = rollouts
            .iter()
            .filter_map(|it| it["phase"].as_str())
            .collect();
        ensure!(
            phases == ["Succeeded", "Superseded", "Succeeded"],
            "{phases:?}"
        );

        // Back to A: what B and C did is undone by one commit.
        let said = scene.instance.kedge(&[
            "rollback",
            "shop",
            "--to",
            "shop-1",
            "--reason",
            "A was better",
        ])?;
        expect(&said, "-image: web:3")?;
        expect(&said, "+image: web:1")?;
        wait("the rollback", SOON, || {
            scene
                .newest("shop")
                .is_ok_and(|it| it["number"] == 4 && it["phase"] == "Succeeded")
        })?;
        ensure!(
            scene.newest("shop")?["rollbackOf"] == "shop-2",
            "{}",
            scene.newest("shop")?
        );
        scene.work.git(&["pull", "-q"])?;
        ensure!(
            scene.work.git(&["rev-parse", "HEAD:shop"])? == tree,
            "another tree than A's"
        );
        expect(
            &scene.work.git(&["log", "-1", "--format=%B"])?,
            "A was better",
        )?;
        ensure!(scene.image()? == "web:1", "{}", scene.image()?);
        // Nothing brings C back.
        let settled = scene.live()?;
        std::thread::sleep(Duration::from_secs(5));
        ensure!(scene.live()? == settled, "something was written later");
        Ok(())
    });
}

impl Scene {
    /// An Application of four objects, in a namespace of its own.
    fn shop(&self, name: &str, image: &str) -> anyhow::Result<()> {
        let file = |kind: &str| format!("{name}/{kind}.yaml");
        self.work
            .write(&format!("apps/{name}.yaml"), &application(name))?;
        self.work.write(&file("namespace"), &namespace(name))?;
        self.work
            .write(&file("deployment"), &deployment(name, image))?;
        self.work.write(&file("service"), &service(name))?;
        let map = map(0, "v").replace("namespace: big", &format!("namespace: {name}"));
        self.work.write(&file("settings"), &map)
    }

    pub(super) fn push(&self, message: &str) -> anyhow::Result<String> {
        self.work.add(message)?;
        self.work.push()
    }

    /// Newest first; of all Applications where none is named.
    pub(super) fn rollouts(&self, application: &str) -> anyhow::Result<Vec<Value>> {
        let mut arguments = vec!["rollouts", "-o", "json"];
        if !application.is_empty() {
            arguments.push(application);
        }
        let list: Value = serde_json::from_str(&self.instance.kedge(&arguments)?)?;
        Ok(list["items"].as_array().context("no items")?.clone())
    }

    pub(super) fn newest(&self, application: &str) -> anyhow::Result<Value> {
        let rollouts = self.rollouts(application)?;
        rollouts.first().cloned().context("no rollout")
    }

    fn rollout(&self, id: &str) -> anyhow::Result<Value> {
        Ok(serde_json::from_str(
            &self.instance.kedge(&["rollout", id, "-o", "json"])?,
        )?)
    }

    /// Every object of the kinds that come from Git here, with its version.
    fn live(&self) -> anyhow::Result<BTreeMap<String, String>> {
        let kinds = "deployments,services,configmaps,namespaces";
        let path = "jsonpath={range .items[*]}{.kind}/{.metadata.namespace}/{.metadata.name} \
                    {.metadata.generation}{.metadata.uid}{.data}{.spec}{\"\\n\"}{end}";
        let text = self.instance.kubectl(&["get", kinds, "-A", "-o", path])?;
        let pairs = text.lines().filter_map(|line| line.split_once(' '));
        Ok(pairs
            .map(|(name, what)| (name.to_owned(), what.to_owned()))
            .collect())
    }

    /// Those of them that are not the cluster's own.
    fn managed(&self) -> anyhow::Result<Vec<String>> {
        let names = self.live()?.into_keys();
        Ok(names
            .filter(|name| name.contains("shop") && !name.contains("kube-root-ca"))
            .collect())
    }

    fn image(&self) -> anyhow::Result<String> {
        let object = ["deployment", "web", "-n", "shop"];
        self.instance
            .field(&object, "{.spec.template.spec.containers[0].image}")
    }
}

pub(super) fn application(name: &str) -> String {
    format!(
        "apiVersion: kedge.dev/v1alpha1\nkind: Application\nmetadata: {{name: {name}}}\n\
         spec: {{source: {{path: {name}}}}}\n"
    )
}

pub(super) fn namespace(name: &str) -> String {
    format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n")
}

fn deployment(namespace: &str, image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: {namespace}}}\n\
         spec:\n  replicas: 2\n  selector: {{matchLabels: {{app: web}}}}\n  template:\n    \
         metadata: {{labels: {{app: web}}}}\n    spec:\n      containers:\n        \
         - {{name: web, image: '{image}'}}\n"
    )
}

fn service(namespace: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: {namespace}}}\n\
         spec: {{selector: {{app: web}}, ports: [{{port: 80}}]}}\n"
    )
}

pub(super) fn map(number: usize, value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: map-{number}, namespace: big}}\n\
         data: {{value: {value}}}\n"
    )
}

pub(super) fn expect(text: &str, part: &str) -> anyhow::Result<()> {
    ensure!(text.contains(part), "expected {part:?} in:\n{text}");
    Ok(())
}
