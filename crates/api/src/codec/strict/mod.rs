//! Checks a body against the type of its kind: fields nobody knows, values of the wrong type.
//!
//! Only the shape; whether values make sense is each kind's validation.

mod nearest;
mod prune;
#[cfg(test)]
mod tests;
mod value;

use std::fmt;

use serde_json::Value;

use crate::Object;
use crate::schema::{self, Type};

pub use nearest::{distance, nearest};
pub use prune::{prune, prune_metadata};

/// What a strict reader finds. Unknown fields are the client's choice (`fieldValidation`), values
/// of the wrong type are always an error.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    pub unknown: Vec<Unknown>,
    pub mistyped: Vec<Mistyped>,
}

/// A field that the type does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// `spec.template.spec.containers[0].imagee`
    pub field: String,
    /// The name that was probably meant.
    pub suggestion: Option<String>,
}

/// In Kubernetes' words, so that people find them: `unknown field "spec.replica"`.
impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown field \"{}\"", self.field)?;
        match &self.suggestion {
            Some(name) => write!(f, " (did you mean \"{name}\"?)"),
            None => Ok(()),
        }
    }
}

/// A value of the wrong type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistyped {
    pub field: String,
    /// The struct that has the field: `DeploymentSpec`.
    pub owner: &'static str,
    pub problem: TypeProblem,
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeProblem {
    /// `found` as JSON names it, `expected` as Go does: `string`, `int32`.
    Type {
        found: String,
        expected: &'static str,
    },
    /// The right JSON type, but not a text of this form.
    Form(&'static str),
}

impl fmt::Display for Mistyped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            TypeProblem::Type { found, expected } => write!(
                f,
                "json: cannot unmarshal {found} into Go struct field {}.{} of type {expected}",
                self.owner, self.field
            ),
            TypeProblem::Form(rule) => write!(f, "{}.{}: {rule}", self.owner, self.field),
        }
    }
}

impl Findings {
    pub fn is_empty(&self) -> bool {
        self.unknown.is_empty() && self.mistyped.is_empty()
    }
}

/// Checks an object of a kind in the table; an unknown kind has no findings.
pub fn check_object(object: &Object) -> Findings {
    schema::kind(&object.gvk())
        .map(|ty| check(ty, &object.body))
        .unwrap_or_default()
}

/// Checks the metadata of an object whose kind is in no table.
pub fn check_metadata(object: &Object) -> Findings {
    let ty = schema::named("apimachinery.pkg.apis.meta.v1.ObjectMeta");
    match (ty, object.body.get("metadata")) {
        (Some(ty), Some(metadata)) if !metadata.is_null() => {
            let mut checker = value::Checker::default();
            checker.metadata(ty, metadata);
            checker.findings
        }
        _ => Findings::default(),
    }
}

/// Checks a body against a type. `apiVersion` and `kind` are allowed at its root.
pub fn check(ty: &'static Type, body: &Value) -> Findings {
    let mut checker = value::Checker::default();
    checker.root(ty, body);
    checker.findings
}

/// `strict decoding error: unknown field "spec.replica", duplicate field "spec.replicas"`; `None`
/// when there is nothing to say.
pub fn strict_error(unknown: &[Unknown], duplicates: &[String]) -> Option<String> {
    let unknown = unknown.iter().map(ToString::to_string);
    let duplicates = duplicates
        .iter()
        .map(|field| format!("duplicate field \"{field}\""));
    let all: Vec<String> = unknown.chain(duplicates).collect();
    (!all.is_empty()).then(|| format!("strict decoding error: {}", all.join(", ")))
}
