//! Keeps mirrors of hosted repositories as what they mirror: one task for each.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{Instrument, info_span, warn};

use client::{Env, Tasks};

use super::core::causes;
use super::fetch::Fetcher;
use crate::githost::Repositories;
use crate::githost::hosted::{Direction, Mirror};
use crate::history::Trigger;
use crate::source::{Polling, Source, Waker};

/// Cheap to clone; all clones are one.
#[derive(Clone)]
pub(crate) struct Mirroring {
    shared: Arc<Shared>,
}

struct Shared {
    hosted: Arc<Repositories>,
    fetcher: Fetcher,
    poll: Duration,
    env: Env,
    tasks: Tasks,
    running: Mutex<Vec<Running>>,
}

struct Running {
    mirror: Mirror,
    waker: Waker,
    stop: CancellationToken,
}

impl Mirroring {
    pub(crate) fn new(
        hosted: &Arc<Repositories>,
        fetcher: &Fetcher,
        poll: Duration,
        env: &Env,
        tasks: &Tasks,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                hosted: hosted.clone(),
                fetcher: fetcher.clone(),
                poll,
                env: env.clone(),
                tasks: tasks.clone(),
                running: Mutex::default(),
            }),
        }
    }

    /// Begins and ends with the mirrors there are.
    pub(crate) async fn run(self) {
        let mut changed = self.shared.hosted.mirrors_changed();
        loop {
            self.begin_and_end();
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    /// Has the mirrors looked at whose origin `fits`, and those of a repository that was pushed to.
    pub(crate) fn wake(&self, trigger: Trigger, fits: impl Fn(&Mirror) -> bool) -> usize {
        let running = self.running();
        let fitting = running.iter().filter(|it| fits(&it.mirror));
        fitting.map(|it| it.waker.wake(trigger)).count()
    }

    fn begin_and_end(&self) {
        let wanted = self.shared.hosted.all_mirrors();
        let mut running = self.running();
        running.retain(|it| {
            let stays = wanted.iter().any(|mirror| mirror.is_same(&it.mirror));
            if !stays {
                it.stop.cancel();
            }
            stays
        });
        for mirror in wanted {
            if running.iter().any(|it| it.mirror.is_same(&mirror)) {
                continue;
            }
            let (waker, stop) = (Waker::default(), CancellationToken::new());
            let span = info_span!("mirror", repository = %mirror.repository, url = %mirror.url);
            let following = follow(self.shared.clone(), mirror.clone(), waker.clone());
            let stopped = stop.clone();
            self.shared.tasks.spawn_until_cancelled(
                async move {
                    tokio::select! {
                        () = following => {}
                        () = stopped.cancelled() => {}
                    }
                }
                .instrument(span),
            );
            running.push(Running {
                mirror,
                waker,
                stop,
            });
        }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Vec<Running>> {
        let running = self.shared.running.lock();
        running.unwrap_or_else(PoisonError::into_inner)
    }
}

async fn follow(shared: Arc<Shared>, mut mirror: Mirror, waker: Waker) {
    let Some(hosted) = shared.hosted.get(&mirror.repository) else {
        return;
    };
    let kept = Source::kept(&hosted.name, &hosted.path);
    let origin = Source::remote(&mirror.url, &hosted.path);
    let looked_at = match mirror.direction {
        Direction::To => &kept,
        Direction::From => &origin,
    };
    let mut polling = Polling::new(looked_at, shared.poll, &waker, &shared.env);
    let mut trigger = Trigger::Start;
    loop {
        let copied = shared
            .fetcher
            .copy(&kept, mirror.direction, &mirror.url, trigger)
            .await;
        polling.looked(copied.is_ok());
        let before = mirror.clone();
        match &copied {
            Ok(()) => {
                mirror.synced_at = Some(shared.env.now());
                mirror.error.clear();
                mirror.failures = 0;
            }
            Err(error) => {
                mirror.error = causes(error);
                mirror.failures = mirror.failures.saturating_add(1);
                if before.error != mirror.error {
                    warn!(error = mirror.error, "the mirror is behind");
                }
            }
        }
        if let Err(error) = shared.hosted.note_mirror(&mirror).await {
            warn!(error = %causes(&error), "cannot record how the mirror is");
        }
        trigger = polling.next().await;
    }
}
