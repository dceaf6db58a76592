//! Hundreds of lives of a cluster, alone and with a reconciler, with crashes, lost replies and
//! broken watches. `SEED=33` runs one of them alone, `SEED=200..1000` others.

use std::fmt;

use sim::simulation::seeds::{self, Kind};

const CLUSTERS: u64 = 200;
const RECONCILERS: u64 = 12;

/// As people read it: where the test stands in the code helps nobody.
struct Failures {
    seeds: usize,
    texts: Vec<String>,
}

impl fmt::Debug for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, all) = (self.texts.len(), self.seeds);
        write!(
            f,
            "{count} of {all} seeds failed\n\n{}\n",
            self.texts.join("\n\n")
        )
    }
}

#[test]
fn a_life_of_a_seed() -> Result<(), Failures> {
    live(Kind::Cluster, CLUSTERS)
}

#[test]
fn a_reconcilers_life_of_a_seed() -> Result<(), Failures> {
    live(Kind::Gitops, RECONCILERS)
}

#[expect(
    clippy::disallowed_methods,
    reason = "other seeds, asked for by a person"
)]
fn live(kind: Kind, count: u64) -> Result<(), Failures> {
    let seeds = match std::env::var("SEED") {
        Ok(text) => seeds::parse(&text).expect("SEED is a number or a range"),
        Err(_) => seeds::all(kind, count),
    };
    let texts = seeds::run(kind, &seeds);
    if texts.is_empty() {
        return Ok(());
    }
    Err(Failures {
        seeds: seeds.len(),
        texts,
    })
}

#[test]
fn equal_seeds_live_equal_lives() {
    let outside = tokio::runtime::Runtime::new().unwrap();
    let _outside = outside.enter();
    for (kind, seed) in [(Kind::Cluster, 1), (Kind::Cluster, 2), (Kind::Gitops, 1)] {
        let once = seeds::live(kind, seed).unwrap();
        let again = seeds::live(kind, seed).unwrap();
        assert_eq!(once, again, "{kind:?} {seed}");
    }
}
