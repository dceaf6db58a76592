//! The trace of each rollout: what a pass does is in it while it does it, and what is recorded is
//! added with the verdict. Its id follows from the rollout, so that a crash breaks none.

use std::time::Duration;

use client::Env;
use engine::rollout::RolloutPhase;
use jiff::Timestamp;
use telemetry::{Past, Trace};

use crate::history::{Apply, Error, Feed, Push, Reader, Rollout, Step, StepKind};

/// Before the history is read again after a failure.
const PAUSE: Duration = Duration::from_secs(5);

/// Of a rollout that is on record, or of the next one.
pub(crate) fn trace(rollout: &str, revision: &str) -> Trace {
    Trace::of(&format!("rollout {rollout} of {revision}"))
}

/// As viewers of traces look it up; `None` where nothing is exported.
pub(crate) fn id(rollout: &Rollout) -> Option<String> {
    telemetry::is_on().then(|| trace(&rollout.id, &rollout.revision.0).id())
}

/// Adds what is recorded of every rollout that is over, without end.
pub(crate) async fn follow(mut feed: Feed, reader: Reader, env: Env) {
    loop {
        let error = match feed.next().await {
            Ok(Some(step)) => match over(&reader, &step).await {
                Ok(()) => continue,
                Err(error) => error,
            },
            Ok(None) => return,
            Err(error) => error,
        };
        tracing::warn!(error = %error, "a trace is missing a step of the history");
        env.clock.sleep(PAUSE).await;
    }
}

async fn over(reader: &Reader, step: &Step) -> Result<(), Error> {
    let is_verdict = matches!(
        step.kind,
        StepKind::Succeeded | StepKind::Failed | StepKind::Superseded | StepKind::Held
    );
    let Some(id) = step
        .rollout
        .as_ref()
        .filter(|_| is_verdict && !step.is_recall())
    else {
        return Ok(());
    };
    let Some(rollout) = reader.rollout(id).await? else {
        return Ok(());
    };
    let push = match &rollout.push {
        Some(id) => reader.push(id).await?,
        None => None,
    };
    let applies = reader.applies(id).await?;
    if let Some((root, parts)) = spans(&rollout, push.as_ref(), &applies) {
        telemetry::record(&trace(id, &rollout.revision.0), root, parts);
    }
    Ok(())
}

/// From the moment its commit was seen until the verdict. `None` before that.
fn spans(rollout: &Rollout, push: Option<&Push>, applies: &[Apply]) -> Option<(Past, Vec<Past>)> {
    let to = rollout.finished_at?;
    let seen = push.map_or(rollout.started_at, |push| push.received_at);
    let seen = seen.min(rollout.started_at);
    let past = |name: &str, from: Timestamp, to: Timestamp, error: &str| Past {
        name: name.to_owned(),
        from,
        to: to.max(from),
        attributes: vec![
            ("kedge.application", rollout.application.clone()),
            ("kedge.rollout", rollout.id.clone()),
            ("vcs.ref.head.revision", rollout.revision.0.clone()),
        ],
        error: error.to_owned(),
    };
    let failed = rollout.phase == RolloutPhase::Failed;
    let why = if failed { rollout.message.as_str() } else { "" };
    let mut parts = Vec::new();
    if push.is_some() {
        parts.push(past("commit", seen, rollout.started_at, ""));
    }
    if let Some(began) = rollout.began_at {
        parts.push(past("pending", rollout.started_at, began, ""));
    }
    for apply in applies {
        let name = format!("wave {}", apply.wave);
        let end = apply.finished_at.unwrap_or(to);
        parts.push(past(&name, apply.began_at, end, &apply.error));
    }
    let applied = applies.iter().filter_map(|apply| apply.finished_at).max();
    if let Some(applied) = applied {
        parts.push(past("health", applied, to, why));
    }
    let mut root = past("rollout", seen, to, why);
    let verdict = ("kedge.verdict", rollout.phase.as_str().to_owned());
    root.attributes.push(verdict);
    Some((root, parts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::sample::{apply, push, rollout};

    #[test]
    fn a_trace_runs_from_the_commit_to_the_verdict() {
        let mut over = rollout(3, Some(12));
        assert_eq!(spans(&rollout(3, None), None, &[]), None);
        over.phase = RolloutPhase::Failed;
        over.message = "too late".into();
        over.began_at = Some(over.started_at);
        let applies = [apply(1, Some(4), ""), apply(2, Some(7), "refused")];
        let pushed = push(2);
        let (root, parts) = spans(&over, Some(&pushed), &applies).unwrap();
        assert_eq!(
            (root.from, root.to),
            (pushed.received_at, over.finished_at.unwrap())
        );
        assert_eq!(root.error, "too late");
        let told: Vec<(&str, &str)> = parts
            .iter()
            .map(|it| (it.name.as_str(), it.error.as_str()))
            .collect();
        let expected = [
            ("commit", ""),
            ("pending", ""),
            ("wave 0", ""),
            ("wave 0", "refused"),
            ("health", "too late"),
        ];
        assert_eq!(told, expected);
    }
}
