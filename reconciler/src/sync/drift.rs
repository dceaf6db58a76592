//! What others changed is put back, and who changed what is kept.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt;
use jiff::Timestamp;
use serde_json::json;

use api::{Object, ObjectKey};
use client::Wrote;
use engine::plan::{Change, Step};
use engine::rollout::Correction;

use super::execute::Execution;
use super::results;
use crate::config::MANAGER;
use crate::history::{Drift, StepKind, Write};

/// Objects that the server is asked about at once, and how long all of it may take.
const AT_ONCE: usize = 8;
const PATIENCE: Duration = Duration::from_secs(1);

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
        let writers = self.writers(&steps).await;
        for step in &steps {
            let writer = writers.get(&step.key);
            let drift = self.drift(step, at, writer);
            let fight = self.corrected(&step.key, at).is_fight();
            let text = sentence(&step.title(), &drift, fight);
            let data = json!({
                "object": step.title(), "what": drift.what, "actor": drift.actor,
                "writer": drift.writer,
            });
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

    /// Who it was, where the server keeps a log of its writes. It is put back without, if that takes
    /// long.
    async fn writers(&self, steps: &[&Step]) -> BTreeMap<ObjectKey, Wrote> {
        let mut found = BTreeMap::new();
        let asking = async {
            let all: Vec<_> = steps
                .iter()
                .map(|step| async move {
                    let writes = self.client.newest_writes(&step.key).await;
                    (&step.key, what(step), writes)
                })
                .collect();
            let mut answers = futures::stream::iter(all).buffered(AT_ONCE);
            while let Some((key, what, writes)) = answers.next().await {
                let writer = writes.ok().and_then(|it| writer(it, what));
                found.extend(writer.map(|writer| (key.clone(), writer)));
            }
        };
        tokio::select! {
            () = asking => {}
            () = self.core.env.clock.sleep(PATIENCE) => {}
        }
        found
    }

    fn drift(&self, step: &Step, at: Timestamp, writer: Option<&Wrote>) -> Drift {
        let live = self.observation.live.get(&step.key);
        let changes = match &step.change {
            Change::Update(changes) => results::masked(&step.object, changes),
            _ => Vec::new(),
        };
        let manager = live.map(actor).unwrap_or_default();
        Drift {
            at,
            application: self.observation.application.name.clone(),
            key: step.key.clone(),
            kind: step.kind.clone(),
            what: what(step).to_owned(),
            actor: writer.map_or(manager, |it| it.manager.clone()),
            writer: writer.map(|it| it.user.clone()).unwrap_or_default(),
            changes,
        }
    }
}

fn what(step: &Step) -> &'static str {
    match step.change {
        Change::Update(_) => "changed",
        _ => "deleted",
    }
}

/// The newest write that was not ours, and of more than a status.
fn writer(writes: Vec<Wrote>, what: &str) -> Option<Wrote> {
    let is_status = |it: &Wrote| {
        let mut fields = it.fields.iter();
        !it.fields.is_empty() && fields.all(|field| field.starts_with("status"))
    };
    let mut others = writes.into_iter().filter(|it| it.manager != MANAGER);
    others.find(|it| (it.operation == "deleted") == (what == "deleted") && !is_status(it))
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
    let by = drift.by();
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
    fn the_one_who_did_it_wrote_last_of_all_others() {
        let wrote = |user: &str, manager: &str, operation: &str, field: &str| Wrote {
            user: user.into(),
            manager: manager.into(),
            operation: operation.into(),
            fields: vec![field.into()],
        };
        let ann = wrote("ann", "kubectl-edit", "changed", "data.value");
        let all = vec![
            wrote("system:kedge:reconciler", MANAGER, "changed", "data.value"),
            wrote("system:controller", "job", "changed", "status.ready"),
            ann.clone(),
            wrote("bob", "kubectl", "deleted", ""),
        ];
        assert_eq!(writer(all.clone(), "changed"), Some(ann));
        assert_eq!(writer(all, "deleted").unwrap().user, "bob");
        assert_eq!(writer(Vec::new(), "changed"), None);
    }

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
