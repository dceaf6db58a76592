//! Which writes of a batch are accepted, as which revision, and what that means for the rows.
//! Pure.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use tokio::sync::oneshot;

use api::{ObjectKey, Revision};

use crate::store::decide::{self, View};
use crate::store::{Change, ChangeKind, Error, Operation, Write};

/// A write, encoded by its caller.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) write: Write,
    /// For the log.
    pub(super) sealed: Vec<u8>,
    /// Whether the body may be kept as jsonb.
    pub(super) is_jsonb: bool,
}

/// What one caller asked for.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) writes: Vec<Prepared>,
    pub(super) answer: Answer,
}

/// What [`crate::store::Store::write`] answers.
pub(super) type EachAnswer = Vec<Result<Arc<Change>, Error>>;
/// What [`crate::store::Store::transaction`] answers.
pub(super) type AllAnswer = Result<Vec<Arc<Change>>, (usize, Error)>;

/// Where the answer goes; says also what is asked: each alone, or all or none.
#[derive(Debug)]
pub(super) enum Answer {
    Each(oneshot::Sender<EachAnswer>),
    All(oneshot::Sender<AllAnswer>),
}

/// A write that will be committed.
#[derive(Debug)]
pub(super) struct Accepted<'a> {
    pub(super) prepared: &'a Prepared,
    pub(super) kind: ChangeKind,
}

/// What a unit is told, as positions among the accepted writes.
#[derive(Debug)]
pub(super) enum Verdict {
    Each(Vec<Result<usize, Error>>),
    All(Result<Range<usize>, (usize, Error)>),
}

/// A batch, decided.
#[derive(Debug, Default)]
pub(super) struct Plan<'a> {
    /// The revision before the first accepted write.
    pub(super) after: Revision,
    /// In the order of their revisions.
    pub(super) accepted: Vec<Accepted<'a>>,
    /// In the order of the units.
    pub(super) verdicts: Vec<Verdict>,
}

/// Decides a batch against what the database holds.
pub(super) fn plan<'a>(view: &View, units: &'a [Unit], after: Revision) -> Plan<'a> {
    let mut view = view.clone();
    let mut plan = Plan {
        after,
        ..Plan::default()
    };
    for unit in units {
        let verdict = match unit.answer {
            Answer::Each(_) => Verdict::Each(each(&mut plan, &mut view, &unit.writes)),
            Answer::All(_) => Verdict::All(all(&mut plan, &mut view, &unit.writes)),
        };
        plan.verdicts.push(verdict);
    }
    plan
}

fn each<'a>(
    plan: &mut Plan<'a>,
    view: &mut View,
    writes: &'a [Prepared],
) -> Vec<Result<usize, Error>> {
    let one = |prepared: &'a Prepared| {
        let kind = decide::admit(view, &prepared.write, plan.next())?;
        plan.accepted.push(Accepted { prepared, kind });
        Ok(plan.accepted.len() - 1)
    };
    writes.iter().map(one).collect()
}

fn all<'a>(
    plan: &mut Plan<'a>,
    view: &mut View,
    writes: &'a [Prepared],
) -> Result<Range<usize>, (usize, Error)> {
    let start = plan.accepted.len();
    let kinds = decide::admit_all(
        view,
        writes.iter().map(|prepared| &prepared.write),
        plan.next(),
    )?;
    let accepted = writes.iter().zip(kinds);
    plan.accepted
        .extend(accepted.map(|(prepared, kind)| Accepted { prepared, kind }));
    Ok(start..plan.accepted.len())
}

/// What becomes of one row: the last of the batch's accepted writes to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) prepared: &'a Prepared,
    pub(super) revision: Revision,
    /// What the row is at now, and must still be at.
    pub(super) expected: Option<Revision>,
}

/// The rows to insert, to update and to delete.
#[derive(Debug, Default)]
pub(super) struct Rows<'a> {
    pub(super) insert: Vec<Row<'a>>,
    pub(super) update: Vec<Row<'a>>,
    pub(super) delete: Vec<Row<'a>>,
}

impl<'a> Plan<'a> {
    fn next(&self) -> Revision {
        self.revision(self.accepted.len())
    }

    /// Of the accepted write at this position.
    pub(super) fn revision(&self, position: usize) -> Revision {
        let offset = i64::try_from(position).expect("a batch is small");
        Revision(self.after.0 + 1 + offset)
    }

    /// Of the last accepted write.
    pub(super) fn last(&self) -> Revision {
        Revision(self.next().0 - 1)
    }

    pub(super) fn rows(&self, view: &View) -> Rows<'a> {
        let mut last: BTreeMap<&ObjectKey, (ChangeKind, Row<'a>)> = BTreeMap::new();
        for (position, accepted) in self.accepted.iter().enumerate() {
            let key = &accepted.prepared.write.key;
            let row = Row {
                prepared: accepted.prepared,
                revision: self.revision(position),
                expected: view.revision(key),
            };
            last.insert(key, (accepted.kind, row));
        }
        let mut rows = Rows::default();
        for (kind, row) in last.into_values() {
            match (kind, row.expected) {
                (ChangeKind::Deleted, Some(_)) => rows.delete.push(row),
                // Made and gone within the batch.
                (ChangeKind::Deleted, None) => {}
                (_, Some(_)) => rows.update.push(row),
                (_, None) => rows.insert.push(row),
            }
        }
        rows
    }
}

/// The body that a write brings.
pub(super) fn body(write: &Write) -> &crate::store::Body {
    match &write.operation {
        Operation::Create(body)
        | Operation::Replace { body, .. }
        | Operation::Delete { last: body, .. } => body,
    }
}
