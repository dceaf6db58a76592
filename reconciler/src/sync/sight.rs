//! What others changed is recorded when it is seen, with who did it, and when it is gone: also where
//! it may not be put back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use api::{Object, ObjectKey};
use client::Wrote;
use engine::diff::FieldChange;
use engine::plan::{Change, Step};
use engine::rollout::{Correction, Decision, drifted};

use super::core::recorded;
use super::execute::Execution;
use super::results;
use crate::config::MANAGER;
use crate::history::{Drift, Ending, StepKind, Write};

/// Objects that the server is asked about at once, and how long all of it may take.
const AT_ONCE: usize = 8;
const PATIENCE: Duration = Duration::from_secs(1);
/// What comes and goes and is not put back is told of once in this time.
const QUIET: SignedDuration = SignedDuration::from_mins(1);

/// What is on record of one Application.
#[derive(Debug, Default)]
pub(crate) struct Sights {
    /// What differs, by object, as it was recorded.
    open: BTreeMap<ObjectKey, String>,
    /// When somebody was told of it last.
    told: BTreeMap<ObjectKey, Timestamp>,
}

/// What one look adds to the record.
#[derive(Debug, Default, PartialEq, Eq)]
struct News {
    /// Not there before, or not like this.
    seen: BTreeSet<ObjectKey>,
    gone: Vec<ObjectKey>,
}

impl Sights {
    fn of(open: Vec<Drift>) -> Self {
        let open = open.into_iter();
        let open = open.map(|it| (it.key.clone(), mark(&it.what, &it.changes)));
        Self {
            open: open.collect(),
            told: BTreeMap::new(),
        }
    }

    /// What is different in `now` from what is on record, which is `now` from here on.
    fn news(&mut self, now: &BTreeMap<ObjectKey, String>) -> News {
        let is_known = |(key, mark): &(&ObjectKey, &String)| self.open.get(*key) == Some(*mark);
        let seen = now.iter().filter(|it| !is_known(it));
        let gone = self.open.keys().filter(|key| !now.contains_key(*key));
        let news = News {
            seen: seen.map(|(key, _)| key.clone()).collect(),
            gone: gone.cloned().collect(),
        };
        self.open.clone_from(now);
        news
    }

    /// Whether to tell of what was seen at `now`, which is noted.
    fn tells(&mut self, key: &ObjectKey, now: Timestamp) -> bool {
        self.told.retain(|_, at| now.duration_since(*at) < QUIET);
        let is_told = self.told.contains_key(key);
        if !is_told {
            self.told.insert(key.clone(), now);
        }
        !is_told
    }
}

impl Execution<'_> {
    /// Records what others changed since the last look, and what of it is gone.
    pub(crate) async fn see(&mut self, decisions: &[Decision]) -> Result<(), client::Error> {
        let observation = self.observation;
        let (Some(keys), Ok(plan)) = (drifted(&observation.observed()), &observation.plan) else {
            return Ok(());
        };
        if !keys.is_empty() {
            self.disproven();
        }
        let drifted: BTreeMap<&ObjectKey, &Step> = plan
            .steps()
            .filter(|step| keys.contains(&step.key))
            .map(|step| (&step.key, step))
            .collect();
        let marks = drifted.iter();
        let marks = marks.map(|(key, step)| ((*key).clone(), mark(what(step), &changes(step))));
        let marks = marks.collect();
        let mut sights = if let Some(sights) = self.memory.sights.take() {
            sights
        } else {
            let open = self.core.history.reader().open_drifts(self.name()).await;
            Sights::of(open.map_err(recorded)?)
        };
        let before: BTreeSet<ObjectKey> = sights.open.keys().cloned().collect();
        let news = sights.news(&marks);
        let seen: Vec<&Step> = news.seen.iter().map(|key| drifted[key]).collect();
        let writers = self.writers(&seen).await;
        let at = self.now();
        for step in seen {
            let drift = self.drift(step, at, writers.get(&step.key));
            let is_new = !before.contains(&step.key);
            if is_new && (is_corrected(decisions, &step.key) || sights.tells(&step.key, at)) {
                self.tell(step, &drift);
            }
            self.pending.push(Write::Drift(drift));
        }
        self.gone(&news.gone, &mut sights, at);
        // Where it cannot be recorded, the next look reads what is on record.
        self.flush().await?;
        self.memory.sights = Some(sights);
        Ok(())
    }

    fn gone(&mut self, keys: &[ObjectKey], sights: &mut Sights, at: Timestamp) {
        if keys.is_empty() {
            return;
        }
        self.pending.push(Write::DriftEnded {
            application: self.name().to_owned(),
            keys: keys.to_vec(),
            ending: Ending::Gone,
            at,
        });
        for key in keys.iter().filter(|key| sights.tells(key, at)) {
            let plan = self.observation.plan.as_deref().ok();
            let step = plan.and_then(|plan| plan.steps().find(|step| step.key == *key));
            let title = step.map_or_else(|| key.to_string(), Step::title);
            let text = format!("{title} is as Git says again, and Kedge did not write it");
            self.step(StepKind::DriftGone, text, json!({"objects": [title]}));
        }
    }

    fn tell(&mut self, step: &Step, drift: &Drift) {
        let before = self.memory.corrections.get(&step.key).copied();
        let fight = Correction::after(before, drift.at).is_fight();
        let text = sentence(&step.title(), drift, fight);
        let data = json!({
            "object": step.title(), "what": drift.what, "actor": drift.actor,
            "writer": drift.writer,
        });
        self.step(StepKind::Drifted, text, data);
    }

    /// These were written: what drifted of them did so until now.
    pub(super) fn written(&mut self, keys: &[ObjectKey]) {
        let keys: Vec<ObjectKey> = match &mut self.memory.sights {
            Some(sights) => {
                let open = keys.iter().filter(|key| sights.open.remove(*key).is_some());
                open.cloned().collect()
            }
            None => keys.to_vec(),
        };
        if keys.is_empty() {
            return;
        }
        self.pending.push(Write::DriftEnded {
            application: self.name().to_owned(),
            keys,
            ending: match &self.rollout {
                Some(_) => Ending::Rollout,
                None => Ending::Corrected,
            },
            at: self.now(),
        });
    }

    /// Who it was, where the server keeps a log of its writes. It is recorded without, if that takes
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
        let (manager, written_at) = live.map(actor).unwrap_or_default();
        Drift {
            at,
            application: self.observation.application.name.clone(),
            key: step.key.clone(),
            kind: step.kind.clone(),
            what: what(step).to_owned(),
            written_at: written_at.filter(|_| writer.is_none_or(|it| it.manager == manager)),
            actor: writer.map_or(manager, |it| it.manager.clone()),
            writer: writer.map(|it| it.user.clone()).unwrap_or_default(),
            changes: changes(step),
            last_at: at,
            times: 1,
            lasted_ms: None,
            ended_at: None,
            ending: None,
        }
    }
}

fn what(step: &Step) -> &'static str {
    match step.change {
        Change::Update(_) => "changed",
        _ => "deleted",
    }
}

/// Values of Secrets as fingerprints.
fn changes(step: &Step) -> Vec<FieldChange> {
    match &step.change {
        Change::Update(changes) => results::masked(&step.object, changes),
        _ => Vec::new(),
    }
}

/// One name for what differs.
fn mark(what: &str, changes: &[FieldChange]) -> String {
    format!("{what} {}", json!(changes))
}

fn is_corrected(decisions: &[Decision], key: &ObjectKey) -> bool {
    let corrects = |decision: &Decision| match decision {
        Decision::Correct { objects } => objects.contains(key),
        _ => false,
    };
    decisions.iter().any(corrects)
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

/// The field manager that wrote last, status and ourselves apart, and when. Empty where nobody did.
fn actor(object: &Object) -> (String, Option<Timestamp>) {
    let managed = object.body["metadata"]["managedFields"].as_array();
    let others = managed.into_iter().flatten().filter(|entry| {
        entry["manager"] != MANAGER && entry["subresource"].as_str().unwrap_or_default().is_empty()
    });
    let last = others.max_by_key(|entry| entry["time"].as_str().unwrap_or_default().to_owned());
    let text = |field: &str| {
        last.and_then(|entry| entry[field].as_str())
            .unwrap_or_default()
    };
    (text("manager").to_owned(), api::parse_time(text("time")))
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
    fn a_look_adds_what_is_new_and_ends_what_is_gone() {
        let key = |name: &str| api::Collection::new("", "configmaps").key("shop", name);
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let mut sights = Sights::default();
        let mut check = |now: &[(&str, &str)], seen: &[&str], gone: &[&str]| {
            let now = now
                .iter()
                .map(|(name, mark)| (key(name), (*mark).to_owned()));
            let expected = News {
                seen: seen.iter().map(|name| key(name)).collect(),
                gone: gone.iter().map(|name| key(name)).collect(),
            };
            assert_eq!(sights.news(&now.collect()), expected);
        };
        check(&[("a", "x"), ("b", "x")], &["a", "b"], &[]);
        check(&[("a", "x"), ("b", "x")], &[], &[]);
        check(&[("a", "y"), ("b", "x")], &["a"], &[]);
        check(&[("a", "y")], &[], &["b"]);
        check(&[("b", "x")], &["b"], &["a"]);

        // What comes and goes all the time is told of once a minute.
        assert!(sights.tells(&key("a"), at(0)));
        assert!(!sights.tells(&key("a"), at(59)) && sights.tells(&key("b"), at(59)));
        assert!(sights.tells(&key("a"), at(60)));
    }

    #[test]
    fn names_who_wrote_last() {
        let entry = |manager: &str, subresource: &str, time: &str| json!({"manager": manager, "subresource": subresource, "time": time});
        let check = |entries: Vec<Value>, expected: &str| {
            let object: Object = json!({"metadata": {"managedFields": entries}}).into();
            assert_eq!(actor(&object).0, expected);
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
