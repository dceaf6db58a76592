//! What makes a document a manifest: type, name, and no field nobody knows.

use api::Object;
use api::codec::strict::{self, Mistyped, TypeProblem};
use api::codec::yaml::Document;

use super::substitute::has_variable;
use super::{Documents, Texts};
use serde_json::Value;

use crate::manifest::title;
use crate::{Manifest, Problem, diff, order};

/// Everything wrong with one document of a file.
pub(super) fn document(file: &Documents, document: &Document, texts: Texts) -> Vec<Problem> {
    let object = Object::from(document.value.clone());
    if !document.value.is_object() {
        let text = "a manifest is a mapping with apiVersion, kind and metadata";
        let start = document.start();
        let problem = Problem::new(&file.file, text).at(start.line, start.column);
        return vec![problem.picture(&file.text)];
    }
    let missing = missing(&object);
    let problems = if missing.is_empty() {
        let mut problems = fields(&object, texts);
        problems.extend(wave(&object));
        problems
    } else {
        missing
    };
    let place = |problem: Problem| {
        let at = document.nearest(&problem.field);
        let problem = Problem {
            file: file.file.clone(),
            ..problem.at(at.line, at.column)
        };
        if diff::is_secret(&object) {
            problem
        } else {
            problem.picture(&file.text)
        }
    };
    problems.into_iter().map(place).collect()
}

/// What transformers made of a manifest: it has no places any more, but where it came from.
pub(super) fn transformed(manifest: &Manifest, texts: Texts) -> Vec<Problem> {
    let origin = &manifest.origin;
    let place = |problem: Problem| {
        let hint = if problem.hint.is_empty() {
            "a patch, a transformer or a variable put it there".to_owned()
        } else {
            problem.hint.clone()
        };
        Problem {
            file: origin.file.clone(),
            hint,
            ..problem.at(origin.line, 0)
        }
    };
    fields(&manifest.object, texts)
        .into_iter()
        .map(place)
        .collect()
}

fn missing(object: &Object) -> Vec<Problem> {
    let problem = |field: &str, text: &str| vec![Problem::new("", text).field(field)];
    if object.text("/apiVersion").is_empty() {
        return problem("apiVersion", "apiVersion is missing");
    }
    if object.kind().is_empty() {
        return problem("kind", "kind is missing");
    }
    if !object.name().is_empty() {
        return Vec::new();
    }
    let problems = if object.generate_name().is_empty() {
        problem("metadata.name", "metadata.name is missing")
    } else {
        let text =
            "metadata.generateName cannot be used: what Git describes needs a name of its own";
        problem("metadata.generateName", text)
    };
    let named = |problem: Problem| problem.object(object.kind());
    problems.into_iter().map(named).collect()
}

/// Fields the kind does not have, and values that are not of the field's type.
fn fields(object: &Object, texts: Texts) -> Vec<Problem> {
    let findings = strict::check_object(object);
    let unknown = findings.unknown.into_iter().map(|unknown| {
        let hint = unknown
            .suggestion
            .map_or_else(String::new, |name| format!("did you mean \"{name}\"?"));
        Problem::new("", format!("unknown field \"{}\"", unknown.field))
            .field(unknown.field)
            .hint(hint)
    });
    let open = |mistyped: &Mistyped| {
        texts == Texts::WithVariables
            && at(&object.body, &mistyped.field)
                .and_then(Value::as_str)
                .is_some_and(has_variable)
    };
    let mistyped = findings.mistyped.into_iter().filter(|it| !open(it));
    let mistyped = mistyped.map(|mistyped| {
        let text = describe(&mistyped);
        Problem::new("", text).field(mistyped.field)
    });
    let all = unknown.chain(mistyped);
    all.map(|problem| problem.object(title(object))).collect()
}

/// The value of a field such as `spec.ports[0].port`.
fn at<'a>(body: &'a Value, field: &str) -> Option<&'a Value> {
    field.split('.').try_fold(body, |at, step| {
        let mut parts = step.split('[');
        let at = match parts.next() {
            Some("") | None => at,
            Some(key) => at.get(key)?,
        };
        parts.try_fold(at, |at, index| {
            at.get(index.strip_suffix(']')?.parse::<usize>().ok()?)
        })
    })
}

pub(super) fn describe(mistyped: &Mistyped) -> String {
    let field = &mistyped.field;
    match &mistyped.problem {
        TypeProblem::Type { found, expected } => {
            format!("{field} is a {found}, and it must be a {}", plain(expected))
        }
        TypeProblem::Form(rule) => format!("{field}: {rule}"),
    }
}

/// A Go type in words.
fn plain(expected: &str) -> &str {
    match expected {
        "int32" | "int64" | "int" => "whole number",
        "float64" => "number",
        "bool" => "boolean (true or false)",
        other => other,
    }
}

fn wave(object: &Object) -> Option<Problem> {
    let manifest = Manifest {
        object: object.clone(),
        origin: crate::Origin::default(),
    };
    order::wave(&manifest).err()
}
