//! `spec.source.postBuild`: variables in what has been rendered, written as Flux writes them.
//!
//! `${NAME}`, `${NAME:-default}` and `${NAME:=default}`; `$${NAME}` stays `${NAME}`. A value that
//! is nothing but text keeps being text where its field wants text, and becomes what the field
//! wants otherwise. What a value holds is never looked at again.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use api::Object;
use api::codec::strict::{self, TypeProblem};
use api::codec::yaml;

use crate::diff::is_secret;
use crate::manifest::title;
use crate::tree::Reader;
use crate::{Manifest, Problem, Problems};

/// On an object, as annotation or label, with the value `disabled`: its text is left alone.
const SWITCHES: [&str; 2] = [
    "kedge.dev/substitute",
    "kustomize.toolkit.fluxcd.io/substitute",
];
/// Bytes that all values may add to the objects of one render.
const ADDED: usize = 16 << 20;

/// The variables of an Application.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Substitutions {
    pub values: BTreeMap<String, String>,
    /// A variable that is neither here nor has a default is an error; otherwise it is empty.
    pub strict: bool,
}

/// What is wrong in a text, and the part of it that is.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    part: String,
    message: String,
    hint: String,
}

impl Substitutions {
    /// Puts the values into all objects.
    ///
    /// # Errors
    /// Every variable that is not defined, and what looks like one and is not.
    pub(super) fn apply(
        &self,
        reader: &Reader,
        manifests: &mut [Manifest],
    ) -> Result<(), Problems> {
        let mut problems = Vec::new();
        let mut room = ADDED;
        for manifest in manifests {
            if is_left_alone(&manifest.object) {
                continue;
            }
            let mut faults = Vec::new();
            let mut changed = Vec::new();
            let mut walk = Walk {
                substitutions: self,
                room: &mut room,
                faults: &mut faults,
                changed: &mut changed,
            };
            walk.value(&mut manifest.object.body, &mut Vec::new());
            faults.extend(convert(&mut manifest.object, &changed));
            for fault in faults {
                problems.push(placed(reader, manifest, fault)?);
            }
        }
        Problems(problems).or(())
    }
}

fn is_left_alone(object: &Object) -> bool {
    SWITCHES.iter().any(|switch| {
        let label = object.body["metadata"]["labels"].get(switch);
        object.annotation(switch) == Some("disabled")
            || label.is_some_and(|value| value == "disabled")
    })
}

/// Whether a text may change: such a one need not be of its field's type yet.
pub(super) fn has_variable(text: &str) -> bool {
    text.contains("${")
}

/// The place of a fault: where the object's file says so, or else where the object begins.
fn placed(reader: &Reader, manifest: &Manifest, fault: Fault) -> Result<Problem, Problems> {
    let origin = &manifest.origin;
    let problem = Problem::new(&origin.file, fault.message)
        .at(origin.line, 0)
        .object(title(&manifest.object))
        .hint(fault.hint);
    let Some(bytes) = reader.file(&origin.file)? else {
        return Ok(problem);
    };
    let text = String::from_utf8_lossy(&bytes);
    let skipped = usize::try_from(origin.line).unwrap_or(1).saturating_sub(1);
    let lines = (1_u32..).zip(text.lines()).skip(skipped);
    let found = lines
        .take_while(|(number, line)| *number == origin.line || *line != "---")
        .find_map(|(number, line)| Some((number, line.find(&fault.part)?, line)));
    let Some((number, at, line)) = found else {
        return Ok(problem);
    };
    let column = u32::try_from(line[..at].chars().count() + 1).unwrap_or(1);
    let problem = problem.at(number, column);
    Ok(if is_secret(&manifest.object) {
        problem
    } else {
        problem.picture(&text)
    })
}

/// One step to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(String),
    Item(usize),
}

struct Walk<'a> {
    substitutions: &'a Substitutions,
    room: &'a mut usize,
    faults: &'a mut Vec<Fault>,
    /// The texts that are different now, and what they were.
    changed: &'a mut Vec<(Vec<Step>, String)>,
}

impl Walk<'_> {
    fn value(&mut self, value: &mut Value, path: &mut Vec<Step>) {
        match value {
            Value::String(text) => {
                if let Some(new) = self.text(text) {
                    let old = std::mem::replace(text, new);
                    self.changed.push((path.clone(), old));
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    path.push(Step::Item(index));
                    self.value(item, path);
                    path.pop();
                }
            }
            Value::Object(map) => {
                if map.keys().any(|key| has_variable(key)) {
                    self.keys(map);
                }
                for (key, value) in map.iter_mut() {
                    path.push(Step::Field(key.clone()));
                    self.value(value, path);
                    path.pop();
                }
            }
            _ => {}
        }
    }

    fn keys(&mut self, map: &mut Map<String, Value>) {
        let fields = std::mem::take(map).into_iter();
        let renamed: Vec<(String, Value)> = fields
            .map(|(key, value)| (self.text(&key).unwrap_or(key), value))
            .collect();
        map.extend(renamed);
    }

    /// The text with its variables filled in; `None` where it has none.
    fn text(&mut self, text: &str) -> Option<String> {
        if !has_variable(text) {
            return None;
        }
        match expand(text, self.substitutions) {
            Ok(new) => {
                let added = new.len().saturating_sub(text.len());
                if added > *self.room {
                    *self.room = 0;
                    self.faults.push(Fault {
                        part: text.chars().take(20).collect(),
                        message: format!("variables add more than {} MiB", ADDED >> 20),
                        hint: String::new(),
                    });
                    return None;
                }
                *self.room -= added;
                Some(new)
            }
            Err(fault) => {
                self.faults.push(fault);
                None
            }
        }
    }
}

/// Fills in all variables of a text.
fn expand(text: &str, substitutions: &Substitutions) -> Result<String, Fault> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, from) = rest.split_at(at);
        if let Some(before) = before.strip_suffix('$') {
            expanded.push_str(before);
            expanded.push_str("${");
            rest = &from[2..];
            continue;
        }
        expanded.push_str(before);
        let end = from.find('}').ok_or_else(|| Fault {
            part: "${".into(),
            message: "a variable has no closing brace".into(),
            hint: "write $${ where no variable is meant".into(),
        })?;
        expanded.push_str(value(&from[..=end], &from[2..end], substitutions)?);
        rest = &from[end + 1..];
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// The value of what is between the braces. An empty value is as none, as in Flux.
fn value<'a>(
    part: &str,
    inner: &'a str,
    substitutions: &'a Substitutions,
) -> Result<&'a str, Fault> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = inner.find(|c: char| !is_part(c)).unwrap_or(inner.len());
    let (name, modifier) = inner.split_at(end);
    let default = [":-", ":=", "-", "="]
        .iter()
        .find_map(|mark| modifier.strip_prefix(mark));
    let is_name = !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit());
    let is_plain = modifier.is_empty() || default.is_some_and(|it| !has_variable(it));
    if !is_name || !is_plain {
        return Err(Fault {
            part: part.to_owned(),
            message: format!("{part} is no variable"),
            hint: "write ${NAME} or ${NAME:=default}, and $${ where no variable is meant".into(),
        });
    }
    let known = substitutions.values.get(name).map(String::as_str);
    match (known.filter(|value| !value.is_empty()), default, known) {
        (Some(value), ..) | (None, Some(value), _) | (None, None, Some(value)) => Ok(value),
        (None, None, None) if !substitutions.strict => Ok(""),
        (None, None, None) => {
            let names = substitutions.values.keys().map(String::as_str);
            let near = strict::nearest(name, names);
            Err(Fault {
                part: part.to_owned(),
                message: format!("the variable {name:?} is not defined"),
                hint: near.map_or_else(
                    || "define it in spec.source.postBuild.substitute".to_owned(),
                    |near| format!("did you mean {near:?}?"),
                ),
            })
        }
    }
}

/// Gives the texts that changed the type their fields want. Of kinds nobody knows, they become
/// what they would be in YAML.
fn convert(object: &mut Object, changed: &[(Vec<Step>, String)]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let known = api::schema::kind(&object.gvk()).is_some();
    let wanted: Vec<(String, String)> = strict::check_object(object)
        .mistyped
        .into_iter()
        .filter(|mistyped| matches!(mistyped.problem, TypeProblem::Type { .. }))
        .map(|mistyped| (mistyped.field.clone(), super::check::describe(&mistyped)))
        .collect();
    for (path, old) in changed {
        let metadata = path.first() == Some(&Step::Field("metadata".into()));
        let field = written(path);
        let wrong = wanted.iter().find(|(wanted, _)| *wanted == field);
        let converts = if known { wrong.is_some() } else { !metadata };
        if !converts {
            continue;
        }
        let place = path
            .iter()
            .try_fold(&mut object.body, |at, step| match step {
                Step::Field(key) => at.get_mut(key),
                Step::Item(index) => at.get_mut(index),
            });
        let Some(place) = place else {
            continue;
        };
        let parsed = place.as_str().map(yaml::single);
        if let Some(Ok(value @ (Value::Number(_) | Value::Bool(_)))) = parsed {
            *place = value;
        } else if let Some((_, message)) = wrong {
            faults.push(Fault {
                part: old.clone(),
                message: message.clone(),
                hint: "that is what its variables make of it".to_owned(),
            });
        }
    }
    faults
}

/// `spec.ports[0].port`
fn written(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Field(key) if text.is_empty() => text.push_str(key),
            Step::Field(key) => {
                text.push('.');
                text.push_str(key);
            }
            Step::Item(index) => text = format!("{text}[{index}]"),
        }
    }
    text
}
