//! A write that is decided but not yet done.

use api::{Object, ObjectKey, Revision};

use crate::store::{Body, Operation, Write};

use super::allocate::Held;
use super::context::{Context, Outcome};
use super::kinds::Served;

/// The outcome of preparing one write against a view.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Prepared {
    pub(crate) key: ObjectKey,
    /// What the client gets back; the resource version follows from the commit.
    pub(crate) object: Object,
    pub(crate) effect: Effect,
    pub(crate) held: Held,
    pub(crate) warnings: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Create,
    Replace { expected: Revision },
    Delete { expected: Revision },
    Nothing,
}

impl Prepared {
    pub(crate) fn unchanged(key: ObjectKey, object: Object) -> Self {
        Self {
            key,
            object,
            effect: Effect::Nothing,
            held: Held::default(),
            warnings: Vec::new(),
        }
    }

    /// The write to hand to the store; `None` where nothing changes.
    pub(crate) fn write(&self, context: &Context, served: &Served) -> Option<Write> {
        let kind = served.like(&self.key.collection, &self.object);
        let body = match kind.filter(|kind| !kind.is_plain()) {
            Some(kind) => {
                let mut stored = self.object.clone();
                kind.to_stored(&mut stored);
                Body::encode(&stored)
            }
            None => Body::encode(&self.object),
        };
        let operation = match self.effect {
            Effect::Create => Operation::Create(body),
            Effect::Replace { expected } => Operation::Replace { body, expected },
            Effect::Delete { expected } => Operation::Delete {
                last: body,
                expected,
            },
            Effect::Nothing => return None,
        };
        Some(Write {
            key: self.key.clone(),
            uid: self.object.uid(),
            operation,
            actor: context.actor().into(),
            commit: context.commit.as_str().into(),
            allocations: self.held.all.clone(),
        })
    }

    pub(crate) fn outcome(&self) -> Outcome {
        match self.effect {
            Effect::Create => Outcome::Created,
            Effect::Replace { .. } => Outcome::Replaced,
            Effect::Delete { .. } => Outcome::Deleted,
            Effect::Nothing => Outcome::Unchanged,
        }
    }
}
