//! A file of manifests, document by document, with the places of things in it.

use api::Object;
use api::codec::yaml::{self, Document};

use super::check;
use crate::{Manifest, Origin, Problem, Problems};

/// What the texts of manifests are when they are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Texts {
    /// As they will be applied.
    Final,
    /// With variables, which may be of another type once they are filled in.
    WithVariables,
}

/// A parsed file.
#[derive(Debug, Clone)]
pub struct Documents {
    pub file: String,
    pub text: String,
    /// Without the empty ones; what is in a `List` stands by itself.
    pub documents: Vec<Document>,
}

impl Documents {
    /// Reads YAML, or JSON, which is YAML too.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, Problems> {
        let text = std::str::from_utf8(bytes)
            .map_err(|_| Problem::new(file, "is not UTF-8 text"))?
            .to_owned();
        let documents = yaml::documents(&text).map_err(|error| {
            // What follows tells programmers how to let it pass.
            let message = error.message.split(", set ").next().unwrap_or_default();
            let problem = Problem::new(file, message);
            let Some(at) = error.position else {
                return problem;
            };
            let problem = problem.at(at.line, at.column);
            // A broken Secret is still a Secret.
            if text.contains("Secret") {
                problem
            } else {
                problem.picture(&text)
            }
        })?;
        Ok(Self {
            file: file.into(),
            documents: documents.into_iter().flat_map(Document::flatten).collect(),
            text,
        })
    }

    /// The objects in it: complete enough to be named, without fields nobody knows.
    pub fn manifests(&self) -> Result<Vec<Manifest>, Problems> {
        self.manifests_with(Texts::Final)
    }

    /// The same, of a file that may have variables.
    pub(super) fn manifests_with(&self, texts: Texts) -> Result<Vec<Manifest>, Problems> {
        let checked = self.documents.iter();
        let problems: Vec<Problem> = checked
            .flat_map(|it| check::document(self, it, texts))
            .collect();
        let manifests = self.documents.iter().map(|document| Manifest {
            object: Object::from(document.value.clone()),
            origin: Origin {
                file: self.file.clone(),
                line: document.start().line,
            },
        });
        Problems(problems).or(manifests.collect())
    }
}
