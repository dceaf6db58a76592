//! Hosted repositories besides the cluster's own.

use std::fs;

use api::Collection;
use engine::rollout::{CommitId, RolloutPhase};
use serde_json::json;

use super::push::Pusher;
use super::*;
use crate::githost::Repositories;
use crate::githost::hosted::{Direction, Mirror};
use crate::githost::rule::Rule;
use crate::history::Verdict;
use crate::service::{RollbackRequest, Service, Span};
use crate::source::Person;

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
    let said = pusher.git(&["push", "origin", "main"]).await;
    let unchecked = "application web could not be checked: there is no default branch in shop";
    assert!(said.contains(unchecked), "{said}");
    assert!(!said.contains("nothing changes"), "{said}");
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
    let push_id = last.unwrap().push.clone().unwrap();
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

/// Runs Git in a work tree of the repository `shop`.
async fn in_shop(pusher: &Pusher, line: &[&str]) -> (bool, String) {
    pusher.try_git(&[&["-C", "../shop"], line].concat()).await
}

async fn commit_in_shop(pusher: &Pusher, text: &str, subject: &str) {
    let file = pusher.world.directory.path().join("shop/web/all.yaml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, text).unwrap();
    in_shop(pusher, &["add", "-A"]).await;
    in_shop(pusher, &["commit", "-q", "-m", subject]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn manifests_in_several_repositories_are_checked_and_taken_back_where_they_are() {
    let mut pusher = Pusher::new().await;
    let core = pusher.world.reconciler.core.clone();
    core.hosted.create("shop", "admin").await.unwrap();
    let url = pusher.git(&["remote", "get-url", "origin"]).await;
    let url = url.trim().replace("/cluster.git", "/shop.git");
    pusher.git(&["init", "-q", "-b", "main", "../shop"]).await;
    in_shop(&pusher, &["remote", "add", "origin", &url]).await;
    commit_in_shop(&pusher, &config_map("there", "one"), "One").await;
    in_shop(&pusher, &["push", "origin", "main"]).await;

    let text = "apiVersion: kedge.dev/v1alpha1\nkind: Application\nmetadata: {name: web}\nspec:\n  \
                targetNamespace: shop\n  sources: [{path: web}, {repo: shop, path: web}]\n";
    let files = &mut pusher.world.files;
    files.insert("apps/web.yaml".into(), text.into());
    files.insert("web/a.yaml".into(), namespace());
    files.insert("web/b.yaml".into(), config_map("here", "one"));
    pusher.commit("Both").await;
    // The push knows what is elsewhere too.
    let said = pusher.git(&["push", "origin", "main"]).await;
    let plan = "remote: application web: 3 to create";
    assert!(said.contains(plan), "{said}");

    // A push to either is checked with what the other one has.
    commit_in_shop(&pusher, &config_map("here", "two"), "Twice").await;
    let (worked, said) = in_shop(&pusher, &["push", "origin", "main"]).await;
    for line in [
        "ConfigMap shop/here is defined twice",
        "--> shop//web/all.yaml:1",
    ] {
        assert!(!worked && said.contains(line), "{said}");
    }
    in_shop(&pusher, &["reset", "-q", "--hard", "HEAD~1"]).await;
    let files = &mut pusher.world.files;
    files.insert("web/c.yaml".into(), config_map("there", "here"));
    pusher.commit("Twice as well").await;
    let (worked, said) = pusher.try_git(&["push", "origin", "main"]).await;
    assert!(
        !worked && said.contains("ConfigMap shop/there is defined twice"),
        "{said}"
    );
    pusher.git(&["reset", "-q", "--hard", "HEAD~1"]).await;
    pusher.world.files.remove("web/c.yaml");

    // A branch is planned as if it were merged.
    commit_in_shop(&pusher, &config_map("there", "two"), "Two").await;
    let (_, said) = in_shop(&pusher, &["push", "origin", "HEAD:refs/heads/try"]).await;
    assert!(said.contains("web: 1 to change"), "{said}");
    let (worked, said) = in_shop(&pusher, &["push", "origin", "main"]).await;
    assert!(worked && said.contains("is in the cluster"), "{said}");

    // What came from there goes back there, and the other repository stays as it is.
    let value = async || {
        let live = pusher.world.get(&key("", "configmaps", "there")).await;
        live.unwrap().text("/data/value").to_owned()
    };
    assert_eq!(value().await, "two");
    let span = Span::Rollout("web-2".into());
    let seen = pusher
        .world
        .reconciler
        .preview_rollback(&span)
        .await
        .unwrap();
    assert!(
        seen.plan
            .iter()
            .any(|line| line.contains("web: 1 to change")),
        "{seen:?}"
    );
    let head = core.source.head("main").await.unwrap();
    let request = RollbackRequest {
        span,
        reason: "It was wrong".into(),
        author: Person::new("Bob", "bob@example.org"),
        parent: Some(seen.parent),
        plan: seen.digest,
    };
    let done = pusher.world.reconciler.rollback(&request).await.unwrap();
    let both = CommitId::joined(&[head.clone().unwrap(), done.commit.clone()]);
    let last = pusher
        .world
        .phase("web", &both, RolloutPhase::Succeeded)
        .await;
    assert_eq!(
        (value().await.as_str(), last.rollback_of.as_str()),
        ("one", "web-2")
    );
    assert_eq!(core.source.head("main").await.unwrap(), head);
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
async fn a_mirror_follows_what_it_mirrors() {
    let pusher = Pusher::new().await;
    let world = &pusher.world;
    let core = world.reconciler.core.clone();
    for name in ["shop", "copy", "here"] {
        core.hosted.create(name, "admin").await.unwrap();
    }
    let url = pusher.git(&["remote", "get-url", "origin"]).await;
    let address = |name: &str| {
        let url = url.trim().replace("/cluster.git", &format!("/{name}.git"));
        (url.clone(), url.replace("admin:secret@", ""))
    };
    let (shop, _) = address("shop");
    let (copy, there) = address("copy");
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "type": "kedge.dev/repository",
        "metadata": {"name": "forge", "namespace": "kedge"},
        "stringData": {"url": there.rsplit_once("/git/").unwrap().0, "password": "wrong"}});
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kedge"}});
    let options = client::WriteOptions::default();
    for (resource, body) in [("namespaces", namespace), ("secrets", secret)] {
        let object: api::Object = body.into();
        let collection = Collection::new("", resource);
        let created = world.client.create(&collection, &object, &options).await;
        created.unwrap();
    }

    pusher
        .git(&["commit", "-q", "--allow-empty", "-m", "One"])
        .await;
    pusher.git(&["push", "-q", &shop, "HEAD:main"]).await;
    let (to, from) = (Direction::To, Direction::From);
    core.hosted
        .mirror("shop", to, &there, "admin")
        .await
        .unwrap();
    let of = |name: &str| core.hosted.mirrors(name).remove(0);
    let until = async |name: &str, fits: fn(&Mirror) -> bool| {
        let mut changed = core.hosted.mirrors_changed();
        let waiting = async {
            while !fits(&of(name)) {
                changed.changed().await.unwrap();
            }
        };
        let late = std::time::Duration::from_secs(30);
        let waited = tokio::time::timeout(late, waiting).await;
        assert!(waited.is_ok(), "{:?}", of(name));
    };
    until("shop", |it| it.failures > 0).await;
    let said = of("shop").error;
    assert!(said.contains("refuses the credentials"), "{said}");
    assert!(
        said.starts_with("cannot push to http://127.0.0.1:"),
        "{said}"
    );

    let key = Collection::new("", "secrets").key("kedge", "forge");
    world
        .patch(&key, json!({"stringData": {"password": "secret"}}))
        .await;
    pusher
        .git(&["push", "-q", &shop, "HEAD:refs/heads/try"])
        .await;
    until("shop", |it| it.synced_at.is_some() && it.error.is_empty()).await;
    let refs = |said: &str| -> Vec<String> {
        let lines = said.lines().filter(|line| line.contains("refs/heads/"));
        lines.map(ToOwned::to_owned).collect()
    };
    let there_now = refs(&pusher.git(&["ls-remote", &copy]).await);
    assert_eq!(there_now.len(), 2);
    assert_eq!(there_now, refs(&pusher.git(&["ls-remote", &shop]).await));

    // The other way: `here` is what `copy` is, and takes no pushes.
    core.hosted
        .mirror("here", from, &there, "admin")
        .await
        .unwrap();
    until("here", |it| it.synced_at.is_some()).await;
    let (here, _) = address("here");
    let said = pusher.git(&["ls-remote", "--symref", &here]).await;
    assert!(said.contains("ref: refs/heads/main\tHEAD"), "{said}");
    assert_eq!(refs(&said).len(), 3, "{said}");
    let (worked, said) = pusher
        .try_git(&["push", &here, "HEAD:refs/heads/new"])
        .await;
    let sentence = format!("here is a mirror of {there}: push there");
    assert!(!worked && said.contains(&sentence), "{said}");
    core.hosted.unmirror("here", &there).await.unwrap();
    pusher
        .git(&["push", "-q", &here, "HEAD:refs/heads/new"])
        .await;
    pusher.world.end().await;
}
