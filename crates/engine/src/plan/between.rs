//! Comparisons of which nothing is done: between what two commits ask for, and the other way round.

use std::collections::BTreeMap;

use api::{Object, ObjectKey, Uid};

use super::{Change, Deletion, Plan, Step, Wave};
use crate::diff::{self, FieldChange};
use crate::hook::{self, Role};
use crate::{Kinds, Manifest, Origin, Problem, Problems, WaveNumber};

/// The objects that a plan is between, as far as they are at hand: as they are and as they would be
/// stored, or as two commits ask for them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sides {
    pub old: BTreeMap<ObjectKey, Object>,
    pub new: BTreeMap<ObjectKey, Object>,
}

/// What `new` asks for that `old` does not. No server was asked: what it would fill in is in neither.
///
/// # Errors
/// Kinds that the server does not know, with file and line.
pub fn between(
    kinds: &Kinds,
    old: &[Manifest],
    new: &[Manifest],
) -> Result<(Plan, Sides), Problems> {
    let (old, new) = (by_key(kinds, old)?, by_key(kinds, new)?);
    let deletes = old
        .iter()
        .filter(|(key, _)| new.iter().all(|it| it.0 != *key));
    let deletes = deletes.map(|(key, manifest)| Deletion {
        key: key.clone(),
        kind: manifest.object.kind().to_owned(),
        uid: Uid::default(),
        wave: WaveNumber::default(),
        object: Some(Box::new(manifest.object.clone())),
    });
    let steps = new.iter().map(|(key, manifest)| {
        let before = old.iter().find(|it| it.0 == *key);
        let change = match before {
            None => Change::Create,
            Some((_, before)) => change(diff::changes(&before.object, &manifest.object)),
        };
        let object = manifest.object.clone();
        step(key, object, manifest.origin.clone(), change)
    });
    let plan = plan(deletes.collect(), steps.collect());
    let side = |all: &[(ObjectKey, &Manifest)]| {
        let objects = all.iter();
        objects
            .map(|(key, manifest)| (key.clone(), manifest.object.clone()))
            .collect()
    };
    let sides = Sides {
        old: side(&old),
        new: side(&new),
    };
    Ok((plan, sides))
}

/// The same comparison the other way round: what would have to be done to get back.
pub fn reversed(plan: &Plan, sides: &Sides) -> (Plan, Sides) {
    let sides = Sides {
        old: sides.new.clone(),
        new: sides.old.clone(),
    };
    let mut deletes = Vec::new();
    let mut steps = Vec::new();
    for there in plan.steps() {
        let before = sides.old.get(&there.key).unwrap_or(&there.object);
        let change = match (&there.change, sides.new.get(&there.key)) {
            (Change::Unchanged, _) => Change::Unchanged,
            (Change::Update(changes), _) => Change::Update(changes.iter().map(back).collect()),
            (Change::Create, _) | (_, None) => {
                deletes.push(Deletion {
                    key: there.key.clone(),
                    kind: there.kind.clone(),
                    uid: Uid::default(),
                    wave: WaveNumber::default(),
                    object: Some(Box::new(there.object.clone())),
                });
                continue;
            }
            (_, Some(after)) => change(diff::changes(before, after)),
        };
        let object = sides.new.get(&there.key).unwrap_or(&there.object).clone();
        steps.push(step(&there.key, object, there.origin.clone(), change));
    }
    let gone = plan.deletes.iter().map(|it| &it.key);
    let gone = gone.chain(plan.kept.iter().map(|it| &it.key));
    let come = gone.filter_map(|key| {
        let object = sides.new.get(key)?.clone();
        Some(step(key, object, Origin::default(), Change::Create))
    });
    steps.extend(come);
    (self::plan(deletes, steps), sides)
}

fn by_key<'a>(
    kinds: &Kinds,
    manifests: &'a [Manifest],
) -> Result<Vec<(ObjectKey, &'a Manifest)>, Problems> {
    let mut found = Vec::new();
    let mut problems: Vec<Problem> = Vec::new();
    for manifest in manifests {
        match (hook::role(manifest), kinds.key(&manifest.object)) {
            (Ok(Role::Skipped), _) => {}
            (Ok(_), Some(key)) => found.push((key, manifest)),
            (Ok(_), None) => problems.push(crate::validate::unknown_kind(kinds, manifest)),
            (Err(problem), _) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(found)
    } else {
        Err(Problems(problems))
    }
}

fn plan(deletes: Vec<Deletion>, steps: Vec<Step>) -> Plan {
    Plan {
        deletes,
        waves: vec![Wave {
            number: WaveNumber::default(),
            stage: 0,
            steps,
        }],
        ..Plan::default()
    }
}

fn step(key: &ObjectKey, object: Object, origin: Origin, change: Change) -> Step {
    Step {
        key: key.clone(),
        kind: object.kind().to_owned(),
        origin,
        object,
        change,
    }
}

fn change(changes: Vec<FieldChange>) -> Change {
    if changes.is_empty() {
        Change::Unchanged
    } else {
        Change::Update(changes)
    }
}

fn back(change: &FieldChange) -> FieldChange {
    FieldChange {
        path: change.path.clone(),
        old: change.new.clone(),
        new: change.old.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::plan::lines;

    fn manifest(kind: &str, name: &str, data: &Value) -> Manifest {
        let metadata = json!({"name": name, "namespace": "shop"});
        let body = json!({"apiVersion": "v1", "kind": kind, "metadata": metadata, "data": data});
        Manifest {
            object: body.into(),
            origin: Origin {
                file: format!("{name}.yaml"),
                line: 1,
            },
        }
    }

    #[test]
    fn two_commits_differ_object_by_object() {
        let config = |name: &str, value: &str| manifest("ConfigMap", name, &json!({"a": value}));
        let old = [
            config("gone", "1"),
            config("same", "1"),
            config("other", "1"),
        ];
        let new = [
            config("other", "2"),
            config("new", "1"),
            config("same", "1"),
        ];
        let kinds = Kinds::default();
        let (plan, sides) = between(&kinds, &old, &new).unwrap();
        assert_eq!(
            lines(&plan),
            [
                "- delete  ConfigMap shop/gone",
                "~ change  ConfigMap shop/other",
                "    @@ data @@",
                "    -a: \"1\"",
                "    +a: \"2\"",
                "+ create  ConfigMap shop/new",
            ]
        );
        let (back, turned) = reversed(&plan, &sides);
        assert_eq!((&turned.old, &turned.new), (&sides.new, &sides.old));
        assert_eq!(
            lines(&back),
            [
                "- delete  ConfigMap shop/new",
                "~ change  ConfigMap shop/other",
                "    @@ data @@",
                "    -a: \"2\"",
                "    +a: \"1\"",
                "+ create  ConfigMap shop/gone",
            ]
        );
        assert!(between(&kinds, &new, &new).unwrap().0.is_empty());
    }

    #[test]
    fn what_cannot_be_compared_is_told_with_its_place() {
        let unknown = manifest("Widget", "w", &json!({}));
        let found = between(&Kinds::default(), &[], &[unknown]).unwrap_err();
        assert!(found.to_string().contains("w.yaml:1"), "{found}");
    }
}
