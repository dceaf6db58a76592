//! The pages as a browser and a program see them.

mod access;
mod ailing;
mod badge;
mod checks;
mod cluster;
mod commits;
mod compared;
mod constants;
mod counts;
mod course;
mod document;
mod drift;
mod dry_runs;
mod elsewhere;
mod ends;
mod held;
mod listed;
mod logs;
mod many;
mod moved;
mod nodes;
mod object;
mod output;
mod pages;
mod past;
mod plans;
mod proven;
mod records;
mod sample;
mod sizes;
mod stale;
mod standing;
mod states;
mod tables;
mod used;
mod usual;
mod went;
mod why;
mod withheld;
mod wordings;
mod zone;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use jiff::Timestamp;
use tokio::sync::watch;
use tower::ServiceExt;

use client::{Clock, Env, Informers, SystemIds, Tasks};

use super::access::Access;
use super::app::{App, Ready, Settings, followed};
use super::auth::{Auth, Transport};
use super::router::over;
use ailing::Ailing;
use cluster::{LOG, Still, objects};
use sample::{Sample, now};

const TOKEN: &str = "correct horse battery staple";

/// Time stands still.
struct Standing;

#[async_trait]
impl Clock for Standing {
    fn now(&self) -> Timestamp {
        now()
    }

    /// But for what waits only so that more comes together.
    async fn sleep(&self, duration: Duration) {
        if duration >= Duration::from_secs(1) {
            futures::future::pending::<()>().await;
        }
    }
}

/// The pages over sample data.
struct Site {
    router: Router,
    app: Arc<App>,
    sample: Arc<Sample>,
    ailing: Arc<Ailing>,
    auth: Arc<Auth>,
    informers: Informers,
    /// Moves when pages should look again; ends the streams when dropped.
    changes: watch::Sender<u64>,
    /// Since when the API server is silent.
    pulse: watch::Sender<Option<Timestamp>>,
    tasks: Tasks,
}

impl Site {
    async fn new(sample: Sample) -> Self {
        Self::with(sample, Access::default()).await
    }

    async fn with(sample: Sample, access: Access) -> Self {
        let (env, tasks) = (env(), Tasks::default());
        let log = if sample.hostile {
            format!("2026-03-01T14:11:31Z {}\n", sample::HOSTILE)
        } else {
            LOG.into()
        };
        let cluster = Arc::new(Still {
            objects: objects(sample.hostile)
                .into_iter()
                .chain(many::events(sample.many))
                .chain(many::big(sample.many * 4))
                .collect(),
            log,
            silent: sample.silent,
        });
        let informers =
            Informers::trimmed(cluster.clone(), &env, &tasks, api::patch::managed::pack);
        for collection in followed() {
            informers.cache(&collection);
        }
        informers.synced().await;
        let (changes, receiver) = watch::channel(0);
        let (pulse, silent) = watch::channel(None);
        let sample = Arc::new(sample);
        let ailing = Ailing::of(sample.clone());
        let auth = Arc::new(Auth::new(TOKEN, Transport::Plain));
        let ready: Ready = Arc::new(|| Box::pin(async { true }));
        let app = App {
            backend: ailing.clone(),
            client: cluster.clone(),
            logs: cluster,
            informers: informers.clone(),
            auth: auth.clone(),
            access: Arc::new(access),
            provider: None,
            ready,
            registry: Arc::default(),
            settings: Settings {
                cluster: "north-1".into(),
                notice: String::new(),
                clone_url: "http://127.0.0.1:8080/git/cluster.git".into(),
            },
            hub: super::live::Hub::new(now()),
            streams: Arc::new(tokio::sync::Semaphore::new(2)),
            changes: receiver,
            pulse: silent,
            counted: Arc::default(),
            planning: Arc::default(),
            dry_runs: Arc::new(super::dry_runs::DryRuns::new(env.clone())),
            past: None,
            env,
            tasks: tasks.clone(),
        };
        let app = Arc::new(app);
        Self {
            router: over(app.clone()),
            app,
            sample,
            ailing,
            auth,
            informers,
            changes,
            pulse,
            tasks,
        }
    }

    fn cookie(&self) -> String {
        let session = self.auth.sign_in(TOKEN, now()).unwrap();
        let cookie = self.auth.cookie(&session);
        cookie.split(';').next().unwrap().to_owned()
    }

    async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// As a browser of somebody who signed in.
    async fn page(&self, path: &str) -> (StatusCode, String) {
        let request = Request::get(path)
            .header(header::COOKIE, self.cookie())
            .header(header::ACCEPT, "text/html,application/xhtml+xml");
        read(self.send(request.body(Body::empty()).unwrap()).await).await
    }

    /// As a program with the admin token.
    async fn json(&self, path: &str) -> (StatusCode, serde_json::Value) {
        let request = Request::get(path)
            .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
            .header(header::ACCEPT, "application/json");
        let (status, text) = read(self.send(request.body(Body::empty()).unwrap()).await).await;
        (status, serde_json::from_str(&text).unwrap())
    }
}

pub(super) fn env() -> Env {
    Env {
        clock: Arc::new(Standing),
        ids: Arc::new(SystemIds),
    }
}

async fn read(response: Response<Body>) -> (StatusCode, String) {
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}
