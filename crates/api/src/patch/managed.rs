//! `metadata.managedFields`: read, changed, written.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::fields::FieldSet;
use crate::{Object, time};

/// Managers of plain updates that are kept apart; older ones are joined.
const MAX_UPDATERS: usize = 10;

/// The manager that older updates are joined under.
const ANCIENT: &str = "ancient-changes";

/// How a manager came to own its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    Apply,
    Update,
}

/// One entry: what one manager owns through one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub manager: String,
    pub operation: Operation,
    pub api_version: String,
    /// Empty for the object itself.
    pub subresource: String,
    /// RFC 3339, of the last change.
    pub time: Option<String>,
    pub fields: FieldSet,
}

/// All entries of an object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Managed {
    pub entries: Vec<Entry>,
}

/// What a request says about `metadata.managedFields`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing usable: what is stored stands.
    Nothing,
    /// `[{}]`: forget who owns what.
    Reset,
    Entries(Managed),
}

impl Entry {
    /// Whether two entries are the same manager's: appliers are one across versions.
    fn is_same(&self, other: &Self) -> bool {
        self.manager == other.manager
            && self.operation == other.operation
            && self.subresource == other.subresource
            && (self.operation == Operation::Apply || self.api_version == other.api_version)
    }

    /// `"kubectl-edit" with subresource "status" using apps/v1`
    pub(super) fn describe(&self) -> String {
        let mut text = Value::from(self.manager.as_str()).to_string();
        if !self.subresource.is_empty() {
            text += " with subresource ";
            text += &Value::from(self.subresource.as_str()).to_string();
        }
        if self.operation == Operation::Update {
            text += " using ";
            text += &self.api_version;
        }
        text
    }

    fn read(value: &Value) -> Option<Self> {
        let text = |field: &str| value[field].as_str().unwrap_or_default().to_owned();
        let operation = match value["operation"].as_str()? {
            "Apply" => Operation::Apply,
            "Update" => Operation::Update,
            _ => return None,
        };
        if text("apiVersion").is_empty() || text("fieldsType") != "FieldsV1" {
            return None;
        }
        let fields = match &value["fieldsV1"] {
            Value::Null => FieldSet::default(),
            Value::String(packed) => FieldSet::parse(&serde_json::from_str(packed).ok()?).ok()?,
            fields => FieldSet::parse(fields).ok()?,
        };
        Some(Self {
            manager: text("manager"),
            operation,
            api_version: text("apiVersion"),
            subresource: text("subresource"),
            time: value["time"].as_str().map(ToOwned::to_owned),
            fields,
        })
    }

    fn write(&self) -> Value {
        let mut entry = Map::new();
        if !self.manager.is_empty() {
            entry.insert("manager".into(), json!(self.manager));
        }
        let operation = match self.operation {
            Operation::Apply => "Apply",
            Operation::Update => "Update",
        };
        entry.insert("operation".into(), json!(operation));
        entry.insert("apiVersion".into(), json!(self.api_version));
        if let Some(time) = &self.time {
            entry.insert("time".into(), json!(time));
        }
        entry.insert("fieldsType".into(), json!("FieldsV1"));
        entry.insert("fieldsV1".into(), self.fields.to_value());
        if !self.subresource.is_empty() {
            entry.insert("subresource".into(), json!(self.subresource));
        }
        entry.into()
    }
}

impl Managed {
    /// Reads what is stored; what cannot be read counts as nothing.
    pub fn of(object: &Object) -> Self {
        match said(object) {
            Said::Entries(managed) => managed,
            Said::Nothing | Said::Reset => Self::default(),
        }
    }

    /// Writes the entries into an object, in Kubernetes' order; none removes the field.
    pub fn write(mut self, object: &mut Object) {
        self.entries.sort_by(|a, b| {
            a.operation
                .cmp(&b.operation)
                .then_with(|| a.time.cmp(&b.time))
                .then_with(|| a.manager.cmp(&b.manager))
                .then_with(|| a.api_version.cmp(&b.api_version))
                .then_with(|| a.subresource.cmp(&b.subresource))
        });
        let entries: Vec<Value> = self.entries.iter().map(Entry::write).collect();
        if entries.is_empty() {
            object.metadata_mut().shift_remove("managedFields");
        } else {
            object
                .metadata_mut()
                .insert("managedFields".into(), entries.into());
        }
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes out the entry of the same manager.
    pub(super) fn take(&mut self, like: &Entry) -> Option<Entry> {
        let place = self.entries.iter().position(|entry| entry.is_same(like))?;
        Some(self.entries.remove(place))
    }

    /// Takes fields from every manager; who is left with nothing is dropped.
    pub(super) fn release(&mut self, fields: &FieldSet) {
        if fields.is_empty() {
            return;
        }
        self.entries.retain_mut(|entry| {
            entry.fields = std::mem::take(&mut entry.fields).difference(fields);
            !entry.fields.is_empty()
        });
    }

    /// Adds to what a manager owns through updates.
    pub(super) fn add(&mut self, mut entry: Entry, now: Timestamp) {
        if entry.fields.is_empty() {
            return;
        }
        if let Some(previous) = self.take(&entry) {
            entry.fields = entry.fields.union(previous.fields);
        }
        entry.time = Some(time(now));
        self.entries.push(entry);
    }

    /// Joins the oldest updates of a version until no more than ten are left.
    pub(super) fn cap(&mut self) {
        let (mut updaters, mut kept): (Vec<Entry>, Vec<Entry>) = std::mem::take(&mut self.entries)
            .into_iter()
            .partition(|entry| entry.operation == Operation::Update);
        updaters.sort_by(|a, b| (&a.time, &a.manager).cmp(&(&b.time, &b.manager)));
        let mut surplus = updaters.len().saturating_sub(MAX_UPDATERS);
        let mut joined: Vec<Entry> = Vec::new();
        for entry in updaters {
            let bucket = joined
                .iter_mut()
                .find(|bucket| surplus > 0 && bucket.api_version == entry.api_version);
            if let Some(bucket) = bucket {
                surplus -= 1;
                ANCIENT.clone_into(&mut bucket.manager);
                bucket.subresource.clear();
                bucket.fields = std::mem::take(&mut bucket.fields).union(entry.fields);
                bucket.time = entry.time;
            } else {
                joined.push(entry);
            }
        }
        kept.append(&mut joined);
        self.entries = kept;
    }
}

/// Has the managed fields of an object take a fifth of the memory: each set becomes its text.
/// [`Managed::of`] reads it like any other; for caches of objects that nobody sends back.
pub fn pack(object: &mut Object) {
    let Some(Value::Array(entries)) = object.body.pointer_mut("/metadata/managedFields") else {
        return;
    };
    for entry in entries {
        if let Some(fields) = entry.get_mut("fieldsV1").filter(|it| it.is_object()) {
            *fields = Value::String(fields.to_string());
        }
    }
}

/// What an object says about its managed fields.
pub(super) fn said(object: &Object) -> Said {
    let Some(Value::Array(entries)) = object.pointer("/metadata/managedFields") else {
        return Said::Nothing;
    };
    match entries.as_slice() {
        [] => Said::Nothing,
        [Value::Object(only)] if only.is_empty() => Said::Reset,
        entries => match entries.iter().map(Entry::read).collect() {
            Some(entries) => Said::Entries(Managed { entries }),
            None => Said::Nothing,
        },
    }
}
