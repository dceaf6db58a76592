//! The last commits and what they changed, for the report of a failure.

use std::collections::VecDeque;
use std::sync::Arc;

use api::Object;
use jiff::Timestamp;
use orchestrator::store::{Change, ChangeKind};
use serde_json::Value;

const KEPT: usize = 24;
/// Characters of one told value.
const SHORT: usize = 60;

#[derive(Default)]
pub(super) struct Recent {
    entries: VecDeque<Entry>,
}

struct Entry {
    at: Timestamp,
    change: Arc<Change>,
    before: Option<Arc<Object>>,
    after: Arc<Object>,
}

impl Recent {
    pub(super) fn add(
        &mut self,
        at: Timestamp,
        change: Arc<Change>,
        before: Option<Arc<Object>>,
        after: Arc<Object>,
    ) {
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry {
            at,
            change,
            before,
            after,
        });
    }

    /// At most `most` of them, the newest last.
    pub(super) fn tell(&self, most: u64) -> Vec<String> {
        let most = usize::try_from(most).unwrap_or(KEPT);
        let skipped = self.entries.len().saturating_sub(most);
        self.entries.iter().skip(skipped).map(line).collect()
    }
}

fn line(entry: &Entry) -> String {
    let Change {
        revision,
        key,
        kind,
        actor,
        ..
    } = &*entry.change;
    let deed = match kind {
        ChangeKind::Created => "creates",
        ChangeKind::Replaced => "writes",
        ChangeKind::Deleted => "deletes",
    };
    let mut changes = Vec::new();
    if let Some(before) = &entry.before {
        compare("", &before.body, &entry.after.body, &mut changes);
    }
    let (at, changes) = (entry.at.strftime("%M:%S"), changes.join(", "));
    format!("{at} {revision}: {actor} {deed} {key} {changes}")
}

/// Where two values differ, and what is there now.
fn compare(path: &str, before: &Value, after: &Value, changes: &mut Vec<String>) {
    let is_noise = path.ends_with("/managedFields") || path.ends_with("/resourceVersion");
    if before == after || is_noise {
        return;
    }
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            for (field, value) in new {
                let before = old.get(field).unwrap_or(&Value::Null);
                compare(&format!("{path}/{field}"), before, value, changes);
            }
            let gone = old.keys().filter(|field| !new.contains_key(*field));
            changes.extend(gone.map(|field| format!("no {path}/{field}")));
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (index, (before, after)) in old.iter().zip(new).enumerate() {
                compare(&format!("{path}/{index}"), before, after, changes);
            }
        }
        _ => {
            let value: String = after.to_string().chars().take(SHORT).collect();
            changes.push(format!("{path}={value}"));
        }
    }
}
