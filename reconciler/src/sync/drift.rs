//! What others changed is put back, and who changed what is kept.

use jiff::Timestamp;
use serde_json::json;

use api::{Object, ObjectKey};
use engine::plan::{Change, Step};
use engine::rollout::Correction;

use super::execute::Execution;
use super::results;
use crate::config::MANAGER;
use crate::history::{Drift, StepKind, Write};

impl Execution<'_> {
    /// Puts these objects back to what the commit says.
    pub(super) async fn correct(&mut self, keys: &[ObjectKey]) -> Result<(), client::Error> {
        let Ok(plan) = self.observation.plan.clone() else {
            return Ok(());
        };
        let steps: Vec<&Step> = plan
            .steps()
            .filter(|step| keys.contains(&step.key))
            .collect();
        let at = self.now();
        for step in &steps {
            let drift = self.drift(step, at);
            let fight = self.corrected(&step.key, at).is_fight();
            let text = sentence(&step.title(), &drift, fight);
            let data = json!({"object": step.title(), "what": drift.what, "actor": drift.actor});
            self.pending.push(Write::Drift(drift));
            self.step(StepKind::Drifted, text, data);
        }
        let objects: Vec<Object> = steps.iter().map(|step| step.object.clone()).collect();
        match self.write(keys, &objects).await? {
            Ok(()) => {
                let titles: Vec<String> = steps.iter().map(|step| step.title()).collect();
                let text = format!("put back {}", titles.join(", "));
                self.step(StepKind::Corrected, text, json!({"objects": titles}));
            }
            Err(error) => {
                let text = format!("cannot put it back yet: {error}");
                self.step(StepKind::ApplyFailed, text, json!({}));
            }
        }
        Ok(())
    }

    /// Notes that an object was written outside of a rollout; the next time comes later.
    pub(super) fn corrected(&mut self, key: &ObjectKey, at: Timestamp) -> Correction {
        let corrections = &mut self.memory.corrections;
        let next = Correction::after(corrections.get(key).copied(), at);
        corrections.insert(key.clone(), next);
        next
    }

    fn drift(&self, step: &Step, at: Timestamp) -> Drift {
        let live = self.observation.live.get(&step.key);
        let (what, changes) = match &step.change {
            Change::Update(changes) => ("changed", results::masked(&step.object, changes)),
            _ => ("deleted", Vec::new()),
        };
        Drift {
            at,
            application: self.observation.application.name.clone(),
            key: step.key.clone(),
            kind: step.kind.clone(),
            what: what.to_owned(),
            actor: live.map(actor).unwrap_or_default(),
            changes,
        }
    }
}

/// The field manager that wrote last, status and ourselves apart. Empty where nobody did.
fn actor(object: &Object) -> String {
    let managed = object.body["metadata"]["managedFields"].as_array();
    let others = managed.into_iter().flatten().filter(|entry| {
        entry["manager"] != MANAGER && entry["subresource"].as_str().unwrap_or_default().is_empty()
    });
    let last = others.max_by_key(|entry| entry["time"].as_str().unwrap_or_default().to_owned());
    let manager = last.and_then(|entry| entry["manager"].as_str());
    manager.unwrap_or_default().to_owned()
}

fn sentence(title: &str, drift: &Drift, fight: bool) -> String {
    let by = match drift.actor.as_str() {
        "" => String::new(),
        actor => format!(" by {actor}"),
    };
    let fields: Vec<&str> = drift
        .changes
        .iter()
        .take(3)
        .map(|it| it.path.as_str())
        .collect();
    let which = match (fields.as_slice(), drift.changes.len()) {
        ([], _) => String::new(),
        (some, all) if all > some.len() => format!(": {} and more", some.join(", ")),
        (some, _) => format!(": {}", some.join(", ")),
    };
    let again = if fight {
        "; it keeps being changed, so it is put back less and less often"
    } else {
        ""
    };
    format!("{title} was {}{by}{which}{again}", drift.what)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn names_who_wrote_last() {
        let entry = |manager: &str, subresource: &str, time: &str| json!({"manager": manager, "subresource": subresource, "time": time});
        let check = |entries: Vec<Value>, expected: &str| {
            let object: Object = json!({"metadata": {"managedFields": entries}}).into();
            assert_eq!(actor(&object), expected);
        };
        check(vec![], "");
        check(vec![entry(MANAGER, "", "2026-01-02T00:00:00Z")], "");
        check(
            vec![
                entry("kubectl-edit", "", "2026-01-02T00:00:00Z"),
                entry("kubectl-scale", "", "2026-01-03T00:00:00Z"),
                entry("controller", "status", "2026-01-04T00:00:00Z"),
                entry(MANAGER, "", "2026-01-05T00:00:00Z"),
            ],
            "kubectl-scale",
        );
    }
}
