//! The waves of a plan in their order, and those that wait for parts of themselves in stages.

use std::collections::BTreeMap;

use super::build::Named;
use super::{Step, Wave};
use crate::reference::Reference;
use crate::sequence::{Item, sequence};
use crate::{Problem, Problems, WaveNumber};

/// Puts every wave in order.
///
/// # Errors
/// Objects that are said to come after what is not there, comes later, or comes after them.
pub(super) fn in_order(waves: BTreeMap<WaveNumber, Vec<Named>>) -> Result<Vec<Wave>, Problems> {
    let mut problems = Vec::new();
    for (number, named) in &waves {
        problems.extend(named.iter().flat_map(|it| missing(it, *number, &waves)));
    }
    if !problems.is_empty() {
        return Err(Problems(problems));
    }
    let mut ordered = Vec::new();
    for (number, named) in waves {
        ordered.extend(wave(number, named)?);
    }
    Ok(ordered)
}

fn wave(number: WaveNumber, named: Vec<Named>) -> Result<Vec<Wave>, Problems> {
    let items: Vec<Item> = named
        .iter()
        .map(|it| Item {
            key: &it.step.key,
            kind: &it.step.kind,
            object: &it.step.object,
            references: &it.references,
        })
        .collect();
    let order = sequence(&items).map_err(|circle| circular(&named, &circle))?;
    let mut steps: Vec<Option<Step>> = named.into_iter().map(|it| Some(it.step)).collect();
    let mut waves: Vec<Wave> = Vec::new();
    for (at, stage) in order {
        let step = steps[at].take().expect("each item is in the order once");
        match waves.last_mut() {
            Some(wave) if wave.stage == stage => wave.steps.push(step),
            _ => waves.push(Wave {
                number,
                stage,
                steps: vec![step],
            }),
        }
    }
    Ok(waves)
}

/// What somebody says that this object comes after, and no wave up to its own has.
fn missing(
    named: &Named,
    number: WaveNumber,
    waves: &BTreeMap<WaveNumber, Vec<Named>>,
) -> Vec<Problem> {
    let of = |later: bool, reference: &Reference| {
        let mut all = waves.iter().filter(|(it, _)| (**it > number) == later);
        all.any(|(_, wave)| {
            let mut steps = wave.iter().map(|it| &it.step);
            steps.any(|step| reference.is(&step.kind, &step.key))
        })
    };
    let said = named.references.iter().filter(|it| it.said);
    said.filter(|it| !of(false, it))
        .map(|it| {
            let why = if of(true, it) {
                "which is in a later wave"
            } else {
                "which is not in the application"
            };
            problem(&named.step, format!("comes after {}, {why}", it.title()))
        })
        .collect()
}

fn circular(named: &[Named], circle: &[usize]) -> Problems {
    let of = |at: &usize| {
        let others = circle.iter().filter(|other| *other != at);
        let others: Vec<String> = others.map(|it| named[*it].step.title()).collect();
        let text = format!("comes after itself, by way of {}", others.join(", "));
        problem(&named[*at].step, text)
    };
    Problems(circle.iter().take(1).map(of).collect())
}

fn problem(step: &Step, text: String) -> Problem {
    Problem::new(&step.origin.file, text)
        .at(step.origin.line, 0)
        .object(step.title())
        .hint("kedge.dev/depends-on names objects of the same application, in the same wave or before")
}
