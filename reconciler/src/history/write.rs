//! Everything that is added to the history: plain values, committed together or not at all.

use jiff::Timestamp;
use serde_json::Value;
use sqlx::PgConnection;

use api::{ObjectKey, Uid};
use engine::rollout::{CommitId, RolloutPhase};

use super::drifts::{Drift, Ending};
use super::model::{
    ApplicationRecord, Exit, Hold, ObjectResult, Push, Request, Rollout, StepKind, Verdict,
};
use super::proofs::NewProof;
use super::suspension::Suspension;
use super::{Error, by_hand, drifts, exits, inventory, proofs, pushes, rollouts};
use crate::source::Commit;

/// One change of the history.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// Commits are told apart by their id; writing one again changes nothing.
    Commit {
        commit: Commit,
        seen_at: Timestamp,
    },
    /// The newest commit of a repository that is followed.
    Source {
        repository: String,
        branch: String,
        revision: CommitId,
        at: Timestamp,
    },
    /// Why a repository is not followed. Empty: it is.
    SourceError {
        repository: String,
        branch: String,
        error: String,
    },
    Push(Push),
    Verdict {
        push: String,
        verdict: Verdict,
        report: String,
    },
    Applications(Vec<ApplicationRecord>),
    Rollout(Box<Rollout>),
    /// The rollout's plan: replaces what is known of objects that are not applied yet.
    Objects {
        rollout: String,
        objects: Vec<ObjectResult>,
    },
    Began {
        rollout: String,
        at: Timestamp,
        deadline: Timestamp,
    },
    /// A phase that is not final, and what is waited for.
    Phase {
        rollout: String,
        phase: RolloutPhase,
        message: String,
    },
    /// The final phase.
    Over {
        rollout: String,
        phase: RolloutPhase,
        message: String,
        changed: Option<bool>,
        at: Timestamp,
    },
    /// What a failed rollout wrote is undone.
    Undone {
        rollout: String,
        at: Timestamp,
    },
    ApplyBegan {
        rollout: String,
        attempt: i32,
        wave: i32,
        at: Timestamp,
    },
    ApplyEnded {
        rollout: String,
        attempt: i32,
        error: String,
        at: Timestamp,
    },
    /// These objects are as the commit wants them, or deleted.
    Applied {
        rollout: String,
        keys: Vec<ObjectKey>,
        at: Timestamp,
    },
    Health {
        rollout: String,
        health: Vec<ObjectHealth>,
        at: Timestamp,
    },
    /// Containers of these objects that ended badly; what is known of them stays.
    Exits {
        rollout: String,
        exits: Vec<(ObjectKey, Vec<Exit>)>,
    },
    Hold(Hold),
    /// What is there at the verdict of a rollout that succeeded.
    Proof(NewProof),
    /// The same once more, after it had not been so.
    ProofAgain(NewProof),
    /// Releases every hold of the application.
    Release {
        application: String,
        at: Timestamp,
    },
    /// Adds what is not there; takes over what another application had.
    InventoryAdd {
        application: String,
        keys: Vec<ObjectKey>,
        at: Timestamp,
    },
    InventoryUids {
        uids: Vec<(ObjectKey, Uid)>,
    },
    /// Removes what is (still) this application's.
    InventoryRemove {
        application: String,
        keys: Vec<ObjectKey>,
    },
    /// It is seen, for the first time or again.
    Drift(Drift),
    /// What drifted of these objects did so until now.
    DriftEnded {
        application: String,
        keys: Vec<ObjectKey>,
        ending: Ending,
        at: Timestamp,
    },
    Request {
        application: String,
        request: Request,
        at: Timestamp,
    },
    RequestDone {
        application: String,
    },
    Suspend(Suspension),
    Resume {
        application: String,
    },
    Step(NewStep),
}

/// How one object of a rollout is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectHealth {
    pub key: ObjectKey,
    pub status: String,
    pub message: String,
    pub healthy: bool,
}

/// A step that has no number yet.
#[derive(Debug, Clone, PartialEq)]
pub struct NewStep {
    pub at: Timestamp,
    pub application: String,
    pub rollout: Option<String>,
    pub push: Option<String>,
    pub kind: StepKind,
    pub text: String,
    pub data: Value,
}

impl NewStep {
    pub fn new(at: Timestamp, kind: StepKind, text: impl Into<String>) -> Self {
        Self {
            at,
            application: String::new(),
            rollout: None,
            push: None,
            kind,
            text: text.into(),
            data: Value::Object(serde_json::Map::new()),
        }
    }

    #[must_use]
    pub fn application(mut self, name: &str) -> Self {
        name.clone_into(&mut self.application);
        self
    }

    #[must_use]
    pub fn rollout(mut self, rollout: &Rollout) -> Self {
        self.application.clone_from(&rollout.application);
        self.rollout = Some(rollout.id.clone());
        self.push.clone_from(&rollout.push);
        self
    }

    #[must_use]
    pub fn push(mut self, push: &str) -> Self {
        self.push = Some(push.to_owned());
        self
    }

    #[must_use]
    pub fn data(mut self, data: Value) -> Self {
        self.data = data;
        self
    }
}

/// Carries out one write. Steps are none of them: see [`super::batch`].
pub(super) async fn execute(connection: &mut PgConnection, write: &Write) -> Result<(), Error> {
    match write {
        Write::Commit { commit, seen_at } => pushes::commit(connection, commit, *seen_at).await?,
        Write::Source {
            repository,
            branch,
            revision,
            at,
        } => pushes::source(connection, repository, branch, revision, *at).await?,
        Write::SourceError {
            repository,
            branch,
            error,
        } => pushes::source_error(connection, repository, branch, error).await?,
        Write::Push(push) => pushes::insert(connection, push).await?,
        Write::Verdict {
            push,
            verdict,
            report,
        } => pushes::verdict(connection, push, *verdict, report).await?,
        Write::Applications(records) => inventory::applications(connection, records).await?,
        Write::InventoryAdd {
            application,
            keys,
            at,
        } => inventory::add(connection, application, keys, *at).await?,
        Write::InventoryUids { uids } => inventory::uids(connection, uids).await?,
        Write::InventoryRemove { application, keys } => {
            inventory::remove(connection, application, keys).await?;
        }
        Write::Drift(drift) => drifts::seen(connection, drift).await?,
        Write::DriftEnded {
            application,
            keys,
            ending,
            at,
        } => drifts::ended(connection, application, keys, *ending, *at).await?,
        Write::Request {
            application,
            request,
            at,
        } => by_hand::request(connection, application, request, *at).await?,
        Write::RequestDone { application } => {
            by_hand::request_done(connection, application).await?;
        }
        Write::Suspend(suspension) => by_hand::suspend(connection, suspension).await?,
        Write::Resume { application } => by_hand::resume(connection, application).await?,
        rollout => rollout_write(connection, rollout).await?,
    }
    Ok(())
}

/// The writes that concern a rollout; others do nothing here.
async fn rollout_write(connection: &mut PgConnection, write: &Write) -> Result<(), Error> {
    match write {
        Write::Rollout(rollout) => rollouts::insert(connection, rollout).await,
        Write::Objects { rollout, objects } => {
            rollouts::objects(connection, rollout, objects).await
        }
        Write::Began {
            rollout,
            at,
            deadline,
        } => rollouts::began(connection, rollout, *at, *deadline).await,
        Write::Phase {
            rollout,
            phase,
            message,
        } => rollouts::phase(connection, rollout, *phase, message).await,
        Write::Over {
            rollout,
            phase,
            message,
            changed,
            at,
        } => rollouts::over(connection, rollout, *phase, message, *changed, *at).await,
        Write::Undone { rollout, at } => rollouts::undone(connection, rollout, *at).await,
        Write::ApplyBegan {
            rollout,
            attempt,
            wave,
            at,
        } => rollouts::apply_began(connection, rollout, *attempt, *wave, *at).await,
        Write::ApplyEnded {
            rollout,
            attempt,
            error,
            at,
        } => rollouts::apply_ended(connection, rollout, *attempt, error, *at).await,
        Write::Applied { rollout, keys, at } => {
            rollouts::applied(connection, rollout, keys, *at).await
        }
        Write::Health {
            rollout,
            health,
            at,
        } => rollouts::health(connection, rollout, health, *at).await,
        Write::Exits { rollout, exits } => exits::insert(connection, rollout, exits).await,
        Write::Proof(proof) => proofs::insert(connection, proof).await,
        Write::ProofAgain(proof) => proofs::again(connection, proof).await,
        Write::Hold(hold) => rollouts::hold(connection, hold).await,
        Write::Release { application, at } => rollouts::release(connection, application, *at).await,
        _ => Ok(()),
    }
}
