//! Two hundred lives of a cluster with crashes, lost replies and broken watches. `SEED=n` runs
//! one of them alone.

use sim::simulation::{scenario, seeds};

const SEEDS: u64 = 200;

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "one seed alone, asked for by a person"
)]
fn a_life_of_a_seed() {
    let seeds = match std::env::var("SEED") {
        Ok(seed) => vec![seed.parse().expect("SEED is a number")],
        Err(_) => seeds::all(SEEDS),
    };
    let failures = seeds::run(&seeds);
    let count = failures.len();
    assert!(
        failures.is_empty(),
        "{count} of {} seeds failed:\n\n{}",
        seeds.len(),
        failures.join("\n\n")
    );
}

#[test]
fn equal_seeds_live_equal_lives() {
    for seed in [1, 2] {
        let once = scenario::run(seed).unwrap();
        assert_eq!(once, scenario::run(seed).unwrap(), "seed {seed}");
    }
}
