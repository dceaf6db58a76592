//! What was done is seen, proven and guarded: fifty rollouts by three people, one of whom may only
//! look.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

use anyhow::{Context, ensure};
use engine::proof::{self, Leaf};
use engine::rollout::CommitId;
use jiff::Timestamp;
use serde_json::Value;
use sim::instance::{finish, wait};
use sim::visitor::{Visitor, page, post};
use sim::{sql, work_tree};

use super::scenarios::{SOON, Scene, application, expect, namespace, scene};

const SHOPS: usize = 10;
const COMMITS: usize = 5;
/// In every Secret's value, and nowhere else.
const MARK: &str = "xyzzy-plugh";
/// The same as it is stored in a Secret: three bytes are four characters.
const MARK_ENCODED: &str = "eHl6enktcGx1Z2";
/// Pages that are looked at, at most.
const PAGES: usize = 400;

#[test]
fn what_was_done_is_seen_proven_and_guarded() {
    scene("guard", |scene| {
        let mut seen = Seen::default();
        let people = ["ann", "bob"].map(|name| Person::new(scene, name, &[]));
        let [ann, bob] = people;
        let (ann, bob) = (ann?, bob?);
        let eve = Person::new(scene, "eve", &["--read-only"])?;
        let mut heads = Vec::new();
        for round in 0..COMMITS {
            let who = if round % 2 == 0 { &ann } else { &bob };
            write(scene, round)?;
            seen.add(
                "the push",
                &who.push(scene, "main", &format!("Round {round}"))?,
            );
            heads.push((scene.work.head()?, Timestamp::now()));
        }
        let count = sql::read(&scene.instance, "select count(*) from reconciler.outcomes")?;
        ensure!(
            count.trim() == (SHOPS * COMMITS).to_string(),
            "{count} rollouts"
        );
        a_plan_comes_true(scene, &bob, &mut seen)?;
        differences(scene, &heads, &mut seen)?;
        refused(scene, &eve)?;
        proofs(scene)?;
        figures(scene)?;
        webhooks(scene)?;
        look_everywhere(scene, &mut seen)?;
        seen.has_no_secret()
    });
}

/// Everything that was told, and by whom.
#[derive(Default)]
struct Seen {
    told: BTreeMap<String, String>,
}

impl Seen {
    fn add(&mut self, by: &str, text: &str) {
        let told = self.told.entry(by.to_owned()).or_default();
        told.push_str(text);
    }

    fn has_no_secret(&self) -> anyhow::Result<()> {
        for (by, text) in &self.told {
            for mark in [MARK, MARK_ENCODED] {
                let at = text.find(mark);
                let around = at.map(|at| text.get(at.saturating_sub(200)..at + 60));
                ensure!(at.is_none(), "{by} tells a Secret: {around:?}");
            }
        }
        Ok(())
    }
}

struct Person {
    name: String,
    token: String,
}

impl Person {
    fn new(scene: &Scene, name: &str, options: &[&str]) -> anyhow::Result<Self> {
        let mut arguments = vec!["token", "create", name, "--user", name, "-o", "json"];
        arguments.extend(options);
        let made: Value = serde_json::from_str(&scene.instance.kedge(&arguments)?)?;
        let token = made["secret"].as_str().context("no secret")?.to_owned();
        let name = name.to_owned();
        Ok(Self { name, token })
    }

    /// Commits everything and pushes it as this person; what was said.
    fn push(&self, scene: &Scene, branch: &str, message: &str) -> anyhow::Result<String> {
        scene.work.add(message)?;
        let host = scene.instance.web()?.replace("http://", "");
        let url = format!("http://{}:{}@{host}/git/cluster.git", self.name, self.token);
        scene.work.git(&["push", &url, &format!("HEAD:{branch}")])
    }
}

/// The files of a round: every shop is another than before.
fn write(scene: &Scene, round: usize) -> anyhow::Result<()> {
    for number in 0..SHOPS {
        let name = format!("shop-{number}");
        let work: &work_tree::WorkTree = &scene.work;
        work.write(&format!("apps/{name}.yaml"), &application(&name))?;
        work.write(&format!("{name}/namespace.yaml"), &namespace(&name))?;
        work.write(
            &format!("{name}/settings.yaml"),
            &settings(&name, "settings", round),
        )?;
        work.write(&format!("{name}/secret.yaml"), &secret(&name, round))?;
    }
    Ok(())
}

fn settings(namespace: &str, name: &str, round: usize) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: {namespace}}}\n\
         data: {{round: '{round}'}}\n"
    )
}

fn secret(namespace: &str, round: usize) -> String {
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: key, namespace: {namespace}}}\n\
         stringData: {{word: {MARK}-{round}}}\n"
    )
}

/// The plan of a branch that is not merged is what its merge does, object for object.
fn a_plan_comes_true(scene: &Scene, bob: &Person, seen: &mut Seen) -> anyhow::Result<()> {
    scene.work.git(&["checkout", "-q", "-b", "feature"])?;
    scene
        .work
        .write("shop-0/settings.yaml", &settings("shop-0", "settings", 90))?;
    scene
        .work
        .write("shop-0/more.yaml", &settings("shop-0", "more", 90))?;
    scene
        .work
        .write("shop-1/secret.yaml", &secret("shop-1", 90))?;
    scene.work.git(&["rm", "-q", "shop-2/settings.yaml"])?;
    seen.add(
        "the plan of the push",
        &bob.push(scene, "feature", "A feature")?,
    );
    let text = scene.instance.kedge(&["plan", "feature", "-o", "json"])?;
    seen.add("kedge plan", &text);
    let planned: Value = serde_json::from_str(&text)?;
    let applications = planned["report"]["applications"].as_array();
    let lines = applications.into_iter().flatten().flat_map(|application| {
        let lines = application["lines"].as_array().into_iter().flatten();
        lines.filter_map(Value::as_str)
    });
    let planned: BTreeSet<String> = lines.map(squeezed).collect();

    scene.work.git(&["checkout", "-q", "main"])?;
    scene.work.git(&["merge", "-q", "--ff-only", "feature"])?;
    scene.work.git(&["push", "-q", "origin", "main"])?;
    let mut real = BTreeSet::new();
    for name in ["shop-0", "shop-1", "shop-2"] {
        let rollout = scene.newest(name)?;
        ensure!(rollout["phase"] == "Succeeded", "{rollout}");
        let id = rollout["id"].as_str().context("no id")?.to_owned();
        let text = scene.instance.kedge(&["rollout", &id, "-o", "json"])?;
        seen.add("kedge rollout", &text);
        let detail: Value = serde_json::from_str(&text)?;
        for object in detail["objects"].as_array().into_iter().flatten() {
            real.extend(done(object));
        }
    }
    let of_objects = |line: &&String| ["+ ", "- ", "~ "].iter().any(|it| line.starts_with(it));
    let promised: BTreeSet<&String> = planned.iter().filter(of_objects).collect();
    ensure!(!promised.is_empty(), "nothing was planned: {planned:?}");
    ensure!(
        promised == real.iter().collect(),
        "planned {promised:?}, done {real:?}"
    );
    for line in ["-round: \"4\"", "+round: \"90\""] {
        ensure!(planned.contains(line), "no {line:?} in {planned:?}");
    }
    Ok(())
}

/// What a rollout did to an object, in the words of a plan.
fn done(object: &Value) -> Option<String> {
    let sign = match object["action"].as_str()? {
        "create" => "+ create",
        "change" => "~ change",
        "delete" => "- delete",
        _ => return None,
    };
    let (kind, key) = (object["kind"].as_str()?, &object["key"]);
    let (namespace, name) = (key["namespace"].as_str()?, key["name"].as_str()?);
    Some(format!("{sign} {kind} {namespace}/{name}"))
}

fn squeezed(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Between any two commits, and any two moments.
fn differences(
    scene: &Scene,
    heads: &[(String, Timestamp)],
    seen: &mut Seen,
) -> anyhow::Result<()> {
    for (from, (commit, at)) in heads.iter().enumerate() {
        for (to, (other, later)) in heads.iter().enumerate().skip(from + 1) {
            for (from_when, to_when) in [
                (commit.clone(), other.clone()),
                (at.to_string(), later.to_string()),
            ] {
                let began = Timestamp::now();
                let arguments = [
                    "state", "--at", &from_when, "--to", &to_when, "-n", "shop-3",
                ];
                let text = scene.instance.kedge(&arguments)?;
                let took = Timestamp::now().duration_since(began).as_millis();
                eprintln!("from {from_when} to {to_when}: {took} ms");
                expect(&text, "~ changed  ConfigMap shop-3/settings")?;
                expect(&text, &format!("-round: \"{from}\"\n    +round: \"{to}\""))?;
                expect(&text, "~ changed  Secret shop-3/key")?;
                seen.add("kedge state", &text);
            }
        }
    }
    Ok(())
}

/// Who may only look is refused, and that is on record.
fn refused(scene: &Scene, eve: &Person) -> anyhow::Result<()> {
    let web = scene.instance.web()?;
    let header = format!("Authorization: Bearer {}", eve.token);
    let newest = scene.newest("shop-0")?;
    let id = newest["id"].as_str().context("no id")?;
    let before = sql::read(&scene.instance, "select count(*) from reconciler.outcomes")?;
    let mut expected = String::new();
    for (path, form) in [
        ("/apps/shop-0/sync".to_owned(), ""),
        (format!("/rollouts/{id}/rollback"), "reason=because"),
        // An approval is a sync with the digest of what is approved.
        ("/apps/shop-1/sync".to_owned(), "plan=0123456789ab"),
    ] {
        let (code, said) = post(&format!("{web}{path}"), &[&header], form)?;
        ensure!(code == 403, "{path}: {code} {said}");
        writeln!(expected, "eve|POST|{path}|403|f|t")?;
    }
    let query = "select person, method, path, code, allowed, request ~ '^[0-9a-f]{12}$'
                   from reconciler.audit
                  where person = 'eve' order by id";
    let audit = sql::read(&scene.instance, query)?;
    ensure!(audit == expected, "the audit has:\n{audit}");
    let after = sql::read(&scene.instance, "select count(*) from reconciler.outcomes")?;
    ensure!(before == after, "{before} rollouts became {after}");
    Ok(())
}

/// Every proof follows from what is stored beside it.
fn proofs(scene: &Scene) -> anyhow::Result<()> {
    let query = "select json_build_object('application', r.application, 'commit', r.revision,
                        'root', p.root, 'leaves', p.leaves)
                   from reconciler.proofs p join reconciler.rollouts r on r.id = p.rollout";
    let rows = sql::read_all(&scene.instance, query)?;
    let mut count = 0;
    for row in rows.lines() {
        let proof: Value = serde_json::from_str(row)?;
        let leaves: Vec<Leaf> = serde_json::from_value(proof["leaves"].clone())?;
        let text = |field: &str| proof[field].as_str().unwrap_or_default().to_owned();
        let commit = CommitId(text("commit"));
        let root = proof::root(&text("application"), &commit, &leaves);
        ensure!(root == text("root") && !leaves.is_empty(), "{row}: {root}");
        count += 1;
    }
    ensure!(count >= SHOPS * COMMITS, "{count} proofs");
    // And by the service, from the commit and the log of the cluster.
    scene.instance.kedge(&["proof", "shop-5"]).map(drop)
}

/// The histogram counts each rollout that converged, once.
fn figures(scene: &Scene) -> anyhow::Result<()> {
    let query = "select count(*) from reconciler.outcomes where phase = 'Succeeded'";
    let rows = sql::read(&scene.instance, query)?;
    let url = format!("{}/metrics", scene.instance.web()?);
    let counted = || {
        let metrics = page(&url).ok()?;
        let name = "commit_to_converged_seconds_count";
        let line = metrics.lines().find(|line| line.contains(name))?;
        Some(line.rsplit(' ').next()?.to_owned())
    };
    let holds = || counted().as_deref() == Some(rows.trim());
    wait("the histogram to count every rollout", SOON, holds)
        .with_context(|| format!("{} rows, counted {:?}", rows.trim(), counted()))
}

/// Who does not know the secret is refused, and who says a thing twice is not heard twice.
fn webhooks(scene: &Scene) -> anyhow::Result<()> {
    let url = format!("{}/webhook", scene.instance.web()?);
    let rollouts = || sql::read(&scene.instance, "select count(*) from reconciler.outcomes");
    let before = rollouts()?;
    let body = r#"{"ref": "refs/heads/main", "event_name": "push"}"#;
    let bad = ["X-GitHub-Event: push", "X-Hub-Signature-256: sha256=00ff"];
    let (code, said) = post(&url, &bad, body)?;
    ensure!(code == 401, "{code} {said}");
    let secret = std::fs::read_to_string(scene.instance.data().join("webhook-secret"))?;
    let token = format!("X-Gitlab-Token: {}", secret.trim());
    let good = ["X-Gitlab-Event: Push Hook", &token];
    let (code, said) = post(&url, &good, body)?;
    ensure!(
        code == 200 && !said.contains("said before"),
        "{code} {said}"
    );
    let (code, said) = post(&url, &good, body)?;
    ensure!(code == 200 && said.contains("said before"), "{code} {said}");
    ensure!(rollouts()? == before, "a message made a rollout");
    Ok(())
}

/// Every page and its JSON, the logs, the events, and all of the database.
fn look_everywhere(scene: &Scene, seen: &mut Seen) -> anyhow::Result<()> {
    let visitor = Visitor::sign_in(&scene.instance)?;
    let mut known = BTreeSet::from(["/apps".to_owned()]);
    let mut open: VecDeque<String> = known.iter().cloned().collect();
    let mut looked_at = 0;
    while let Some(path) = open.pop_front() {
        let Ok(html) = visitor.page(&path) else {
            continue;
        };
        looked_at += 1;
        for link in links(&html) {
            if known.len() < PAGES && known.insert(link.clone()) {
                open.push_back(link);
            }
        }
        seen.add(&format!("the page {path}"), &html);
        if let Ok(json) = visitor.json(&path) {
            seen.add(&format!("the JSON of {path}"), &json);
        }
    }
    ensure!(looked_at > 60, "only {looked_at} pages");
    let events = scene
        .instance
        .kubectl(&["get", "events", "-A", "-o", "json"])?;
    seen.add("an event", &events);
    seen.add("the log of kedge up", &scene.instance.log());
    for entry in std::fs::read_dir(scene.instance.data().join("logs"))?.flatten() {
        let text = std::fs::read(entry.path())?;
        let by = format!("the log {}", entry.file_name().display());
        seen.add(&by, &String::from_utf8_lossy(&text));
    }
    let dump = sql::dump(&scene.instance)?;
    // It is in there at all.
    expect(&dump, "INSERT INTO reconciler.rollouts")?;
    expect(&dump, "INSERT INTO orchestrator.objects")?;
    seen.add("the database", &dump);
    // The mark is where it belongs, or nothing of this would say anything.
    let own = scene
        .instance
        .field(&["secret", "key", "-n", "shop-4"], "{.data.word}")?;
    let has = own.contains(MARK_ENCODED);
    ensure!(has, "the Secret has {own}, not {MARK_ENCODED}");
    let mut git = std::process::Command::new("git");
    git.arg("-C").arg(scene.work.path());
    let said = finish(git.args(["grep", "-c", MARK]))?;
    ensure!(!said.stdout.is_empty());
    Ok(())
}

/// Where a page leads, here.
fn links(html: &str) -> Vec<String> {
    let parts = html.split("href=\"").skip(1);
    let links = parts.filter_map(|part| part.split_once('"').map(|(link, _)| link));
    links
        .filter(|link| link.starts_with('/') && !link.starts_with("//"))
        .filter(|link| {
            !["/assets", "/git", "/signout"]
                .iter()
                .any(|it| link.starts_with(it))
        })
        .map(|link| {
            link.split('#')
                .next()
                .unwrap_or_default()
                .replace("&amp;", "&")
        })
        .collect()
}
