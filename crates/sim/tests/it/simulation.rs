//! Two hundred lives of a cluster with crashes, lost replies and broken watches. `SEED=33` runs
//! one of them alone, `SEED=200..1000` others.

use std::fmt;

use sim::simulation::{scenario, seeds};

const SEEDS: u64 = 200;

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
#[expect(
    clippy::disallowed_methods,
    reason = "other seeds, asked for by a person"
)]
fn a_life_of_a_seed() -> Result<(), Failures> {
    let seeds = match std::env::var("SEED") {
        Ok(text) => seeds::parse(&text).expect("SEED is a number or a range"),
        Err(_) => seeds::all(SEEDS),
    };
    let texts = seeds::run(&seeds);
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
    for seed in [1, 2] {
        let once = scenario::run(seed).unwrap();
        assert_eq!(once, scenario::run(seed).unwrap(), "seed {seed}");
    }
}
