//! Through the front door: the real Git client, the hooks, the checks.

use std::fs;
use std::sync::Arc;

use tokio::process::Command;

use super::*;
use crate::githost::testing::Door;
use crate::history::{Trigger, Verdict};

pub(super) struct Pusher {
    pub(super) world: World,
}

impl Pusher {
    pub(super) async fn new() -> Self {
        Self::of(World::new().await).await
    }

    pub(super) async fn of(world: World) -> Self {
        let router = world.reconciler.git(Arc::new(Door));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        world
            .tasks()
            .spawn_until_cancelled(async move { axum::serve(listener, router).await.unwrap() });
        let pusher = Self { world };
        fs::create_dir(pusher.world.directory.path().join("work")).unwrap();
        pusher.git(&["init", "-q", "-b", "main"]).await;
        let url = format!("http://admin:secret@{address}/git/cluster.git");
        pusher.git(&["remote", "add", "origin", &url]).await;
        pusher
    }

    pub(super) async fn try_git(&self, arguments: &[&str]) -> (bool, String) {
        let output = Command::new("git")
            .current_dir(self.world.directory.path().join("work"))
            .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.org"])
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .output()
            .await
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(text).unwrap())
    }

    pub(super) async fn git(&self, arguments: &[&str]) -> String {
        let (worked, said) = self.try_git(arguments).await;
        assert!(worked, "git {arguments:?}: {said}");
        said
    }

    pub(super) async fn commit(&self, message: &str) {
        let work = self.world.directory.path().join("work");
        for directory in ["apps", "base", "web"] {
            let _ = fs::remove_dir_all(work.join(directory));
        }
        for (file, text) in &self.world.files {
            let path = work.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        self.git(&["add", "-A"]).await;
        self.git(&["commit", "-q", "-m", message]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_shows_the_plan_and_how_it_goes() {
    let mut pusher = Pusher::new().await;
    let manifests = [namespace(), deployment("web", "web:1")];
    pusher.world.application("web", "", &manifests);
    pusher.commit("First").await;
    let said = pusher.git(&["push", "origin", "main"]).await;
    for line in [
        "remote: application web: 2 to create",
        "remote:   + create  Namespace shop",
        "remote: web: rollout web-1 of commit",
        "remote: web: healthy at commit",
        "is in the cluster, 1 application healthy",
    ] {
        assert!(said.contains(line), "{line} in {said}");
    }
    let pushes = pusher.world.history().pushes(9).await.unwrap();
    assert_eq!(pushes.len(), 1);
    assert_eq!(
        (pushes[0].trigger, pushes[0].verdict),
        (Trigger::Push, Verdict::Accepted)
    );
    assert_eq!(pushes[0].pusher, "ann <ann@example.org>");
    let updates = pusher.world.history().ref_updates(9).await.unwrap();
    let update = &updates[0];
    assert_eq!(
        (&*update.repository, &*update.name),
        ("cluster", "refs/heads/main")
    );
    assert_eq!(
        (&*update.pusher, &*update.token),
        ("ann <ann@example.org>", "laptop")
    );
    assert_eq!(update.verdict, Verdict::Accepted);
    assert_eq!(update.push, pushes[0].id);

    // A change, a failure, and the revert of it.
    let manifests = [namespace(), deployment("web", "bad:2")];
    pusher
        .world
        .application("web", "deadlineSeconds: 1", &manifests);
    pusher.commit("Second").await;
    let said = pusher.git(&["push", "origin", "main"]).await;
    assert!(said.contains("-image: web:1"), "{said}");
    assert!(said.contains("+image: bad:2"), "{said}");
    assert!(said.contains("failed for 1 application: web"), "{said}");
    pusher.git(&["revert", "--no-edit", "HEAD"]).await;
    let said = pusher.git(&["push", "origin", "main"]).await;
    assert!(said.contains("which undoes web-2"), "{said}");
    assert!(
        said.contains("is in the cluster, 1 application healthy"),
        "{said}"
    );
    pusher.world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_concerned_by_a_push_is_not_looked_at() {
    let mut pusher = Pusher::new().await;
    pusher.world.application("base", "", &[namespace()]);
    let mut looked_at = Vec::new();
    for value in ["one", "two", "three", "four", "five"] {
        let map = config_map("a", value);
        pusher.world.application("web", "dependsOn: [base]", &[map]);
        pusher.commit(value).await;
        let seen = || {
            let stand = pusher.world.reconciler.core.standings.get("base");
            stand.map(|it| (it.standing.observed_at, it.seen))
        };
        let before = seen();
        let said = pusher.git(&["push", "origin", "main"]).await;
        assert!(said.contains("is in the cluster"), "{said}");
        if let Some((observed, revision)) = before {
            let (now, at) = seen().unwrap();
            looked_at.push(now != observed);
            assert_ne!(at, revision, "{value}");
        }
    }
    // Its own first rollout may still come to rest; a push would have it looked at every time.
    assert!(looked_at.contains(&false), "{looked_at:?}");
    pusher.world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_is_over_when_those_that_wait_for_others_are() {
    let mut pusher = Pusher::new().await;
    let world = &mut pusher.world;
    world.application("base", "", &[namespace(), deployment("base", "web:1")]);
    world.application("web", "dependsOn: [base]", &[deployment("web", "web:1")]);
    pusher.commit("First").await;
    pusher.git(&["push", "origin", "main"]).await;
    for (image, verdict) in [
        ("web:2", "1 application healthy"),
        ("bad:3", "failed for 1 application: web"),
        ("web:4", "1 application healthy"),
    ] {
        let manifests = [deployment("web", image)];
        pusher
            .world
            .application("web", "deadlineSeconds: 1, dependsOn: [base]", &manifests);
        pusher.commit(image).await;
        let said = pusher.git(&["push", "origin", "main"]).await;
        assert!(said.contains(verdict), "{verdict} in {said}");
        assert!(!said.contains("waits for application"), "{said}");
        let last = pusher
            .world
            .history()
            .last_rollout("web")
            .await
            .unwrap()
            .unwrap();
        assert!(
            last.phase.is_final() && last.commit_message.contains(image),
            "{last:?}"
        );
    }
    pusher.world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_push_is_refused_with_its_place() {
    let mut pusher = Pusher::new().await;
    let manifests = [namespace(), deployment("web", "web:1")];
    pusher.world.application("web", "", &manifests);
    pusher.commit("First").await;
    pusher.git(&["push", "origin", "main"]).await;
    let broken = deployment("web", "web:2").replace("replicas", "replicsa");
    pusher.world.application("web", "", &[namespace(), broken]);
    pusher.commit("Typo").await;
    let (worked, said) = pusher.try_git(&["push", "origin", "main"]).await;
    assert!(!worked);
    assert!(said.contains("web/1.yaml:5:3"), "{said}");
    assert!(said.contains("did you mean \"replicas\"?"), "{said}");
    let refused = deployment("web", "web:2").replace("replicas: 2", "replicas: -2");
    pusher.world.application("web", "", &[namespace(), refused]);
    pusher.commit("Negative").await;
    let (worked, said) = pusher.try_git(&["push", "origin", "main"]).await;
    assert!(!worked);
    assert!(said.contains("spec.replicas"), "{said}");
    let nowhere = config_map("a", "x").replace("{name: a}", "{name: a, namespace: nowhere}");
    pusher.world.application("web", "", &[namespace(), nowhere]);
    pusher.commit("Nowhere").await;
    let (worked, said) = pusher.try_git(&["push", "origin", "main"]).await;
    assert!(!worked);
    assert!(said.contains("web/1.yaml:3:"), "{said}");
    assert!(said.contains("nothing in this commit creates it"), "{said}");
    assert_eq!(pusher.world.rollouts("web").await.len(), 1);
    let pushes = pusher.world.history().pushes(9).await.unwrap();
    assert_eq!(pushes[0].verdict, Verdict::Refused);
    let updates = pusher.world.history().ref_updates(1).await.unwrap();
    assert_eq!(updates[0].verdict, Verdict::Refused);
    assert!(
        updates[0]
            .reason
            .contains("nothing in this commit creates it")
    );

    pusher.git(&["reset", "-q", "--hard", "origin/main"]).await;
    pusher
        .git(&["commit", "-q", "--amend", "-m", "Rewritten"])
        .await;
    let (worked, said) = pusher.try_git(&["push", "--force", "origin", "main"]).await;
    assert!(!worked && said.contains("git revert it and push"), "{said}");
    let (worked, said) = pusher.try_git(&["push", "origin", ":main"]).await;
    assert!(!worked && said.contains("cannot be deleted"), "{said}");
    // Other branches are people's own business.
    pusher.git(&["push", "origin", "HEAD:refs/heads/try"]).await;
    pusher.world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_pushes_at_once_one_is_told_who_was_first() {
    let mut pusher = Pusher::new().await;
    pusher.world.application("web", "", &[namespace()]);
    pusher.commit("First").await;
    pusher.git(&["push", "origin", "main"]).await;
    for (branch, value) in [("one", "v1"), ("two", "v2")] {
        pusher.git(&["checkout", "-q", "-b", branch, "main"]).await;
        let manifests = [namespace(), config_map("a", value)];
        pusher.world.application("web", "", &manifests);
        pusher.commit(branch).await;
    }
    let (one, two) = tokio::join!(
        pusher.try_git(&["push", "origin", "one:main"]),
        pusher.try_git(&["push", "origin", "two:main"]),
    );
    let ((worked, _), (_, lost)) = if one.0 { (&one, &two) } else { (&two, &one) };
    assert!(*worked && one.0 != two.0, "{one:?} {two:?}");
    let told = "main has moved meanwhile, by Ann: git pull --rebase, look, and push again";
    assert!(lost.contains(told), "{lost}");
    assert!(
        lost.contains("nothing was changed") && !lost.contains("cannot lock ref"),
        "{lost}"
    );
    assert!(!lost.contains("application web: "), "{lost}");
    let pushes = pusher.world.history().pushes(9).await.unwrap();
    let verdicts: Vec<Verdict> = pushes.iter().map(|it| it.verdict).collect();
    assert!(!verdicts.contains(&Verdict::Checking), "{verdicts:?}");
    pusher.world.end().await;
}
