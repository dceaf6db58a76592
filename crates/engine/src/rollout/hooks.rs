//! When hooks are run, waited for and deleted.

use std::collections::BTreeSet;

use jiff::Timestamp;

use api::kinds::RolloutPhase;
use api::{Object, ObjectKey};

use super::decide::{Awaited, Decision, Observed, fail};
use super::record::Rollout;
use super::run::Run;
use super::status::sentence;
use crate::hook::{Hook, HookPhase, HookRun, ROLLOUT_ANNOTATION};
use crate::order;
use crate::plan::{Change, Deletion};

/// Where one hook is.
enum State<'a> {
    Absent,
    /// Of an earlier rollout, or of nobody.
    Stale(&'a Object),
    Leaving,
    /// Begun in this rollout, and not over.
    Running(String),
    Failed(String),
    Done,
    /// Begun in this rollout, and deleted by others before its end was seen.
    Lost,
}

impl Run<'_> {
    /// `Some` as long as hooks of this phase are in the way.
    pub(super) fn hooks(&self, phase: HookPhase) -> Option<Vec<Decision>> {
        let (observed, rollout) = (self.observed, self.rollout);
        if rollout.options.is_partial() {
            return None;
        }
        let of_phase = || observed.hooks.iter().filter(move |it| it.phase == phase);
        let open = |hook: &&Hook| !matches!(state(observed, rollout, hook), State::Done);
        let wave = of_phase().filter(open).map(|hook| hook.wave).min()?;
        let hooks: Vec<&Hook> = of_phase()
            .filter(|it| it.wave == wave)
            .filter(open)
            .collect();
        if let Some(namespaces) = self.namespaces(&hooks) {
            return Some(namespaces);
        }
        for hook in &hooks {
            let failure = match state(observed, rollout, hook) {
                State::Failed(why) => sentence(&hook.title(), &why),
                State::Lost => format!("{} was deleted before it ended", hook.title()),
                _ => continue,
            };
            return Some(fail(format!("the hook {failure}")));
        }
        if observed.now >= self.deadline {
            let first = hooks.first().map(|it| it.title()).unwrap_or_default();
            return Some(self.late(&format!("the hook {first} did not end")));
        }
        Some(begin(observed, rollout, &hooks).unwrap_or_else(|| self.wait_for(phase, &hooks)))
    }

    fn wait_for(&self, phase: HookPhase, hooks: &[&Hook]) -> Vec<Decision> {
        let told = hooks.iter().map(|hook| {
            let what = match state(self.observed, self.rollout, hook) {
                State::Running(why) if !why.is_empty() => why,
                State::Leaving => "is being deleted, and runs again once it is gone".into(),
                _ => "runs".into(),
            };
            sentence(&hook.title(), &what)
        });
        let due = hooks
            .iter()
            .filter_map(|it| due(self.observed, &it.key))
            .min();
        let reason: Vec<String> = told.take(1).collect();
        vec![Decision::Await {
            phase: match phase {
                HookPhase::Before => RolloutPhase::Applying,
                _ => RolloutPhase::Verifying,
            },
            wave: None,
            on: Awaited::Health,
            reason: format!("the hook {}", reason.join("")),
            until: due.map_or(self.deadline, |due| due.min(self.deadline)),
        }]
    }

    /// A hook needs its namespace, be it of the same commit.
    fn namespaces(&self, hooks: &[&Hook]) -> Option<Vec<Decision>> {
        let used: BTreeSet<&str> = hooks.iter().map(|it| it.key.namespace.as_str()).collect();
        self.plan.waves.iter().find_map(|wave| {
            let missing = wave.steps.iter().filter(|step| {
                let name = step.key.name.as_str();
                step.kind == "Namespace" && step.change == Change::Create && used.contains(name)
            });
            let objects: Vec<ObjectKey> = missing.map(|step| step.key.clone()).collect();
            (!objects.is_empty()).then(|| {
                vec![Decision::Apply {
                    wave: wave.number,
                    objects,
                }]
            })
        })
    }
}

/// What is left to do about hooks once there is a verdict: those for a failure, and the deletion
/// of those that want it.
pub(super) fn after(observed: &Observed, over: &Rollout) -> Vec<Decision> {
    if over.options.is_partial() || over.phase.is_stopped() {
        return Vec::new();
    }
    let failed = over.phase == RolloutPhase::Failed && over.began_at.is_some();
    if failed {
        let waiting = |hook: &&Hook| {
            let fresh = !over.hooks.contains_key(&hook.key);
            let state = state(observed, over, hook);
            let begun = !matches!(state, State::Absent | State::Stale(_) | State::Leaving);
            hook.phase == HookPhase::OnFailure && fresh && !begun
        };
        let hooks: Vec<&Hook> = observed.hooks.iter().filter(waiting).collect();
        let later = hooks.iter().filter_map(|it| due(observed, &it.key)).min();
        if let Some(decisions) = begin(observed, over, &hooks) {
            return decisions;
        }
        if let Some(at) = later {
            return vec![Decision::Wake { at }];
        }
    }
    let wanted = |hook: &&Hook| match state(observed, over, hook) {
        State::Done => hook.delete_succeeded,
        State::Failed(_) => hook.delete_failed,
        _ => false,
    };
    let deletions = observed.hooks.iter().filter(wanted);
    let deletions = deletions.filter_map(|hook| deletion(hook, observed.live.get(&hook.key)?));
    clear(observed, deletions.collect())
}

/// Begins what can begin now; what is in its way goes first.
fn begin(observed: &Observed, rollout: &Rollout, hooks: &[&Hook]) -> Option<Vec<Decision>> {
    let mut ready = Vec::new();
    let mut stale = Vec::new();
    for hook in hooks {
        match state(observed, rollout, hook) {
            State::Absent if due(observed, &hook.key).is_none() => ready.push(hook.key.clone()),
            State::Stale(live) => stale.extend(deletion(hook, live)),
            _ => {}
        }
    }
    let mut decisions = clear(observed, stale);
    if !ready.is_empty() {
        decisions.push(Decision::Hook { hooks: ready });
    }
    (!decisions.is_empty()).then_some(decisions)
}

fn clear(observed: &Observed, deletions: Vec<Deletion>) -> Vec<Decision> {
    let is_due = |it: &Deletion| due(observed, &it.key).is_none();
    let deletions: Vec<Deletion> = deletions.into_iter().filter(is_due).collect();
    if deletions.is_empty() {
        return Vec::new();
    }
    vec![Decision::ClearHooks { deletions }]
}

/// When it may be tried again, where it was tried just now.
fn due(observed: &Observed, key: &ObjectKey) -> Option<Timestamp> {
    let correction = observed.corrections.get(key)?;
    Some(correction.due()).filter(|due| *due > observed.now)
}

fn state<'a>(observed: &Observed<'a>, rollout: &Rollout, hook: &Hook) -> State<'a> {
    let run = rollout.hooks.get(&hook.key);
    let live = observed.live.get(&hook.key);
    let ours = |live: &&Object| {
        let of = live.annotation(ROLLOUT_ANNOTATION);
        of == Some(rollout.id.as_str()) && !rollout.id.is_empty()
    };
    match (run, live.filter(ours), live) {
        (_, Some(own), _) if !own.is_deleting() => match observed.health.get(&hook.key) {
            None => State::Done,
            Some(health) if health.status.is_settled_well() => State::Done,
            Some(health) if health.terminal => State::Failed(health.message.clone()),
            Some(health) => State::Running(health.message.clone()),
        },
        (Some(HookRun::Done), _, _) => State::Done,
        (Some(HookRun::Started), _, _) => State::Lost,
        (None, _, Some(live)) if live.is_deleting() => State::Leaving,
        (None, _, Some(live)) => State::Stale(live),
        (None, _, None) => State::Absent,
    }
}

fn deletion(hook: &Hook, live: &Object) -> Option<Deletion> {
    (!live.is_deleting()).then(|| Deletion {
        key: hook.key.clone(),
        kind: live.kind().to_owned(),
        uid: live.uid(),
        wave: order::live_wave(live),
        object: None,
    })
}
