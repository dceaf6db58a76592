//! What left the commit: deleted, kept, or kept until somebody says that it may go.

use std::collections::{BTreeMap, BTreeSet};

use api::kinds::{DeletionPolicy, PruneBudget};
use api::{Object, ObjectKey};

use super::{Deletion, Input, Kept, PRUNE_ANNOTATION, Plan};
use crate::reference::{Reference, of_live};
use crate::rollout::Options;
use crate::sequence::{Item, sequence};
use crate::{Application, order};

const ARGO_OPTIONS: &str = "argocd.argoproj.io/sync-options";

/// What becomes of objects that left the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prune {
    /// They are deleted, as somebody asked for.
    Delete,
    /// They are deleted where they are few. What may hold data waits for somebody's word.
    Within(PruneBudget),
    /// They are deleted, but what may hold data stays.
    KeepData,
    Keep,
}

impl Prune {
    /// For a rollout of an Application.
    pub fn of(application: &Application, options: &Options) -> Self {
        match &application.policy {
            _ if options.prune => Self::Delete,
            policy if policy.prune => Self::Within(policy.prune_budget.clone()),
            _ => Self::Keep,
        }
    }

    /// For what a commit made that failed.
    pub fn undo(application: &Application) -> Self {
        if application.policy.prune {
            Self::KeepData
        } else {
            Self::Keep
        }
    }
}

impl From<DeletionPolicy> for Prune {
    fn from(policy: DeletionPolicy) -> Self {
        match policy {
            DeletionPolicy::Delete => Self::Delete,
            DeletionPolicy::KeepData => Self::KeepData,
            DeletionPolicy::Orphan => Self::Keep,
        }
    }
}

/// What becomes of one object, by itself.
enum Fate {
    Goes,
    Stays(String),
    Asks(String),
}

/// Inventory minus commit. Nothing is deleted that is not on record with this very uid.
pub(super) fn prune(input: &Input, wanted: &BTreeSet<ObjectKey>, plan: &mut Plan) {
    let mut leaving: Vec<(&Object, Deletion)> = Vec::new();
    for entry in input.inventory {
        if wanted.contains(&entry.key) {
            continue;
        }
        let live = input.live.get(&entry.key);
        let Some(live) = live.filter(|live| live.uid() == entry.uid) else {
            plan.forgotten.push(entry.clone());
            continue;
        };
        let kept = |reason, asks| Kept {
            key: entry.key.clone(),
            kind: live.kind().to_owned(),
            reason,
            asks,
        };
        match fate(input.prune, live) {
            Fate::Stays(reason) => plan.kept.push(kept(reason, false)),
            Fate::Asks(reason) => plan.kept.push(kept(reason, true)),
            Fate::Goes => leaving.push((
                live,
                Deletion {
                    key: entry.key.clone(),
                    kind: live.kind().to_owned(),
                    uid: entry.uid.clone(),
                    wave: order::live_wave(live),
                    object: Some(Box::new(live.clone())),
                },
            )),
        }
    }
    plan.deletes = backwards(input, leaving);
}

/// The reverse of the order of creation.
fn backwards(input: &Input, leaving: Vec<(&Object, Deletion)>) -> Vec<Deletion> {
    let mut waves: BTreeMap<_, Vec<(&Object, Deletion)>> = BTreeMap::new();
    for (live, deletion) in leaving {
        waves
            .entry(deletion.wave)
            .or_default()
            .push((live, deletion));
    }
    let mut deletes = Vec::new();
    for wave in waves.into_values().rev() {
        let named = wave.iter().map(|(live, _)| of_live(input.kinds, live));
        let references: Vec<Vec<Reference>> = named.collect();
        let items = wave.iter().zip(&references);
        let items: Vec<Item> = items
            .map(|((live, deletion), references)| Item {
                key: &deletion.key,
                kind: &deletion.kind,
                object: live,
                references,
            })
            .collect();
        // What was applied is in no circle; from a foreign hand it goes in any order.
        let order =
            sequence(&items).unwrap_or_else(|all| all.into_iter().map(|it| (it, 0)).collect());
        deletes.extend(order.iter().rev().map(|(at, _)| wave[*at].1.clone()));
    }
    deletes
}

fn fate(prune: &Prune, live: &Object) -> Fate {
    if *prune == Prune::Keep {
        return Fate::Stays("pruning is off for the application".into());
    }
    let word = word(live);
    let asked = *prune == Prune::Delete;
    let kind = live.kind();
    match (word, prune) {
        (Some((annotation, Word::Never)), _) => Fate::Stays(format!("it has {annotation}")),
        // What is on its way out is past asking.
        _ if asked || live.is_deleting() => Fate::Goes,
        (Some((annotation, Word::Ask)), Prune::Within(_)) => {
            Fate::Asks(format!("it has {annotation}"))
        }
        (Some((annotation, Word::Ask)), _) => Fate::Stays(format!("it has {annotation}")),
        (None, Prune::KeepData) if holds_data(kind) => {
            Fate::Stays(format!("a {kind} may hold data"))
        }
        (None, Prune::Within(_)) if holds_data(kind) || kind == "StatefulSet" => {
            Fate::Asks(format!("a {kind} may hold data"))
        }
        _ => Fate::Goes,
    }
}

/// What the object itself says about being pruned.
#[derive(Clone, Copy)]
enum Word {
    Go,
    Ask,
    Never,
}

fn word(live: &Object) -> Option<(String, Word)> {
    let own = live.annotation(PRUNE_ANNOTATION).unwrap_or_default();
    let word = match own {
        "enabled" | "true" => Some(Word::Go),
        "confirm" => Some(Word::Ask),
        "disabled" | "false" => Some(Word::Never),
        _ => None,
    };
    if let Some(word) = word {
        return Some((format!("{PRUNE_ANNOTATION}: {own}"), word));
    }
    let options = live.annotation(ARGO_OPTIONS).unwrap_or_default();
    let option = |name: &str| options.split(',').any(|option| option.trim() == name);
    let said = [
        ("Prune=false", Word::Never),
        ("Prune=confirm", Word::Ask),
        ("Prune=true", Word::Go),
    ];
    let (name, word) = said.into_iter().find(|(name, _)| option(name))?;
    Some((format!("{ARGO_OPTIONS}: {name}"), word))
}

/// Kinds whose objects cannot be made again as they were, or take others along.
fn holds_data(kind: &str) -> bool {
    matches!(
        kind,
        "Namespace" | "PersistentVolume" | "PersistentVolumeClaim" | "CustomResourceDefinition"
    )
}

impl Plan {
    /// Leaves alone what the other Applications of the commit ask for, and asks about the rest
    /// where that is more than may go without a word.
    pub fn hold(&mut self, claimed: &BTreeSet<ObjectKey>, prune: &Prune, owned: usize) {
        self.deletes.retain(|it| !claimed.contains(&it.key));
        self.kept.retain(|it| !claimed.contains(&it.key));
        let Prune::Within(budget) = prune else {
            return;
        };
        let (leaving, most) = (self.deletes.len(), budget.of(owned));
        let reason = if leaving > 0 && self.steps().next().is_none() {
            "the commit has no objects at all any more".to_owned()
        } else if leaving > most {
            format!("{leaving} objects left Git, and the budget is {most}")
        } else {
            return;
        };
        let asking = self.deletes.drain(..).map(|deletion| Kept {
            key: deletion.key,
            kind: deletion.kind,
            reason: reason.clone(),
            asks: true,
        });
        self.kept.extend(asking);
    }
}
