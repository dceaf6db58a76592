//! Plans of branches as they are now: what moved under them is planned anew because somebody looks.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::forge::Change;
use crate::service::RepositoryView;
use crate::web::app::App;
use crate::web::error::PageError;
use crate::web::view::changes::is_stale;

/// How long a page waits for new plans; those that take longer come with the next look.
const PATIENCE: Duration = Duration::from_secs(2);
/// Plans that one look begins.
const MOST: usize = 20;

type Planning = Arc<Mutex<BTreeSet<(String, String)>>>;

/// The plans of a repository, or of all of them, and what they stand on.
pub(super) async fn current(
    app: &App,
    repository: &str,
) -> Result<(Vec<Change>, Vec<RepositoryView>), PageError> {
    let (known, repositories) = read(app, repository).await?;
    let stale = known.iter().filter(|it| is_stale(it, &repositories));
    let stale: Vec<(String, String)> = stale
        .take(MOST)
        .map(|it| (it.repository.clone(), it.branch.clone()))
        .collect();
    if stale.is_empty() || app.past.is_some() {
        return Ok((known, repositories));
    }
    plan(app, stale).await;
    read(app, repository).await
}

async fn read(
    app: &App,
    repository: &str,
) -> Result<(Vec<Change>, Vec<RepositoryView>), PageError> {
    let known = app.backend.changes(repository).await?;
    Ok((known, app.backend.repositories().await?))
}

/// Has each of them planned once, whoever else asks, and waits for a while.
async fn plan(app: &App, branches: Vec<(String, String)>) {
    let (done, mut all) = mpsc::channel::<()>(1);
    for branch in branches {
        let Some(turn) = Turn::take(&app.planning, branch) else {
            continue;
        };
        let (backend, done) = (app.backend.clone(), done.clone());
        app.tasks.spawn_until_cancelled(async move {
            let (repository, name) = &turn.branch;
            if let Err(error) = backend.change(repository, name).await {
                tracing::debug!(%error, repository, branch = name, "a branch cannot be planned anew");
            }
            drop((turn, done));
        });
    }
    drop(done);
    // Nobody sends: it ends with the last of them.
    let _ = tokio::time::timeout(PATIENCE, all.recv()).await;
}

/// That nobody else plans the branch meanwhile.
struct Turn {
    planning: Planning,
    branch: (String, String),
}

impl Turn {
    fn take(planning: &Planning, branch: (String, String)) -> Option<Self> {
        let is_first = planning
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(branch.clone());
        is_first.then(|| Self {
            planning: planning.clone(),
            branch,
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut planning = self.planning.lock().unwrap_or_else(PoisonError::into_inner);
        planning.remove(&self.branch);
    }
}
