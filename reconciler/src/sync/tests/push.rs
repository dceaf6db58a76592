//! Through the front door: the real Git client, the hooks, the checks.

use std::fs;
use std::sync::Arc;

use tokio::process::Command;

use super::*;
use crate::githost::Repositories;
use crate::githost::rule::Rule;
use crate::githost::testing::Door;
use crate::history::{Trigger, Verdict};

struct Pusher {
    world: World,
}

impl Pusher {
    async fn new() -> Self {
        let world = World::new().await;
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

    async fn try_git(&self, arguments: &[&str]) -> (bool, String) {
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

    async fn git(&self, arguments: &[&str]) -> String {
        let (worked, said) = self.try_git(arguments).await;
        assert!(worked, "git {arguments:?}: {said}");
        said
    }

    async fn commit(&self, message: &str) {
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
    assert!(said.contains("web:1 -> bad:2"), "{said}");
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
async fn another_hosted_repository_is_checked_and_told_like_the_first() {
    let mut pusher = Pusher::new().await;
    let core = pusher.world.reconciler.core.clone();
    core.hosted.create("shop", "admin").await.unwrap();
    let text = "apiVersion: kedge.dev/v1alpha1\nkind: Application\nmetadata: {name: web}\nspec: \
                {source: {repo: shop, path: web}, targetNamespace: shop}\n";
    let files = &mut pusher.world.files;
    files.insert("apps/web.yaml".into(), text.into());
    pusher.commit("Follow shop").await;
    pusher.git(&["push", "origin", "main"]).await;
    let web = || pusher.world.live_application("web");
    let told = |web: Option<api::Object>| {
        let text = web?.body["status"].to_string();
        text.contains("there is no default branch in shop")
            .then_some(())
    };
    let empty = "told that shop is empty";
    pusher
        .world
        .until(empty, || async { told(web().await) })
        .await;
    assert_eq!(core.readers("shop"), ["web"]);

    let url = pusher.git(&["remote", "get-url", "origin"]).await;
    let url = url.trim().replace("/cluster.git", "/shop.git");
    pusher.git(&["init", "-q", "-b", "main", "../shop"]).await;
    pusher
        .git(&["-C", "../shop", "remote", "add", "origin", &url])
        .await;
    let file = pusher.world.directory.path().join("shop/web/all.yaml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let commit = async |field: &str| {
        let all = [namespace(), deployment("web", "web:1")].join("---\n");
        fs::write(&file, all.replace("replicas", field)).unwrap();
        pusher.git(&["-C", "../shop", "add", "-A"]).await;
        pusher
            .git(&["-C", "../shop", "commit", "-q", "-m", field])
            .await;
    };
    let push = ["-C", "../shop", "push", "origin", "main"];
    commit("replicas").await;
    let said = pusher.git(&push).await;
    for line in [
        "remote: application web: 2 to create",
        "remote: web: rollout web-1 of commit",
        "is in the cluster, 1 application healthy",
    ] {
        assert!(said.contains(line), "{line} in {said}");
    }
    let last = pusher.world.history().last_rollout("web").await.unwrap();
    let push_id = last.unwrap().push.unwrap();
    let recorded = pusher
        .world
        .history()
        .push(&push_id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(recorded.pusher, "ann <ann@example.org>");
    assert_eq!((&*recorded.repository, &*recorded.branch), ("shop", "main"));

    commit("replicsa").await;
    let (worked, said) = pusher.try_git(&push).await;
    assert!(!worked && said.contains("web/all.yaml:"), "{said}");
    // Nobody follows it, so nobody asks what is in it.
    pusher
        .git(&["-C", "../shop", "push", "origin", "HEAD:refs/heads/try"])
        .await;
    let open = Rule {
        allow_deletion: true,
        ..Rule::strict("main")
    };
    core.hosted.protect("shop", open).await.unwrap();
    let (worked, said) = pusher
        .try_git(&["-C", "../shop", "push", "origin", ":main"])
        .await;
    let sentence = "application web follows the default branch of shop, which would be gone";
    assert!(!worked && said.contains(sentence), "{said}");
    pusher.world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_of_branches_hold_for_everybody_who_pushes() {
    let pusher = Pusher::new().await;
    let core = pusher.world.reconciler.core.clone();
    core.hosted.create("shop", "admin").await.unwrap();
    let url = pusher.git(&["remote", "get-url", "origin"]).await;
    let url = url.trim().replace("/cluster.git", "/shop.git");
    pusher.git(&["remote", "set-url", "origin", &url]).await;
    let commit = ["commit", "-q", "--allow-empty", "-m", "Work"];
    pusher.git(&commit).await;
    let push = async |to: &str| {
        let to = format!("HEAD:refs/heads/{to}");
        pusher.try_git(&["push", "--force", "origin", &to]).await
    };
    for branch in ["main", "try", "release/1"] {
        let (worked, said) = push(branch).await;
        assert!(worked, "{said}");
    }
    let rule = Rule {
        pushers: vec!["bob".into()],
        ..Rule::strict("release/*")
    };
    core.hosted.protect("shop", rule).await.unwrap();
    pusher
        .git(&["commit", "-q", "--amend", "--allow-empty", "-m", "Other"])
        .await;
    let (worked, said) = push("main").await;
    let sentence = "remote: main of shop is protected: its history is not rewritten";
    assert!(!worked && said.contains(sentence), "{said}");
    let (worked, said) = push("try").await;
    assert!(worked, "{said}");
    let (worked, said) = push("release/1").await;
    let sentence = "by the rule release/*: only bob may push there; push to another branch";
    assert!(!worked && said.contains(sentence), "{said}");
    let updates = pusher.world.history().ref_updates(1).await.unwrap();
    assert_eq!(updates[0].verdict, Verdict::Refused);
    assert!(updates[0].reason.contains("only bob may push"));
    let (worked, said) = pusher.try_git(&["push", "origin", ":main"]).await;
    assert!(!worked && said.contains("it cannot be deleted"), "{said}");
    pusher.git(&["push", "origin", ":try"]).await;
    let (worked, said) = pusher
        .try_git(&["push", "origin", "HEAD:refs/kedge/x"])
        .await;
    assert!(!worked && said.contains("is Kedge's own"), "{said}");

    // They outlive a restart.
    let hosted = &core.hosted;
    let again = Repositories::load(
        pusher.world.directory.path().join("git/repositories"),
        None,
        "http://127.0.0.1:1",
        &core.history,
        &core.env,
    );
    assert_eq!(again.await.unwrap().rules("shop"), hosted.rules("shop"));
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
