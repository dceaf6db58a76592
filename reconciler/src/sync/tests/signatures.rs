//! Only what is signed by those who are trusted is followed.

use std::fs;
use std::process::Command;

use api::kinds::VerifyMode;
use engine::rollout::RolloutPhase;

use super::push::Pusher;
use super::*;
use crate::service::{Error, RollbackPreview, RollbackRequest, Service, Span};
use crate::source::{Person, SigningKey};

/// `ann` and `eve` have keys; commits of Ann count.
async fn guarded(mode: VerifyMode) -> Pusher {
    let mut world = World::new().await;
    let place = world.directory.path().join("signers");
    let trusted = place.join("trusted");
    fs::create_dir_all(&trusted).unwrap();
    for name in ["ann", "eve"] {
        let path = place.join(name);
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(&path)
            .status();
        assert!(made.unwrap().success());
    }
    let key = fs::read_to_string(place.join("ann.pub")).unwrap();
    fs::write(trusted.join("signers"), format!("ann@example.org {key}")).unwrap();
    world
        .configure(|config| config.trusted_keys = Some((trusted, mode)))
        .await;
    let pusher = Pusher::of(world).await;
    pusher.git(&["config", "gpg.format", "ssh"]).await;
    pusher
}

impl Pusher {
    async fn commit_by(&self, name: &str, message: &str) {
        let key = self.world.directory.path().join("signers").join(name);
        let key = key.to_str().unwrap();
        self.git(&["config", "user.signingKey", key]).await;
        let signs = if name.is_empty() { "false" } else { "true" };
        self.git(&["config", "commit.gpgSign", signs]).await;
        self.commit(message).await;
    }

    fn change(&mut self, value: &str) {
        let manifests = [namespace(), config_map("a", value)];
        self.world.application("web", "", &manifests);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_nobody_trusted_signed_is_refused() {
    let mut pusher = guarded(VerifyMode::Commits).await;
    pusher.change("one");
    pusher.commit_by("ann", "First").await;
    let said = pusher.git(&["push", "origin", "main"]).await;
    assert!(said.contains("is in the cluster"), "{said}");
    let steps = pusher.world.steps("web-1").await;
    let signed = steps
        .iter()
        .find(|step| step.text.contains("signed by ann@example.org (SSH key"));
    assert!(signed.is_some(), "{steps:?}");

    pusher.change("two");
    for (name, expected) in [
        ("", "is not signed"),
        (
            "eve",
            "is signed with an SSH key, which is not among the trusted keys",
        ),
    ] {
        pusher.commit_by(name, "Second").await;
        let head = pusher.git(&["rev-parse", "HEAD"]).await;
        // One that is signed on top of it does not help.
        pusher.change(&format!("three{name}"));
        pusher.commit_by("ann", "Third").await;
        let (worked, said) = pusher.try_git(&["push", "origin", "main"]).await;
        let told = format!("commit {} {expected}", &head[..7]);
        assert!(!worked && said.contains(&told), "{told} in {said}");
        pusher.git(&["reset", "-q", "--hard", "origin/main"]).await;
    }
    assert_eq!(pusher.world.rollouts("web").await.len(), 1);
    pusher.world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_is_signed_with_kedges_own_key() {
    let mut pusher = guarded(VerifyMode::Commits).await;
    for value in ["one", "two"] {
        pusher.change(value);
        pusher.commit_by("ann", value).await;
        pusher.git(&["push", "origin", "main"]).await;
    }
    let span = Span::Rollout("web-2".into());
    let unsigned = pusher.world.reconciler.preview_rollback(&span).await;
    let said = unsigned.unwrap_err().to_string();
    assert!(
        said.contains("Kedge was given no --signing-key; git revert -S"),
        "{said}"
    );

    // A key that nobody trusts is no better.
    let place = pusher.world.directory.path().join("signers");
    for (name, expected) in [("eve", Some("--trusted-keys")), ("ann", None)] {
        let signing = SigningKey::new(place.join(name));
        pusher
            .world
            .configure(|config| config.signing_key = Some(signing))
            .await;
        let reconciler = &pusher.world.reconciler;
        let seen = world_ready(&pusher.world, &span).await;
        if let Some(expected) = expected {
            let said = seen.unwrap_err().to_string();
            assert!(said.contains(expected), "{said}");
            continue;
        }
        let seen = seen.unwrap();
        let request = RollbackRequest {
            span: span.clone(),
            reason: "It was wrong".into(),
            author: Person::new("Bob", "bob@example.org"),
            parent: Some(seen.parent),
            plan: seen.digest,
        };
        let done = reconciler.rollback(&request).await.unwrap();
        let world = &pusher.world;
        let last = world.phase("web", &done.commit, RolloutPhase::Succeeded);
        assert_eq!(last.await.rollback_of, "web-2");
        let live = world.get(&key("", "configmaps", "a")).await.unwrap();
        assert_eq!(live.text("/data/value"), "one");
    }
    pusher.world.end().await;
}

/// What a rollback would do, once the service that was started again follows its commit.
async fn world_ready(world: &World, span: &Span) -> Result<RollbackPreview, Error> {
    let ready = world.until("a followed commit", || async {
        world.reconciler.core.target().map(drop)
    });
    ready.await;
    world.reconciler.preview_rollback(span).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_found_in_the_repository_must_be_signed_too() {
    let mut pusher = guarded(VerifyMode::Head).await;
    pusher.change("one");
    pusher.commit_by("ann", "First").await;
    pusher.git(&["push", "origin", "main"]).await;
    pusher.change("two");
    let id = pusher.world.commit("Behind the back of the hooks");
    let world = &pusher.world;
    let condition = world.until("web unverified", || async {
        let live = world.live_application("web").await?;
        let condition = live.condition("SourceReady")?;
        (condition.reason == "SignatureUnverified").then_some(condition)
    });
    let condition = condition.await;
    let told = format!("commit {} is not signed", id.short());
    assert!(condition.message.starts_with(&told), "{condition:?}");
    assert_eq!(condition.status, "False");
    pusher.world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_follows_only_what_is_signed_as_it_asks() {
    let mut world = World::new().await;
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: keys, namespace: kedge}\n\
                data: {signers: 'ann@example.org ssh-ed25519 AAAA'}\n";
    let keys = "apiVersion: kedge.dev/v1alpha1\nkind: Application\nmetadata: {name: keys}\n\
                spec: {source: {path: keys}}\n";
    world.files.insert("apps/keys.yaml".into(), keys.into());
    world.files.insert("keys/keys.yaml".into(), text.into());
    let far = world.directory.path().join("far.git");
    crate::testing::init(&far);
    let files = [("web/a.yaml", config_map("a", "one"))].into();
    crate::testing::commit(&far, "main", "One", &files);
    let id = world.converge("Keys").await;
    world.phase("keys", &id, RolloutPhase::Succeeded).await;
    let spec = format!(
        "apiVersion: kedge.dev/v1alpha1\nkind: Application\nmetadata: {{name: far}}\n\
         spec: {{source: {{repo: '{}', path: web, revision: main, verify: {{configMap: keys}}}}}}\n",
        far.display()
    );
    world.files.insert("apps/far.yaml".into(), spec);
    world.commit("Far");
    let condition = world.until("far unverified", || async {
        let live = world.live_application("far").await?;
        let condition = live.condition("SourceReady")?;
        (condition.reason == "SignatureUnverified").then_some(condition)
    });
    assert!(condition.await.message.contains("is not signed"));
    assert!(world.rollouts("far").await.is_empty());
    world.end().await;
}
