//! A repository that Kedge does not host: over https, with a token and an authority of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use jiff::SignedDuration;
use sim::git_server::GitServer;
use sim::instance::{Instance, finish, wait};

const SOON: SignedDuration = SignedDuration::from_secs(60);
const TOKEN: &str = "open-sesame-4711";
const APPLICATION: &str = "apiVersion: kedge.dev/v1alpha1\nkind: Application\n\
                           metadata: {name: web}\nspec: {source: {path: web}}\n";
const MANIFEST: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: greeting}\n\
                        data: {text: TEXT}\n";

#[test]
fn a_repository_over_https_is_followed() -> anyhow::Result<()> {
    let directory = PathBuf::from(format!("/tmp/kedge-elsewhere-git-{}", std::process::id()));
    fs::create_dir_all(&directory)?;
    let told = Elsewhere::new(&directory).and_then(|elsewhere| elsewhere.tell());
    fs::remove_dir_all(&directory)?;
    told
}

struct Elsewhere {
    server: GitServer,
    work: PathBuf,
    keys: PathBuf,
}

impl Elsewhere {
    fn new(directory: &Path) -> anyhow::Result<Self> {
        let elsewhere = Self {
            server: GitServer::start(directory, TOKEN)?,
            work: directory.join("work"),
            keys: directory.join("keys"),
        };
        fs::create_dir_all(elsewhere.work.join("apps"))?;
        fs::create_dir_all(elsewhere.work.join("web"))?;
        fs::create_dir_all(&elsewhere.keys)?;
        fs::write(elsewhere.work.join("apps/web.yaml"), APPLICATION)?;
        fs::write(elsewhere.keys.join("ca.crt"), &elsewhere.server.authority)?;
        elsewhere.git(&["init", "-q", "-b", "main"])?;
        elsewhere.commit("one")?;
        Ok(elsewhere)
    }

    fn git(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let mut command = Command::new("git");
        command
            .current_dir(&self.work)
            .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.org"])
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null");
        finish(&mut command).map(drop)
    }

    fn commit(&self, text: &str) -> anyhow::Result<()> {
        let manifest = MANIFEST.replace("TEXT", text);
        fs::write(self.work.join("web/greeting.yaml"), manifest)?;
        self.git(&["add", "-A"])?;
        self.git(&["commit", "-q", "-m", text])?;
        let origin = self.server.repository.display().to_string();
        self.git(&["push", "-q", &origin, "main"])
    }

    fn token(&self, token: &str) -> anyhow::Result<()> {
        Ok(fs::write(self.keys.join("password"), token)?)
    }

    fn tell(&self) -> anyhow::Result<()> {
        self.nothing_starts_that_cannot_be_followed()?;
        self.token(TOKEN)?;
        let keys = self.keys.display().to_string();
        let arguments = ["--runtime", "simulated", "--repo", &self.server.url];
        let arguments = [&arguments[..], &["--repo-credentials", &keys]].concat();
        let mut instance = Instance::start("elsewhere", &arguments)?;
        if let Err(error) = self.is_followed(&mut instance) {
            panic!("{error:#}\n\nThe logs:\n{}", instance.logs());
        }
        Ok(())
    }

    /// The poll would take up to a minute.
    fn a_forge_tells_of_news(&self, instance: &Instance) -> anyhow::Result<()> {
        self.commit("three")?;
        let secret = fs::read_to_string(instance.data().join("webhook-secret"))?;
        let post = |token: &str| -> anyhow::Result<String> {
            let mut curl = Command::new("curl");
            curl.args([
                "-s",
                "-w",
                "%{http_code}",
                "-H",
                "X-Gitlab-Event: Push Hook",
            ])
            .args(["-H", &format!("X-Gitlab-Token: {token}")])
            .args([
                "-d",
                r#"{"project": {"web_url": "https://elsewhere/git/origin"}}"#,
            ])
            .arg(format!("{}/webhook", instance.web()?));
            let output = finish(&mut curl)?;
            Ok(String::from_utf8(output.stdout)?)
        };
        let said = post("wrong")?;
        ensure!(said.ends_with("401"), "{said}");
        let said = post(secret.trim())?;
        ensure!(said == "1 repository is looked at\n200", "{said}");
        greets_within(instance, "three", SignedDuration::from_secs(20))
    }

    fn nothing_starts_that_cannot_be_followed(&self) -> anyhow::Result<()> {
        let host = self.server.url.split('/').nth(2).context("no host")?;
        let url = &self.server.url;
        let refused = format!("cannot fetch {url}: {host} refuses the credentials; --repo-cred");
        let untrusted = format!(
            "cannot fetch {url}: the certificate of {host} is signed by nobody who is trusted"
        );
        let away = url.replace(host, "localhost:1");
        let unreachable = format!("cannot fetch {away}: localhost:1 cannot be reached");
        let branch = format!("there is no branch mian in {url}: it has main");
        let path = format!("there is no directory deploy in branch main of {url}");
        let keys = self.keys.display().to_string();
        let keys = ["--repo-credentials", keys.as_str()];
        self.token("wrong")?;
        self.refuses(&[&["--repo", url], &keys[..]].concat(), &refused)?;
        self.refuses(&["--repo", url], &untrusted)?;
        self.token(TOKEN)?;
        self.refuses(&[&["--repo", &away], &keys[..]].concat(), &unreachable)?;
        let mian = ["--repo", url, "--branch", "mian"];
        self.refuses(&[&mian, &keys[..]].concat(), &branch)?;
        let deploy = ["--repo", url, "--path", "deploy"];
        self.refuses(&[&deploy, &keys[..]].concat(), &path)
    }

    fn refuses(&self, arguments: &[&str], expected: &str) -> anyhow::Result<()> {
        let data = self.keys.join("../data");
        let output = Command::new(sim::instance::binary()?)
            .args(["up", "--runtime", "simulated", "--data-dir"])
            .arg(&data)
            .args(arguments)
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.code() == Some(2), "{arguments:?}: {said}");
        ensure!(said.contains(expected), "{said}\nlacks {expected}");
        ensure!(said.trim().lines().count() == 1, "{said}");
        ensure!(!said.contains(TOKEN), "{said}");
        ensure!(!data.exists(), "something was started: {said}");
        Ok(())
    }

    fn is_followed(&self, instance: &mut Instance) -> anyhow::Result<()> {
        greets(instance, "one")?;
        let lines = processes(&instance.data().display().to_string());
        ensure!(!lines.is_empty(), "no process of the instance");
        ensure!(!lines.contains(TOKEN), "a process shows the token");
        instance.stop()?;

        // A token that ran out stops neither the start nor the cluster, and is told.
        self.token("wrong")?;
        self.commit("two")?;
        instance.up()?;
        let host = self.server.url.split('/').nth(2).context("no host")?;
        let sentence = format!("{host} refuses the credentials");
        let condition = "{.status.conditions[?(@.type==\"SourceReady\")].message}";
        let application = ["application", "web", "-n", "kedge"];
        let told = || {
            let told = instance.field(&application, condition);
            told.is_ok_and(|message| message.contains(&sentence))
        };
        wait("the condition", SOON, told)?;
        let shown = instance.kedge(&["app", "web"])?;
        ensure!(shown.contains(&sentence), "{shown}");
        greets(instance, "one")?;

        self.token(TOKEN)?;
        greets(instance, "two")?;
        self.a_forge_tells_of_news(instance)?;
        let logs = instance.logs();
        ensure!(!logs.contains(TOKEN), "the token is in a log:\n{logs}");
        Ok(())
    }
}

fn greets(instance: &Instance, text: &str) -> anyhow::Result<()> {
    greets_within(instance, text, SOON)
}

fn greets_within(instance: &Instance, text: &str, soon: SignedDuration) -> anyhow::Result<()> {
    let map = ["configmap", "greeting"];
    let there = || {
        let found = instance.field(&map, "{.data.text}");
        found.is_ok_and(|found| found == text)
    };
    wait(&format!("the greeting {text}"), soon, there)
}

/// The command lines that have the text in them.
fn processes(text: &str) -> String {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    let lines: Vec<String> = lines.filter(|line| line.contains(text)).collect();
    lines.join("\n")
}
