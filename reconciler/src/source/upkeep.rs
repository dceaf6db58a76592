//! Keeps repositories of this machine small: many loose objects and packs become few. It never
//! runs beside a push or fetch of the same repository: it gives way to one. Nothing is ever thrown
//! away: what no branch leads to any more may be the commit that a rollback goes back to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::{Notify, OwnedRwLockReadGuard, RwLock};
use tracing::{debug, info, warn};

use client::{Env, Tasks};

/// How long it may take.
const PATIENCE: Duration = Duration::from_mins(30);
/// How long Git may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(2);
/// So often it gives way; then the others wait.
const INTERRUPTED: u32 = 3;
/// Git spreads loose objects evenly over this many directories.
const DIRECTORIES: usize = 256;

/// From when on there is something to do.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub loose: usize,
    pub packs: usize,
}

impl Default for Limits {
    /// As Git's own.
    fn default() -> Self {
        Self {
            loose: 6_700,
            packs: 50,
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// There was little to do.
    Enough,
    /// Somebody pushes or fetches.
    Busy,
    /// Somebody came, or it took too long.
    Stopped,
    Done,
    Failed,
}

/// Knows who uses which repository. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Upkeep {
    shared: Arc<Shared>,
}

struct Shared {
    limits: Limits,
    env: Env,
    tasks: Tasks,
    entries: Mutex<BTreeMap<PathBuf, Arc<Entry>>>,
}

#[derive(Default)]
struct Entry {
    /// Shared by pushes and fetches.
    users: Arc<RwLock<()>>,
    /// Somebody wants to push or fetch.
    wanted: Notify,
    interrupted: AtomicU32,
    /// One who fetches.
    fetching: Arc<tokio::sync::Mutex<()>>,
}

/// As long as it lives, the repository is left alone.
pub struct Use {
    _guard: OwnedRwLockReadGuard<()>,
    _alone: Option<tokio::sync::OwnedMutexGuard<()>>,
}

impl Upkeep {
    pub fn new(limits: Limits, env: &Env, tasks: &Tasks) -> Self {
        Self {
            shared: Arc::new(Shared {
                limits,
                env: env.clone(),
                tasks: tasks.clone(),
                entries: Mutex::default(),
            }),
        }
    }

    /// Has the repository left alone. Waits until Git has ended, where it is at work.
    pub async fn using(&self, path: &Path) -> Use {
        let entry = self.entry(path);
        entry.wanted.notify_waiters();
        Use {
            _guard: entry.users.clone().read_owned().await,
            _alone: None,
        }
    }

    /// The same, with nobody else who fetches: one frees the repository of the locks of others.
    pub async fn fetching(&self, path: &Path) -> Use {
        let alone = self.entry(path).fetching.clone().lock_owned().await;
        Use {
            _alone: Some(alone),
            ..self.using(path).await
        }
    }

    /// Looks after the repository soon, if there is something to do.
    pub fn look(&self, path: &Path) {
        let (upkeep, path) = (self.clone(), path.to_owned());
        self.shared.tasks.spawn_until_cancelled(async move {
            upkeep.run(&path).await;
        });
    }

    /// Looks after it now.
    pub async fn run(&self, path: &Path) -> Kept {
        let (limits, at) = (self.shared.limits, path.to_owned());
        let counting = client::blocking(move || is_due(&at, limits));
        if !counting.await.unwrap_or(false) {
            return Kept::Enough;
        }
        let entry = self.entry(path);
        let Ok(_alone) = entry.users.clone().try_write_owned() else {
            return Kept::Busy;
        };
        let kept = self.collect(path, &entry).await;
        match kept {
            Kept::Stopped => entry.interrupted.fetch_add(1, Ordering::Relaxed),
            _ => entry.interrupted.swap(0, Ordering::Relaxed),
        };
        kept
    }

    async fn collect(&self, path: &Path, entry: &Entry) -> Kept {
        let shown = path.display();
        let clock = &self.shared.env.clock;
        sweep(path);
        let mut child = match command(path).spawn() {
            Ok(child) => child,
            Err(error) => {
                warn!(repository = %shown, %error, "cannot start git gc");
                return Kept::Failed;
            }
        };
        let yields = entry.interrupted.load(Ordering::Relaxed) < INTERRUPTED;
        let stopped = async {
            tokio::select! {
                () = entry.wanted.notified(), if yields => {}
                () = clock.sleep(PATIENCE) => {}
            }
        };
        let ended = tokio::select! {
            ended = child.wait() => Some(ended),
            () = stopped => None,
        };
        match ended {
            Some(Ok(status)) if status.success() => {
                info!(repository = %shown, "packed what was loose");
                Kept::Done
            }
            Some(ended) => {
                warn!(repository = %shown, ?ended, "git gc failed");
                Kept::Failed
            }
            None => {
                debug!(repository = %shown, "git gc gives way");
                end(&mut child, &self.shared.env).await;
                Kept::Stopped
            }
        }
    }

    fn entry(&self, path: &Path) -> Arc<Entry> {
        let entries = self.shared.entries.lock();
        let mut entries = entries.unwrap_or_else(PoisonError::into_inner);
        entries.entry(path.to_owned()).or_default().clone()
    }
}

/// Objects that no ref leads to go into a pack of their own, and stay.
fn command(path: &Path) -> Command {
    let mut command = Command::new("nice");
    command
        .args(["-n", "19", "git", "--git-dir"])
        .arg(path)
        .args(["-c", "pack.threads=1", "-c", "pack.windowMemory=128m"])
        .args(["-c", "gc.autoDetach=false", "-c", "gc.packRefs=true"])
        .args(["-c", "gc.reflogExpire=never"])
        .args(["-c", "gc.reflogExpireUnreachable=never"])
        .args(["gc", "--quiet", "--cruft", "--prune=never"])
        .env_clear()
        .env("PATH", super::command::PATH)
        .env("LC_ALL", "C")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true);
    command
}

/// Asks Git and what it started to end, and sees that they do: their locks go with them.
async fn end(child: &mut tokio::process::Child, env: &Env) {
    let Some(id) = child.id() else {
        return;
    };
    for signal in ["TERM", "KILL"] {
        let mut kill = std::process::Command::new("kill");
        kill.args(["-s", signal, "--", &format!("-{id}")])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // There may be nobody left.
        let _sent = kill.status();
        tokio::select! {
            _ended = child.wait() => return,
            () = env.clock.sleep(GRACE) => {}
        }
    }
}

/// Whether there are many loose objects or packs.
fn is_due(path: &Path, limits: Limits) -> bool {
    let count = |directory: PathBuf, fits: fn(&str) -> bool| {
        let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
        let names = entries.filter(|entry| entry.file_name().to_str().is_some_and(fits));
        names.count()
    };
    let objects = path.join("objects");
    let sample = count(objects.join("17"), |_| true);
    let packs = count(objects.join("pack"), |name| {
        Path::new(name).extension().is_some_and(|end| end == "pack")
    });
    sample * DIRECTORIES > limits.loose || packs > limits.packs
}

/// Takes away what an ended Git left half written: nobody else is here.
fn sweep(path: &Path) {
    let packs = std::fs::read_dir(path.join("objects/pack"));
    for entry in packs.into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("tmp_") || name.starts_with(".tmp-") {
            let _left = std::fs::remove_file(entry.path());
        }
    }
    let _left = std::fs::remove_file(path.join("gc.pid"));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::githost::repository;
    use crate::source::{Location, Source};
    use crate::testing::{Directory, commit};

    fn loose(path: &Path) -> usize {
        let objects = std::fs::read_dir(path.join("objects")).unwrap().flatten();
        let fans = objects.filter(|entry| entry.file_name().len() == 2);
        fans.map(|fan| std::fs::read_dir(fan.path()).unwrap().count())
            .sum()
    }

    #[tokio::test]
    async fn what_no_branch_leads_to_is_packed_and_stays() {
        let directory = Directory::new();
        let path = directory.path().join("shop.git");
        repository::prepare(&path, "main", None).unwrap();
        let files = BTreeMap::from([("a", "1")]);
        commit(&path, "main", "One", &files);
        let old = commit(
            &path,
            "old",
            "Rolled out once",
            &BTreeMap::from([("b", "2")]),
        );
        let git = git2::Repository::open_bare(&path).unwrap();
        git.find_reference("refs/heads/old")
            .unwrap()
            .delete()
            .unwrap();
        // The sample is one directory: this one has something in it.
        let mut number = 0;
        while !path.join("objects/17").is_dir() {
            git.blob(format!("{number}").as_bytes()).unwrap();
            number += 1;
        }
        assert!(loose(&path) > 5);

        let (env, tasks) = (Env::system(), Tasks::default());
        let far = Upkeep::new(Limits::default(), &env, &tasks);
        assert_eq!(far.run(&path).await, Kept::Enough);
        let near = Limits { loose: 1, packs: 1 };
        let upkeep = Upkeep::new(near, &env, &tasks);
        let using = upkeep.using(&path).await;
        assert_eq!(upkeep.run(&path).await, Kept::Busy);
        drop(using);
        assert_eq!(upkeep.run(&path).await, Kept::Done);
        assert_eq!(loose(&path), 0);
        let source = Source {
            location: Location::new(&path),
            ..Source::hosted(&path)
        };
        assert_eq!(
            source.commit(&old).await.unwrap().subject(),
            "Rolled out once"
        );
        assert!(source.head("main").await.unwrap().is_some());
        tasks.drain().await;
    }

    #[tokio::test]
    async fn whoever_pushes_does_not_wait_long() {
        let directory = Directory::new();
        let path = directory.path().join("shop.git");
        repository::prepare(&path, "main", None).unwrap();
        let upkeep = Upkeep::new(Limits::default(), &Env::system(), &Tasks::default());
        let entry = upkeep.entry(&path);
        let alone = entry.users.clone().try_write_owned().unwrap();
        let waits = entry.wanted.notified();
        let (using, ()) = tokio::join!(upkeep.using(&path), async {
            waits.await;
            drop(alone);
        });
        drop(using);
    }
}
