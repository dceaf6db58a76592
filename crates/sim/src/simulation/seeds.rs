//! Which seeds are run, and how a failing one is told.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::runtime::Runtime;

use super::scenario::Report;
use super::{gitops, scenario};

/// Seeds that once found something: they are always run, and first.
const REGRESSIONS: &str = include_str!("regressions.txt");
const GITOPS_REGRESSIONS: &str = include_str!("gitops/regressions.txt");

/// What kind of lives are lived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Cluster,
    /// Of a cluster and a reconciler.
    Gitops,
}

/// The regressions, then the rest of `count` seeds in order.
pub fn all(kind: Kind, count: u64) -> Vec<u64> {
    let found = match kind {
        Kind::Cluster => REGRESSIONS,
        Kind::Gitops => GITOPS_REGRESSIONS,
    };
    let found = found
        .lines()
        .filter_map(|line| line.split('#').next()?.trim().parse().ok());
    let mut seeds: Vec<u64> = found.collect();
    let others: Vec<u64> = (0..count).filter(|seed| !seeds.contains(seed)).collect();
    seeds.extend(others);
    seeds
}

/// What a person asks for: `33`, or `200..1000`.
pub fn parse(text: &str) -> Option<Vec<u64>> {
    let Some((first, end)) = text.split_once("..") else {
        return Some(vec![text.parse().ok()?]);
    };
    Some((first.parse().ok()?..end.parse().ok()?).collect())
}

/// Runs one life per seed, on as many threads as there are processors. Answers a text per
/// failure, each beginning with how to run it alone.
pub fn run(kind: Kind, seeds: &[u64]) -> Vec<String> {
    // What is outside of a simulation is waited for elsewhere than on its own thread.
    let outside = Runtime::new().expect("the system gives threads");
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let _outside = outside.enter();
                while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::SeqCst)) {
                    if let Some(failure) = failure(kind, *seed) {
                        let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
                        failures.push(failure);
                    }
                }
            });
        }
    });
    failures
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
}

/// Runs the life that belongs to a seed.
///
/// # Errors
/// What went wrong, and what was done before.
pub fn live(kind: Kind, seed: u64) -> anyhow::Result<Report> {
    match kind {
        Kind::Cluster => scenario::run(seed),
        Kind::Gitops => gitops::run(seed),
    }
}

fn failure(kind: Kind, seed: u64) -> Option<String> {
    let outcome = catch_unwind(AssertUnwindSafe(|| live(kind, seed)));
    let reason = match outcome {
        Ok(Ok(_)) => return None,
        Ok(Err(error)) => format!("{error:#}"),
        Err(_) => "it panicked, see above".to_owned(),
    };
    let test = match kind {
        Kind::Cluster => "a_life_of_a_seed",
        Kind::Gitops => "a_reconcilers_life_of_a_seed",
    };
    Some(format!(
        "SEED={seed} cargo nextest run --workspace -E 'test({test})'\n{reason}"
    ))
}
