//! The real Git client against the real server; only the decisions are made up.

use std::fs;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::sync::Arc;

use async_trait::async_trait;
use tokio::process::Command;
use tokio::sync::Notify;

use client::{Env, Tasks};
use engine::tree::{Node, Tree};

use super::*;
use crate::source::{Location, Source, Upkeep};
use crate::testing::Directory;

/// Refuses a commit with a file `bad`; after a push it says something, waits for `go`, and says
/// something more.
struct Judge {
    repository: PathBuf,
    go: Arc<Notify>,
    done: Arc<Notify>,
}

#[async_trait]
impl Gate for Judge {
    async fn before(&self, push: &Pushed, pusher: &Lines) -> Accept {
        for update in &push.request.updates {
            let location = Location {
                path: self.repository.clone(),
                quarantine: push.request.quarantine.clone(),
            };
            let new = update.new.clone().unwrap();
            let looked = location.read(move |git| {
                let bad = git.tree(&new)?.node("bad").unwrap();
                Ok((bad, git.commit(&new)?.message))
            });
            let (bad, message) = looked.await.unwrap();
            if bad != Node::Absent {
                pusher.say("bad:1: is bad\n  take it out").await;
                return Accept::No;
            }
            let name = &push.pusher.name;
            pusher
                .say(&format!("{name} pushes {}", message.trim()))
                .await;
        }
        Accept::Yes
    }

    async fn after(&self, push: &Pushed, pusher: &Lines) {
        if push.request.options.iter().any(|option| option == "nowait") {
            pusher.say("not waiting").await;
            return;
        }
        pusher.say("begins").await;
        self.go.notified().await;
        pusher.say("healthy").await;
        self.done.notify_one();
    }
}

struct World {
    directory: Directory,
    address: String,
    tasks: Tasks,
    go: Arc<Notify>,
    done: Arc<Notify>,
}

impl World {
    async fn new() -> Self {
        let (directory, tasks, env) = (Directory::new(), Tasks::default(), Env::system());
        let at = |name: &str| directory.path().join(name);
        repository::prepare(&at("cluster.git"), "main", None).unwrap();
        let (go, done) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let judge = Judge {
            repository: at("cluster.git"),
            go: go.clone(),
            done: done.clone(),
        };
        let options = Options {
            repositories: Arc::new(at("cluster.git")),
            hooks: at("hooks"),
            socket: at("run/hooks.socket"),
            executable: testing::hook(directory.path()),
            push_limit: 1 << 20,
            upkeep: Upkeep::new(crate::source::Limits::default(), &env, &tasks),
        };
        let host = GitHost::start(options, Arc::new(judge), &env, &tasks).unwrap();
        let router = router(&host, Arc::new(testing::Door));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tasks.spawn_until_cancelled(async move { axum::serve(listener, router).await.unwrap() });
        let world = Self {
            directory,
            address,
            tasks,
            go,
            done,
        };
        world.git(".", &["init", "-q", "-b", "main", "work"]).await;
        let url = format!("http://admin:secret@{}/git/cluster.git", world.address);
        world.git("work", &["remote", "add", "origin", &url]).await;
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn command(&self, at: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command
            .current_dir(self.path(at))
            .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.org"])
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .stdin(Stdio::null());
        command
    }

    /// Runs Git; answers what it said, and whether it worked.
    async fn try_git(&self, at: &str, arguments: &[&str]) -> (bool, String) {
        let Output {
            status,
            stdout,
            stderr,
        } = self.command(at, arguments).output().await.unwrap();
        let text = [stdout, stderr].concat();
        (status.success(), String::from_utf8(text).unwrap())
    }

    async fn git(&self, at: &str, arguments: &[&str]) -> String {
        let (worked, said) = self.try_git(at, arguments).await;
        assert!(worked, "git {arguments:?}: {said}");
        said
    }

    async fn commit(&self, file: &str, content: &str) {
        fs::write(self.path("work").join(file), content).unwrap();
        self.git("work", &["add", "-A"]).await;
        let message = format!("Add {file}");
        self.git("work", &["commit", "-q", "-m", &message]).await;
    }

    async fn head(&self) -> String {
        let source = Source::hosted(&self.path("cluster.git"));
        let head = source.head("main").await.unwrap();
        head.map(|head| head.0).unwrap_or_default()
    }

    async fn local(&self) -> String {
        let said = self.git("work", &["rev-parse", "HEAD"]).await;
        said.trim().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_is_checked_then_told_how_it_goes() {
    let world = World::new().await;
    world.commit("good", "1").await;
    world.go.notify_one();
    let said = world.git("work", &["push", "origin", "main"]).await;
    for line in [
        "remote: ann pushes Add good",
        "remote: begins",
        "remote: healthy",
    ] {
        assert!(said.contains(line), "{said}");
    }
    assert_eq!(world.head().await, world.local().await);

    let url = format!("http://any:secret@{}/git/cluster", world.address);
    world.git(".", &["clone", "-q", &url, "copy"]).await;
    assert_eq!(fs::read_to_string(world.path("copy/good")).unwrap(), "1");
    world.tasks.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_push_changes_nothing() {
    let world = World::new().await;
    world.commit("bad", "1").await;
    let (worked, said) = world.try_git("work", &["push", "origin", "main"]).await;
    assert!(!worked);
    assert!(said.contains("remote: bad:1: is bad"), "{said}");
    assert!(said.contains("remote:   take it out"), "{said}");
    assert!(said.contains("pre-receive hook declined"), "{said}");
    assert_eq!(world.head().await, "");
    world.tasks.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pusher_may_leave_early() {
    let world = World::new().await;
    world.commit("good", "1").await;
    let push = ["push", "-o", "nowait", "origin", "main"];
    let said = world.git("work", &push).await;
    assert!(said.contains("remote: not waiting"), "{said}");

    world.commit("more", "2").await;
    let mut child = world
        .command("work", &["push", "origin", "main"])
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = {
        use tokio::io::AsyncBufReadExt;
        tokio::io::BufReader::new(child.stderr.take().unwrap()).lines()
    };
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.contains("begins") {
            break;
        }
    }
    child.kill().await.unwrap();
    world.go.notify_one();
    world.done.notified().await;
    assert_eq!(world.head().await, world.local().await);
    world.tasks.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_asked_to_sign_in() {
    let world = World::new().await;
    let wrong = format!("http://admin:wrong@{}/git/cluster.git", world.address);
    let (worked, said) = world.try_git(".", &["ls-remote", &wrong]).await;
    assert!(!worked && said.contains("Authentication failed"), "{said}");
    let none = format!("http://admin:secret@{}/git/other.git", world.address);
    let (worked, said) = world.try_git(".", &["ls-remote", &none]).await;
    assert!(!worked && said.contains("not found"), "{said}");
    let url = format!("http://{}/git/cluster.git", world.address);
    let bearer = "http.extraHeader=Authorization: Bearer secret";
    world.git(".", &["-c", bearer, "ls-remote", &url]).await;
    world.tasks.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_fetches_and_pushes_nothing() {
    let world = World::new().await;
    world.commit("good", "1").await;
    let push = ["push", "-o", "nowait", "origin", "main"];
    world.git("work", &push).await;
    let url = format!("http://ann:look@{}/git/cluster.git", world.address);
    world.git(".", &["clone", "-q", &url, "copy"]).await;
    world.commit("more", "2").await;
    let (worked, said) = world.try_git("work", &["push", &url, "main"]).await;
    assert!(!worked, "{said}");
    let sentence = "remote: token laptop of ann may only read: push with one that may write";
    assert!(said.contains(sentence) && said.contains("403"), "{said}");
    assert_ne!(world.head().await, world.local().await);
    world.tasks.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_larger_than_the_limit_is_refused() {
    let world = World::new().await;
    let noise: String = (0..600_000_u64)
        .map(|n| format!("{:x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
        .collect();
    world.commit("large", &noise).await;
    let (worked, said) = world.try_git("work", &["push", "origin", "main"]).await;
    assert!(!worked, "{said}");
    assert_eq!(world.head().await, "");
    world.tasks.drain().await;
}

#[test]
fn a_directory_becomes_the_first_commit_once() {
    let directory = Directory::new();
    let (path, seed) = (
        directory.path().join("a.git"),
        directory.path().join("seed"),
    );
    fs::create_dir_all(seed.join("apps")).unwrap();
    fs::create_dir_all(seed.join(".git")).unwrap();
    fs::write(seed.join(".git/config"), "").unwrap();
    fs::write(seed.join("apps/web.yaml"), "a: 1\n").unwrap();
    std::os::unix::fs::symlink("apps", seed.join("link")).unwrap();
    repository::prepare(&path, "main", Some(&seed)).unwrap();
    let head = || {
        let git = git2::Repository::open_bare(&path).unwrap();
        git.refname_to_id("refs/heads/main").unwrap()
    };
    let first = head();
    fs::write(seed.join("apps/web.yaml"), "a: 2\n").unwrap();
    repository::prepare(&path, "main", Some(&seed)).unwrap();
    assert_eq!(head(), first);
    let git = git2::Repository::open_bare(&path).unwrap();
    let tree = git.find_commit(first).unwrap().tree().unwrap();
    let names: Vec<_> = tree.iter().map(|e| e.name().unwrap().to_owned()).collect();
    assert_eq!(names, ["apps", "link"]);
    assert_eq!(tree.get_name("link").unwrap().filemode(), 0o120_000);
}
