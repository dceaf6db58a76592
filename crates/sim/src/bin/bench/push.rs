//! From `git push` to a cluster that is as the commit says.

use anyhow::Context;
use jiff::Timestamp;
use serde_json::Value;

use sim::instance::Instance;
use sim::work_tree::WorkTree;

use crate::figures::{millis, say, spread};

const PUSHES: usize = 10;

/// One line changed: how many pods serve. `git push` itself is part of the time.
pub(crate) fn one_line(instance: &Instance) -> anyhow::Result<()> {
    let work = WorkTree::clone(instance, "bench")?;
    let (mut applied, mut converged, mut returned) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..PUSHES {
        let (old, new) = if number % 2 == 0 { (2, 3) } else { (3, 2) };
        let line = |count: i32| format!("replicas: {count}");
        work.edit("serving/deployment.yaml", &line(old), &line(new))?;
        work.commit(&format!("{new} of serving"))?;
        let begun = Timestamp::now();
        work.push()?;
        returned.push(millis(begun, Timestamp::now()));
        let rollout = last_rollout(instance)?;
        let steps = rollout["steps"].as_array().context("no steps")?;
        let step = steps.iter().find(|step| step["kind"] == "applied");
        let at = |value: &Value| -> anyhow::Result<Timestamp> {
            Ok(value.as_str().context("no time")?.parse()?)
        };
        applied.push(millis(
            begun,
            at(&step.context("nothing was applied")?["at"])?,
        ));
        converged.push(millis(begun, at(&rollout["finishedAt"])?));
    }
    say("push of one line, to applied", &spread(applied, "ms"))?;
    say("push of one line, to converged", &spread(converged, "ms"))?;
    say("push of one line, to git's return", &spread(returned, "ms"))
}

fn last_rollout(instance: &Instance) -> anyhow::Result<Value> {
    let list = instance.kedge(&["rollouts", "serving", "-o", "json"])?;
    let list: Value = serde_json::from_str(&list)?;
    let id = list["items"][0]["id"].as_str().context("no rollout")?;
    Ok(serde_json::from_str(
        &instance.kedge(&["rollout", id, "-o", "json"])?,
    )?)
}
