//! Rows as what they mean.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::{Error, FromRow, Row};

use api::{Collection, ObjectKey, Uid};
use engine::rollout::CommitId;

use super::drifts::Drift;
use super::first_try::TakenBack;
use super::model::{
    ApplicationRecord, Apply, Hold, InventoryItem, ObjectResult, Push, Request, Rollout,
    SourceState, Step,
};
use super::suspension::Suspension;
use super::time::Time;
use crate::source::{Commit, Person};

pub(super) fn text(row: &PgRow, column: &str) -> Result<String, Error> {
    row.try_get(column)
}

pub(super) fn commit_id(row: &PgRow, column: &str) -> Result<CommitId, Error> {
    text(row, column).map(CommitId)
}

pub(super) fn time(row: &PgRow, column: &str) -> Result<Timestamp, Error> {
    row.try_get::<Time, _>(column).map(Into::into)
}

pub(super) fn optional_time(row: &PgRow, column: &str) -> Result<Option<Timestamp>, Error> {
    let time: Option<Time> = row.try_get(column)?;
    Ok(time.map(Into::into))
}

/// One of the words of a closed set.
pub(super) fn word<T: DeserializeOwned>(row: &PgRow, column: &str) -> Result<T, Error> {
    value(Value::String(text(row, column)?))
}

pub(super) fn json<T: DeserializeOwned>(row: &PgRow, column: &str) -> Result<T, Error> {
    value(row.try_get(column)?)
}

fn value<T: DeserializeOwned>(value: Value) -> Result<T, Error> {
    serde_json::from_value(value).map_err(|error| Error::Decode(error.into()))
}

pub(super) fn key(row: &PgRow) -> Result<ObjectKey, Error> {
    let collection = Collection::new(text(row, "api_group")?, text(row, "resource")?);
    Ok(collection.key(text(row, "namespace")?, text(row, "name")?))
}

fn author(row: &PgRow) -> Result<Person, Error> {
    Ok(Person {
        name: text(row, "author_name")?,
        email: text(row, "author_email")?,
    })
}

fn taken_back(row: &PgRow) -> Result<Option<TakenBack>, Error> {
    let rollout: Option<String> = row.try_get("taken_back_by")?;
    let at = optional_time(row, "taken_back_at")?;
    Ok(rollout
        .zip(at)
        .map(|(rollout, at)| TakenBack { rollout, at }))
}

impl FromRow<'_, PgRow> for SourceState {
    fn from_row(row: &PgRow) -> Result<Self, Error> {
        Ok(Self {
            repository: text(row, "repository")?,
            branch: text(row, "branch")?,
            revision: commit_id(row, "revision")?,
            fetched_at: optional_time(row, "fetched_at")?,
            error: text(row, "error")?,
        })
    }
}

impl FromRow<'_, PgRow> for Commit {
    fn from_row(row: &PgRow) -> Result<Self, Error> {
        let parents: Vec<String> = row.try_get("parents")?;
        Ok(Self {
            id: commit_id(row, "id")?,
            parents: parents.into_iter().map(CommitId).collect(),
            author: author(row)?,
            authored_at: time(row, "authored_at")?,
            committed_at: time(row, "committed_at")?,
            message: text(row, "message")?,
        })
    }
}

impl FromRow<'_, PgRow> for Push {
    fn from_row(row: &PgRow) -> Result<Self, Error> {
        Ok(Self {
            id: text(row, "id")?,
            repository: text(row, "repository")?,
            branch: text(row, "branch")?,
            old_revision: commit_id(row, "old_revision")?,
            new_revision: commit_id(row, "new_revision")?,
            pusher: text(row, "pusher")?,
            trigger: word(row, "trigger")?,
            received_at: time(row, "received_at")?,
            verdict: word(row, "verdict")?,
            report: text(row, "report")?,
        })
    }
}

impl FromRow<'_, PgRow> for Rollout {
    fn from_row(row: &PgRow) -> Result<Self, Error> {
        let rollback: Option<Value> = row.try_get("rollback")?;
        let first_try: Option<Value> = row.try_get("first_try")?;
        Ok(Self {
            id: text(row, "id")?,
            application: text(row, "application")?,
            number: row.try_get("number")?,
            push: row.try_get("push")?,
            revision: commit_id(row, "revision")?,
            previous: commit_id(row, "previous")?,
            author: author(row)?,
            commit_message: text(row, "commit_message")?,
            trigger: word(row, "trigger")?,
            first_try: first_try.map(value).transpose()?.map(Box::new),
            rollback_of: text(row, "rollback_of")?,
            rollback: rollback.map(value).transpose()?,
            digest: text(row, "digest")?,
            same_as_previous: row.try_get("same_as_previous")?,
            phase: word(row, "phase")?,
            message: text(row, "message")?,
            changed: row.try_get("changed")?,
            started_at: time(row, "started_at")?,
            began_at: optional_time(row, "began_at")?,
            deadline_at: optional_time(row, "deadline_at")?,
            finished_at: optional_time(row, "finished_at")?,
            undone_at: optional_time(row, "undone_at")?,
            taken_back: taken_back(row)?,
            asked_by: match text(row, "asked_by")?.as_str() {
                "" => None,
                name => Some(Person::read(name)),
            },
            options: json(row, "options")?,
        })
    }
}

impl FromRow<'_, PgRow> for Request {
    fn from_row(row: &PgRow) -> Result<Self, Error> {
        Ok(Self {
            actor: text(row, "actor")?,
            options: json(row, "options")?,
        })
    }
}

impl FromRow<'_, PgRow> for Suspension {
    fn from_row(row: &PgRow) -> Result<Self, Error> {
        Ok(Self {
            application: text(row, "application")?,
            actor: text(row, "actor")?,
            reason: text(row, "reason")?,
            since: time(row, "since")?,
        })
    }
}

impl FromRow<'_, PgRow> for ObjectResult {
    fn from_row(row: &PgRow) -> Result<Self, Error> {
        Ok(Self {
            key: key(row)?,
            kind: text(row, "kind")?,
            wave: row.try_get("wave")?,
            position: row.try_get("position")?,
            action: word(row, "action")?,
            file: text(row, "file")?,
            line: row.try_get("line")?,
            changes: json(row, "changes")?,
            after: row.try_get("after")?,
            applied_at: optional_time(row, "applied_at")?,
            healthy_at: optional_time(row, "healthy_at")?,
            health: text(row, "health")?,
            message: text(row, "message")?,
            exits: json(row, "exits")?,
        })
    }
}

impl FromRow<'_, PgRow> for Apply {
    fn from_row(row: &PgRow) -> Result<Self, Error> {
        Ok(Self {
            attempt: row.try_get("attempt")?,
            wave: row.try_get("wave")?,
            began_at: time(row, "began_at")?,
            finished_at: optional_time(row, "finished_at")?,
            error: text(row, "error")?,
        })
    }
}

impl FromRow<'_, PgRow> for Step {
    fn from_row(row: &PgRow) -> Result<Self, Error> {
        Ok(Self {
            seq: row.try_get("seq")?,
            at: time(row, "at")?,
            application: text(row, "application")?,
            rollout: row.try_get("rollout")?,
            push: row.try_get("push")?,
            kind: word(row, "kind")?,
            text: text(row, "text")?,
            data: row.try_get("data")?,
        })
    }
}

impl FromRow<'_, PgRow> for InventoryItem {
    fn from_row(row: &PgRow) -> Result<Self, Error> {
        Ok(Self {
            application: text(row, "application")?,
            key: key(row)?,
            uid: Uid(text(row, "uid")?),
            added_at: time(row, "added_at")?,
        })
    }
}

impl FromRow<'_, PgRow> for Hold {
    fn from_row(row: &PgRow) -> Result<Self, Error> {
        Ok(Self {
            application: text(row, "application")?,
            revision: commit_id(row, "revision")?,
            rollout: text(row, "rollout")?,
            reason: text(row, "reason")?,
            since: time(row, "since")?,
            atomic: row.try_get("atomic")?,
        })
    }
}

impl FromRow<'_, PgRow> for Drift {
    fn from_row(row: &PgRow) -> Result<Self, Error> {
        Ok(Self {
            at: time(row, "at")?,
            application: text(row, "application")?,
            key: key(row)?,
            kind: text(row, "kind")?,
            what: text(row, "what")?,
            actor: text(row, "actor")?,
            writer: text(row, "writer")?,
            written_at: optional_time(row, "written_at")?,
            changes: json(row, "changes")?,
            last_at: time(row, "last_at")?,
            times: row.try_get("times")?,
            lasted_ms: match optional_time(row, "ended_at")? {
                Some(_) => row.try_get("lasted_ms")?,
                None => None,
            },
            ended_at: optional_time(row, "ended_at")?,
            ending: match text(row, "ending")?.as_str() {
                "" => None,
                _ => Some(word(row, "ending")?),
            },
        })
    }
}

impl FromRow<'_, PgRow> for ApplicationRecord {
    fn from_row(row: &PgRow) -> Result<Self, Error> {
        Ok(Self {
            name: text(row, "name")?,
            in_git: row.try_get("in_git")?,
            deletion: word(row, "deletion")?,
            seen_at: time(row, "seen_at")?,
            removed_at: optional_time(row, "removed_at")?,
        })
    }
}
