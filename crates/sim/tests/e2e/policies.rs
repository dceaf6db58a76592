//! What the policies of an Application promise, against the real binary, Git and PostgreSQL:
//! drift, what is deleted, order, approval, and commits that fail. Pods are simulated.

use anyhow::{Context, ensure};
use serde_json::Value;
use sim::instance::wait;

use super::scenarios::{SOON, Scene, expect, namespace, scene};

/// An Application with these lines in its spec.
fn application(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: kedge.dev/v1alpha1\nkind: Application\nmetadata: {{name: {name}}}\nspec:\n  \
         source: {{path: {name}}}\n  targetNamespace: {name}\n{spec}"
    )
}

fn map(name: &str, value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{value: {value}}}\n"
    )
}

fn claim(name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {name}}}\nspec:\n  \
         accessModes: [ReadWriteOnce]\n  resources: {{requests: {{storage: 1Mi}}}}\n"
    )
}

fn deployment(image: &str, metadata: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web{metadata}}}\nspec:\n  \
         replicas: 3\n  selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: \
         {{labels: {{app: web}}}}\n    spec:\n      containers:\n        - name: web\n          \
         image: '{image}'\n          envFrom: [{{secretRef: {{name: key}}}}]\n"
    )
}

impl Scene {
    fn json(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let mut all = arguments.to_vec();
        all.extend(["-o", "json"]);
        Ok(serde_json::from_str(&self.instance.kedge(&all)?)?)
    }

    fn value(&self, name: &str) -> String {
        let object = ["configmap", name, "-n", "shop"];
        let value = self.instance.field(&object, "{.data.value}");
        value.unwrap_or_else(|_| "(absent)".into())
    }

    fn paused(&self, reason: &str) -> anyhow::Result<String> {
        let path = "{.status.conditions[?(@.type=='Paused')].reason}: \
                    {.status.conditions[?(@.type=='Paused')].message}";
        let condition = || {
            self.instance
                .field(&["application", "shop", "-n", "kedge"], path)
        };
        let holds = || condition().is_ok_and(|it| it.starts_with(&format!("{reason}: ")));
        wait(&format!("paused: {reason}"), SOON, holds)?;
        condition()
    }
}

#[test]
fn drift_goes_back_and_what_is_not_git_s_stays() {
    scene("drift", |scene| {
        let ignore = "  ignoreDifferences:\n  - {kind: ConfigMap, name: free, jsonPointers: [/data/value]}\n";
        let write = |value: &str| {
            scene
                .work
                .write("apps/shop.yaml", &application("shop", ignore))?;
            scene
                .work
                .write("shop/namespace.yaml", &namespace("shop"))?;
            scene.work.write("shop/a.yaml", &map("a", value))?;
            scene.work.write("shop/free.yaml", &map("free", value))
        };
        write("v1")?;
        scene.push("A")?;
        let kubectl = |arguments: &[&str]| {
            let mut all = vec!["-n", "shop"];
            all.extend(arguments);
            scene.instance.kubectl(&all)
        };
        let patch = |name: &str, value: &str| {
            let patch = format!("{{\"data\":{{\"value\":\"{value}\"}}}}");
            kubectl(&["patch", "configmap", name, "--type", "merge", "-p", &patch])
        };
        kubectl(&["create", "configmap", "theirs", "--from-literal", "value=x"])?;
        patch("free", "by hand")?;
        patch("a", "by hand")?;
        wait("the field to come back", SOON, || scene.value("a") == "v1")?;
        kubectl(&["delete", "configmap", "a"])?;
        wait("the object to come back", SOON, || scene.value("a") == "v1")?;
        ensure!(scene.value("theirs") == "x" && scene.value("free") == "by hand");
        let diff = scene.instance.kedge(&["diff", "shop"])?;
        expect(&diff, "no changes")?;
        let blame = scene
            .instance
            .kedge(&["blame", "configmap/a", "-n", "shop", "--history"])?;
        expect(&blame, "by hand")?;

        // The next commit has the field as it is, and all the others.
        write("v2")?;
        scene.push("B")?;
        ensure!(scene.value("a") == "v2" && scene.value("free") == "by hand");
        ensure!(scene.value("theirs") == "x");
        Ok(())
    });
}

#[test]
fn much_is_deleted_only_when_somebody_says_so() {
    scene("prune", |scene| {
        scene
            .work
            .write("apps/shop.yaml", &application("shop", ""))?;
        scene
            .work
            .write("shop/namespace.yaml", &namespace("shop"))?;
        for number in 0..40 {
            let name = format!("map-{number}");
            scene
                .work
                .write(&format!("shop/{name}.yaml"), &map(&name, "v1"))?;
        }
        for number in 0..3 {
            let name = format!("data-{number}");
            scene
                .work
                .write(&format!("shop/{name}.yaml"), &claim(&name))?;
        }
        let kept = map("kept", "v1").replace(
            "{name: kept}",
            "{name: kept, annotations: {kedge.dev/prune: disabled}}",
        );
        scene.work.write("shop/kept.yaml", &kept)?;
        scene.push("A")?;
        let count = || -> anyhow::Result<usize> {
            let names =
                scene
                    .instance
                    .kubectl(&["get", "configmaps,pvc", "-n", "shop", "-o", "name"])?;
            Ok(names
                .lines()
                .filter(|it| it.contains("map-") || it.contains("data-"))
                .count())
        };
        ensure!(count()? == 43, "{}", count()?);
        scene.work.git(&["rm", "-q", "-r", "shop"])?;
        scene
            .work
            .write("shop/namespace.yaml", &namespace("shop"))?;
        scene.work.write("shop/map-0.yaml", &map("map-0", "v1"))?;
        scene.push("B")?;
        let why = scene.paused("Approval")?;
        expect(&why, "kedge sync shop --prune")?;
        ensure!(count()? == 43, "something is gone already");

        // What is approved is exactly what was looked at.
        let seen = scene.json(&["sync", "shop", "--prune", "--dry-run"])?;
        let digest = seen["plan"].as_str().context("no digest")?.to_owned();
        ensure!(seen["counts"]["delete"] == 42, "{}", seen["counts"]);
        let wrong = scene
            .instance
            .kedge(&["sync", "shop", "--prune", "--plan", &"0".repeat(12)]);
        let wrong = wrong.expect_err("another plan was done").to_string();
        expect(&wrong, "nothing was changed")?;
        scene
            .instance
            .kedge(&["sync", "shop", "--prune", "--plan", &digest[..12]])?;
        wait("the rest to go", SOON, || count().is_ok_and(|it| it == 1))?;
        ensure!(scene.value("kept") == "v1", "a protected object is gone");

        // What is gone comes back as it was.
        scene
            .instance
            .kedge(&["undelete", "configmap/map-7", "-n", "shop"])?;
        ensure!(scene.value("map-7") == "v1");

        // An emptied path takes nothing along.
        scene.work.git(&["rm", "-q", "-r", "shop"])?;
        scene.work.write("shop/README.md", "Nothing.\n")?;
        scene.push("C")?;
        scene.paused("Approval")?;
        ensure!(
            scene.value("map-0") == "v1",
            "an emptied path took map-0 along"
        );
        Ok(())
    });
}

const DATABASES: &str = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: databases.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {plural: databases, kind: Database}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [size]
            properties: {size: {type: integer, minimum: 1}, engine: {type: string, default: pg}}
";

fn database(spec: &str) -> String {
    format!(
        "apiVersion: example.org/v1\nkind: Database\nmetadata: {{name: main}}\nspec:\n  {spec}\n"
    )
}

#[test]
fn what_is_needed_comes_first_and_a_failed_hook_stops_the_rest() {
    scene("order", |scene| {
        let hook = |ends: &str, name: &str| {
            format!(
                "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {name}\n  annotations: \
                 {{kedge.dev/hook: before}}\nspec:\n  backoffLimit: 0\n  template:\n    metadata: \
                 {{annotations: {{{ends}}}}}\n    spec:\n      restartPolicy: Never\n      \
                 containers: [{{name: main, image: 'migrate:1'}}]\n"
            )
        };
        let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: key}\nstringData: {key: x}\n";
        let good = "simulated.kedge.dev/exit-after: 300ms";
        for name in ["db", "shop"] {
            let after = if name == "shop" {
                "  dependsOn: [db]\n"
            } else {
                ""
            };
            scene
                .work
                .write(&format!("apps/{name}.yaml"), &application(name, after))?;
            let file = |kind: &str| format!("{name}/{kind}.yaml");
            // By name they are in the wrong order.
            scene.work.write(&file("1-web"), &deployment("web:1", ""))?;
            scene.work.write(&file("2-secret"), secret)?;
            scene.work.write(&file("3-namespace"), &namespace(name))?;
            scene.work.write(&file("4-job"), &hook(good, "migrate"))?;
            scene
                .work
                .write(&file("0-database"), &database("size: 3"))?;
        }
        // Both Applications have an object of a kind that one of them defines.
        scene.work.write("db/5-kind.yaml", DATABASES)?;
        scene
            .work
            .write("shop/0-database.yaml", &database("sise: 3"))?;
        let refused = scene.push("Wrong").expect_err("an unknown field");
        expect(&refused.to_string(), "shop/0-database.yaml:5:3")?;
        expect(&refused.to_string(), "unknown field \"spec.sise\"")?;
        scene
            .work
            .write("shop/0-database.yaml", &database("size: 3"))?;
        let said = scene.push("A")?;
        expect(&said, "is in the cluster, 2 applications healthy")?;
        let pods = |name: &str, path: &str| scene.instance.field(&["pods", "-n", name], path);
        let first = |name: &str| -> anyhow::Result<String> {
            let starts = pods(
                name,
                "{range .items[?(@.metadata.labels.app=='web')]}{.status.startTime} {end}",
            )?;
            starts
                .split_whitespace()
                .min()
                .map(ToOwned::to_owned)
                .context("no pods")
        };
        let ended = scene.instance.field(
            &["job", "migrate", "-n", "shop"],
            "{.status.completionTime}",
        )?;
        ensure!(
            !ended.is_empty() && ended <= first("shop")?,
            "{ended} is not before {}",
            first("shop")?
        );
        let (web, db) = (scene.newest("shop")?, scene.newest("db")?);
        let time = |it: &Value, field: &str| it[field].as_str().unwrap_or_default().to_owned();
        ensure!(
            time(&web, "beganAt") >= time(&db, "finishedAt"),
            "{web} {db}"
        );

        let databases = ["databases", "-A"];
        let engines = scene
            .instance
            .field(&databases, "{.items[*].spec.engine}")?;
        ensure!(engines == "pg pg", "{engines}");

        // A hook that fails leaves everything at its old version.
        scene.work.write(
            "shop/4-job.yaml",
            &hook(
                "simulated.kedge.dev/exit-after: 300ms, simulated.kedge.dev/exit-code: '3'",
                "migrate",
            ),
        )?;
        scene
            .work
            .write("shop/1-web.yaml", &deployment("web:2", ""))?;
        let failed = scene.push("B")?;
        expect(&failed, "failed for 1 application: shop")?;
        let image = scene.instance.field(
            &["deployment", "web", "-n", "shop"],
            "{.spec.template.spec.containers[0].image}",
        )?;
        ensure!(image == "web:1", "{image}");
        Ok(())
    });
}

#[test]
fn a_commit_is_in_the_cluster_whole_or_not_at_all() {
    scene("whole", |scene| {
        let write = |image: &str, value: &str| -> anyhow::Result<()> {
            let short = "  deadlineSeconds: 5\n";
            scene
                .work
                .write("apps/web.yaml", &application("web", short))?;
            scene
                .work
                .write("apps/shop.yaml", &application("shop", ""))?;
            scene.work.write("web/namespace.yaml", &namespace("web"))?;
            scene.work.write(
                "web/secret.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: key}\n",
            )?;
            scene.work.write("web/web.yaml", &deployment(image, ""))?;
            scene
                .work
                .write("shop/namespace.yaml", &namespace("shop"))?;
            scene.work.write("shop/a.yaml", &map("a", value))
        };
        write("web:1", "v1")?;
        scene.push("A")?;
        write("registry.invalid/web:2", "v2")?;
        let said = scene.push("B")?;
        expect(&said, "application web: ")?;
        wait("the other one to go back", SOON, || {
            scene.value("a") == "v1"
        })?;
        wait("its rollout to be undone", SOON, || {
            scene
                .newest("shop")
                .is_ok_and(|it| !it["undoneAt"].is_null())
        })?;
        let whole = scene.json(&["proof", "shop"])?;
        ensure!(
            whole["rootRecomputes"] == true && whole["commitRecomputes"] == true,
            "{whole}"
        );
        write("web:3", "v3")?;
        let said = scene.push("C")?;
        expect(&said, "is in the cluster, 2 applications healthy")?;
        ensure!(scene.value("a") == "v3", "{}", scene.value("a"));
        let proof = scene.json(&["proof", "shop"])?;
        ensure!(proof["commit"] == scene.work.head()?.trim(), "{proof}");
        ensure!(proof["holding"] == 2 && proof["until"].is_null(), "{proof}");

        // Back to the first commit, as the preview says.
        let preview = scene.json(&["rollback", "shop", "--to", "shop-1", "--dry-run"])?;
        ensure!(preview["conflicts"] == serde_json::json!([]), "{preview}");
        let plan = preview["digest"].as_str().context("no digest")?;
        scene.instance.kedge(&[
            "rollback", "shop", "--to", "shop-1", "--reason", "enough", "--plan", plan,
        ])?;
        wait("the first commit's value", SOON, || {
            scene.value("a") == "v1"
        })
    });
}
