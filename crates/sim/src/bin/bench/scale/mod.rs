//! `make bench-scale`: thousands of Applications on the simulated runtime, beside what others have
//! published. Printed, never asserted.

mod drift;
mod fleet;
mod kubectl;
mod peers;
mod plan;
mod pushes;
mod rollout;
mod unwell;

use std::collections::BTreeSet;

use anyhow::bail;

use crate::figures::say;
use crate::{REST, pages};
use fleet::{Fleet, Shape};

/// What is measured, and how much of it.
pub(crate) struct Choice {
    /// Letters of the tests in `docs/benchmarks.md`.
    tests: BTreeSet<char>,
    /// Everything is divided by this.
    part: usize,
}

impl Choice {
    /// Of the words after `bench scale`: letters of tests, and `--part N` for an Nth of each.
    pub(crate) fn parse(words: &[String]) -> anyhow::Result<Self> {
        let mut choice = Self {
            tests: BTreeSet::new(),
            part: 1,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--part" => choice.part = words.next().map_or(Ok(1), |it| it.parse())?,
                word if word.chars().all(|it| ('A'..='I').contains(&it)) => {
                    choice.tests.extend(word.chars());
                }
                word => bail!("bench scale: no test is called {word}; there are A to I"),
            }
        }
        if choice.tests.is_empty() {
            // C takes long: only who names it gets it.
            choice.tests.extend("ABDEFGHI".chars());
        }
        Ok(choice)
    }

    fn has(&self, tests: &str) -> bool {
        tests.chars().any(|it| self.tests.contains(&it))
    }

    fn of(&self, number: usize) -> usize {
        (number / self.part.max(1)).max(1)
    }
}

pub(crate) async fn run(choice: &Choice) -> anyhow::Result<()> {
    say(
        "build",
        if cfg!(debug_assertions) {
            "dev build: not what users run"
        } else {
            "release build"
        },
    )?;
    say("", peers::FAIRNESS)?;
    if choice.has("AI") {
        thousand(choice).await?;
    }
    if choice.has("BDEFGH") {
        ten_thousand(choice).await?;
    }
    if choice.has("C") {
        let fleet = Fleet::start("scale-c", choice.of(50_000), Shape::ConfigMap).await?;
        rollout::all(&fleet, &peers::C).await.map(drop)?;
    }
    Ok(())
}

/// As many Applications as a page lists, while what came of them is still written, and after.
pub(crate) async fn full_list() -> anyhow::Result<()> {
    let fleet = Fleet::start("list", pages::LIST, Shape::ConfigMap).await?;
    fleet.work.git(&["push", "-q", "origin", "main"])?;
    pages::of_a_full_list(&fleet.instance, "just made").await?;
    tokio::time::sleep(REST).await;
    pages::of_a_full_list(&fleet.instance, "at rest").await
}

/// 1,000 Applications of four objects.
async fn thousand(choice: &Choice) -> anyhow::Result<()> {
    let fleet = Fleet::start("scale-a", choice.of(1_000), Shape::Four).await?;
    let took = rollout::all(&fleet, &peers::A).await?;
    if choice.has("A") {
        kubectl::beside(&fleet, choice.of(1_000), took)?;
    }
    if choice.has("I") {
        plan::fifty(&fleet)?;
    }
    Ok(())
}

/// 10,000 Applications of one `ConfigMap`.
async fn ten_thousand(choice: &Choice) -> anyhow::Result<()> {
    let fleet = Fleet::start("scale-b", choice.of(10_000), Shape::ConfigMap).await?;
    rollout::all(&fleet, &peers::B).await?;
    if choice.has("D") {
        pushes::unrelated(&fleet).await?;
    }
    let alone = if choice.has("EH") {
        Some(pushes::one_file(&fleet, "E", choice.of(100)).await?)
    } else {
        None
    };
    if choice.has("F") {
        drift::by_hand(&fleet).await?;
    }
    if choice.has("G") {
        pushes::pages(&fleet).await?;
    }
    if let Some(alone) = alone.filter(|_| choice.has("H")) {
        unwell::neighbours(&fleet, choice.of(200), alone, choice.of(100)).await?;
    }
    Ok(())
}
