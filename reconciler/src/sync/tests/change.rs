//! Plans of branches and pull requests, before anybody merges them.

use std::sync::{Arc, Mutex};

use axum::Json;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::Value;
use tokio::sync::watch;

use api::Collection;
use serde_json::json;

use super::push::Pusher;
use super::*;
use crate::forge::{Kind, Pull, Verdict};
use crate::githost::hosted::CLUSTER;
use crate::sync::{change, pulls};

#[tokio::test(flavor = "multi_thread")]
async fn a_pushed_branch_is_planned_as_if_it_were_merged() {
    let mut pusher = Pusher::new().await;
    let core = pusher.world.reconciler.core.clone();
    let user = deployment("api", "api:1").replace(
        "image: 'api:1'",
        "image: 'api:1', envFrom: [{configMapRef: {name: settings}}]",
    );
    let web = |image: &str, value: &str| {
        let settings = config_map("settings", value);
        vec![namespace(), settings, deployment("web", image)]
    };
    pusher.world.application("web", "", &web("web:1", "one"));
    pusher.world.application("api", "dependsOn: [web]", &[user]);
    pusher.commit("First").await;
    pusher.git(&["push", "origin", "main"]).await;

    pusher.git(&["checkout", "-q", "-b", "try"]).await;
    pusher.world.application("web", "", &web("web:2", "two"));
    pusher.commit("Second").await;
    let said = pusher.git(&["push", "origin", "try"]).await;
    for line in [
        "remote: try merged into ",
        "application web: 2 to change, 1 unchanged",
        "  -image: web:1",
        "  +image: web:2",
        "restarts 2 pods of Deployment shop/web, none missing meanwhile",
        "ConfigMap shop/settings changes, and Deployment shop/api of application api uses it",
        "1 more application is unchanged",
        "again: kedge plan try",
    ] {
        assert!(said.contains(line), "{line} in {said}");
    }
    let known = change::current(&core, CLUSTER, "try")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(known.verdict, Verdict::Passed);
    assert!(
        said.contains(&format!("plan {};", known.short_digest())),
        "{said}"
    );
    assert_eq!(known.report.subject, "Second");
    assert_eq!(pusher.world.rollouts("web").await.len(), 1);

    // What main gets meanwhile is not taken back by the branch.
    pusher.git(&["checkout", "-q", "main"]).await;
    let more = [namespace(), config_map("more", "x")];
    pusher.world.application("web", "", &web("web:1", "one"));
    pusher.world.application("base", "", &more[1..]);
    pusher.commit("Meanwhile").await;
    pusher.git(&["push", "origin", "main"]).await;
    let again = change::current(&core, CLUSTER, "try")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(again.verdict, Verdict::Passed, "{again:?}");
    assert_ne!(again.base, known.base);
    assert_eq!(again.report.applications.len(), 1, "{again:?}");

    pusher.world.application("web", "", &web("web:3", "three"));
    pusher.commit("The same place").await;
    pusher.git(&["push", "origin", "main"]).await;
    let again = change::current(&core, CLUSTER, "try")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(again.verdict, Verdict::Refused);
    assert!(again.report.problems.contains("cannot be merged into"));
    assert!(again.report.problems.contains("web/1.yaml, web/2.yaml"));
    // Who else changed that is named, and what was planned before is kept, however often it is asked.
    for _ in 0..2 {
        let again = change::current(&core, CLUSTER, "try").await;
        let report = again.unwrap().unwrap().report;
        let conflict = report.conflict.unwrap();
        let file = &conflict.files[0];
        assert_eq!(file.path, "web/1.yaml");
        let subjects: Vec<&str> = file.commits.iter().map(|it| &*it.subject).collect();
        assert_eq!(subjects, ["The same place"]);
        assert!(report.problems.contains("git switch try && git merge"));
        let earlier = conflict.earlier.unwrap();
        assert_eq!(earlier.revision, known.revision);
        assert_eq!(report.applications[0].name, "web");
    }

    pusher.git(&["push", "origin", ":try"]).await;
    assert_eq!(change::current(&core, CLUSTER, "try").await.unwrap(), None);
    pusher.world.end().await;
}

/// What a forge was told, by whichever of its ways.
#[derive(Default)]
struct Told {
    statuses: Vec<(String, Value)>,
    comments: Vec<String>,
    tokens: Vec<String>,
}

/// A forge of each kind: statuses and comments, in memory.
struct FakeForge {
    told: Arc<Mutex<Told>>,
    ticks: watch::Receiver<u64>,
    address: String,
}

impl FakeForge {
    async fn serve(world: &World) -> Self {
        // As the program does at its start; it fails only where that was done already.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let told: Arc<Mutex<Told>> = Arc::default();
        let (sender, ticks) = watch::channel(0_u64);
        let shared = (told.clone(), Arc::new(sender));
        let answer = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let (told, sender) = shared.clone();
            async move {
                let answered = take(&mut told.lock().unwrap(), &method, &uri, &headers, &body);
                sender.send_modify(|it| *it += 1);
                answered
            }
        };
        let router = axum::Router::new().fallback(answer);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        world
            .tasks()
            .spawn_until_cancelled(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            told,
            ticks,
            address,
        }
    }

    async fn until(&mut self, what: &str, fits: impl Fn(&Told) -> bool) {
        let waiting = async {
            while !fits(&self.told.lock().unwrap()) {
                self.ticks.changed().await.unwrap();
            }
        };
        let late = std::time::Duration::from_secs(30);
        assert!(
            tokio::time::timeout(late, waiting).await.is_ok(),
            "not {what}"
        );
    }
}

fn take(
    told: &mut Told,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> (StatusCode, Json<Value>) {
    let header = |name: &str| headers.get(name).and_then(|it| it.to_str().ok());
    let token = header("authorization").or(header("private-token"));
    told.tokens.push(token.unwrap_or_default().to_owned());
    let (path, body) = (
        uri.path(),
        serde_json::from_slice(body).unwrap_or(Value::Null),
    );
    let text = || body["body"].as_str().unwrap_or_default().to_owned();
    if path.contains("/statuses/") {
        told.statuses.push((path.to_owned(), body));
    } else if method == Method::GET {
        let all = (0..).zip(&told.comments);
        let all = all.map(|(id, text)| json!({"id": id, "body": text}));
        return (StatusCode::OK, Json(all.collect()));
    } else if method == Method::POST {
        told.comments.push(text());
    } else {
        let id = path.rsplit('/').next().unwrap().parse::<usize>().unwrap();
        told.comments[id] = text();
    }
    (StatusCode::OK, Json(json!({"id": 1})))
}

/// Application `web`, whose manifests are in a repository on a forge.
struct Shop {
    pusher: Pusher,
    /// As people push to it, and as Kedge knows it: to Kedge, this address is one elsewhere.
    own: String,
    url: String,
}

impl Shop {
    async fn new() -> Self {
        let pusher = Pusher::new().await;
        let core = &pusher.world.reconciler.core;
        core.hosted.create("shop", "admin").await.unwrap();
        let own = pusher.git(&["remote", "get-url", "origin"]).await;
        let own = own.trim().replace("/cluster.git", "/shop.git");
        let url = own.replace("admin:secret@", "");
        pusher.git(&["init", "-q", "-b", "main", "../shop"]).await;
        let shop = Self { pusher, own, url };
        shop.push("refs/heads/main", "web:1", "replicas").await;
        shop
    }

    async fn open(&self, forge: &FakeForge) {
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kedge"}});
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "type": "kedge.dev/repository",
            "metadata": {"name": "forge", "namespace": "kedge"},
            "stringData": {"url": self.url, "password": "secret", "forgeToken": "t0ken",
                "forgeUrl": format!("{}/api", forge.address)}});
        let options = client::WriteOptions::default();
        for (resource, body) in [("namespaces", namespace), ("secrets", secret)] {
            let collection = Collection::new("", resource);
            let (object, client): (api::Object, _) = (body.into(), &self.pusher.world.client);
            client.create(&collection, &object, &options).await.unwrap();
        }
    }

    /// Commits and pushes what `web` is to be; answers the commit.
    async fn push(&self, to: &str, image: &str, field: &str) -> String {
        let work = self.pusher.world.directory.path().join("shop/web");
        std::fs::create_dir_all(&work).unwrap();
        let all = [namespace(), deployment("web", image)].join("---\n");
        std::fs::write(work.join("all.yaml"), all.replace("replicas", field)).unwrap();
        let git = async |arguments: &[&str]| {
            let mut all = vec!["-C", "../shop"];
            all.extend(arguments);
            self.pusher.git(&all).await
        };
        git(&["add", "-A"]).await;
        git(&["commit", "-q", "-m", image]).await;
        git(&["push", "-q", &self.own, &format!("HEAD:{to}")]).await;
        git(&["rev-parse", "HEAD"]).await.trim().to_owned()
    }

    /// Has the cluster follow it.
    async fn follow(&self) {
        let text = format!(
            "apiVersion: kedge.dev/v1alpha1\nkind: Application\nmetadata: {{name: web}}\nspec: \
             {{source: {{repo: '{}', path: web}}, targetNamespace: shop}}\n",
            self.url
        );
        let (pusher, world) = (&self.pusher, &self.pusher.world);
        let apps = world.directory.path().join("work/apps");
        std::fs::create_dir_all(&apps).unwrap();
        std::fs::write(apps.join("web.yaml"), text).unwrap();
        pusher.git(&["add", "-A"]).await;
        pusher.git(&["commit", "-q", "-m", "Follow shop"]).await;
        pusher.git(&["push", "-q", "origin", "main"]).await;
        let rolled_out = async || {
            let last = world.history().last_rollout("web").await.unwrap()?;
            last.finished_at.map(drop)
        };
        world.until("web is rolled out", rolled_out).await;
    }
}

fn pull(kind: Kind, number: u64) -> Pull {
    Pull {
        kind,
        number,
        head: "0".repeat(40),
        into: "main".into(),
        over: false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forge_is_told_the_plan_of_a_pull_request_once() {
    let shop = Shop::new().await;
    let core = shop.pusher.world.reconciler.core.clone();
    let mut forge = FakeForge::serve(&shop.pusher.world).await;
    shop.open(&forge).await;
    shop.follow().await;
    let repositories = [shop.url.clone()];
    let kinds = [(Kind::GitHub, 7), (Kind::GitLab, 8), (Kind::Gitea, 9)];
    for (kind, number) in kinds {
        let mut pull = pull(kind, number);
        *forge.told.lock().unwrap() = Told::default();
        let image = format!("web:{number}");
        pull.head = shop.push(&pull.reference(), &image, "replicas").await;
        assert_eq!(pulls::pull(&core, &repositories, &pull), 1);
        forge
            .until("a comment", |told| told.comments.len() == 1)
            .await;
        {
            let told = forge.told.lock().unwrap();
            let states: Vec<&Value> = told.statuses.iter().map(|(_, it)| &it["state"]).collect();
            assert_eq!(states, ["pending", "success"]);
            let path = format!("/statuses/{}", pull.head);
            assert!(told.statuses[0].0.ends_with(&path));
            let sentence = "1 application: 1 to change, 2 pods to restart";
            assert_eq!(told.statuses[1].1["description"], sentence);
            let comment = &told.comments[0];
            let restarts = "restarts 2 pods of Deployment shop/web";
            assert!(comment.contains(restarts), "{comment}");
            assert!(told.tokens.iter().all(|it| it.ends_with("t0ken")));
        }
        pull.head = shop.push(&pull.reference(), &image, "replicsa").await;
        pulls::pull(&core, &repositories, &pull);
        let refused = |told: &Told| told.comments[0].contains("Kedge would refuse this");
        forge.until("refused", refused).await;
        let told = forge.told.lock().unwrap();
        assert_eq!(told.comments.len(), 1);
        let comment = &told.comments[0];
        assert!(comment.contains("did you mean"), "{comment}");
        let state = &told.statuses.last().unwrap().1["state"];
        assert!(["failure", "failed"].contains(&state.as_str().unwrap()));
    }
    let stranger = ["https://example.org/a/b".to_owned()];
    assert_eq!(pulls::pull(&core, &stranger, &pull(Kind::GitHub, 1)), 0);
    shop.pusher.world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_of_another_repository_is_planned_when_it_is_fetched() {
    let shop = Shop::new().await;
    let core = shop.pusher.world.reconciler.core.clone();
    let mut forge = FakeForge::serve(&shop.pusher.world).await;
    shop.open(&forge).await;
    shop.follow().await;
    // Which forge it is, its webhook has said.
    let delivery = crate::web::webhook::Delivery {
        at: core.env.now(),
        forge: "github".into(),
        outcome: String::new(),
    };
    core.deliveries
        .took(std::slice::from_ref(&shop.url), &delivery)
        .await;
    let planned = async |commit: &str| {
        let known = core.history.reader().changes(&shop.url).await.unwrap();
        known.into_iter().find(|it| it.revision.0 == commit)
    };
    let told = |commit: &str| {
        let end = format!("/statuses/{commit}");
        move |told: &Told| {
            let of = told
                .statuses
                .iter()
                .filter(|(path, _)| path.ends_with(&end));
            let states: Vec<&Value> = of.map(|(_, it)| &it["state"]).collect();
            states == ["pending", "success"]
        }
    };
    let first = shop.push("refs/heads/first", "web:2", "replicas").await;
    core.news(std::slice::from_ref(&shop.url));
    forge.until("told of the first", told(&first)).await;
    let change = planned(&first).await.unwrap();
    assert_eq!(
        (change.branch.as_str(), change.pull.as_str()),
        ("first", "")
    );
    assert_eq!(change.report.applications.len(), 1);

    // A branch that is deleted is not a change any more.
    let delete = [
        "-C",
        "../shop",
        "push",
        "-q",
        &shop.own,
        ":refs/heads/first",
    ];
    shop.pusher.git(&delete).await;
    let second = shop.push("refs/heads/second", "web:3", "replicas").await;
    core.news(std::slice::from_ref(&shop.url));
    forge.until("told of the second", told(&second)).await;
    assert!(planned(&second).await.is_some() && planned(&first).await.is_none());
    // What is followed is nobody's plan.
    let known = core.history.reader().changes(&shop.url).await.unwrap();
    assert_eq!(known.len(), 1);
    let statuses = forge.told.lock().unwrap().statuses.len();
    assert_eq!(statuses, 4);
    shop.pusher.world.end().await;
}
