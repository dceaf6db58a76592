//! I: what a branch would change, while it is not merged.

use jiff::Timestamp;

use super::fleet::{Fleet, deployment, name_of};
use super::peers;
use crate::figures::{millis, say, spread};

const OBJECTS: usize = 50;
const PLANS: usize = 10;

/// One Application of 50 objects, all of them changed in a branch.
pub(super) fn fifty(fleet: &Fleet) -> anyhow::Result<()> {
    let all = |replicas| {
        let one = |number| deployment(&name_of(90_000 + number), replicas, "");
        (0..OBJECTS).map(one).collect::<Vec<_>>().join("---\n")
    };
    fleet.write("fifty", &all(0))?;
    fleet.work.add("An Application of 50 objects")?;
    fleet.work.push()?;
    fleet.work.git(&["checkout", "-q", "-b", "branch"])?;
    fleet.write("fifty", &all(1))?;
    fleet.work.commit("All 50 changed")?;
    fleet.work.git(&["push", "-q", "origin", "branch"])?;
    fleet.work.git(&["checkout", "-q", "main"])?;
    let mut times = Vec::new();
    let mut lines = 0;
    for _ in 0..PLANS {
        let begun = Timestamp::now();
        let plan = fleet
            .instance
            .kedge(&["diff", "fifty", "--revision", "branch"])?;
        times.push(millis(begun, Timestamp::now()));
        lines = plan.lines().count();
    }
    let worst = times.iter().max().copied().unwrap_or(0);
    let ratio = peers::I.ratio(worst, fleet.is_whole);
    let text = format!("{}, {lines} lines{ratio}", spread(times, "ms"));
    say(&format!("I: {} (kedge diff)", peers::I.what), &text)?;
    say("I: published", peers::I.source)
}
