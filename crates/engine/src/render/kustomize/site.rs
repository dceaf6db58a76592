//! Where in a kustomization, or in a file it names, something is asked for: every finding points
//! at it.

use std::rc::Rc;

use serde_json::Value;

use api::codec::yaml::Document;

use crate::tree::path;
use crate::{Origin, Problem};

/// A document that asks for something.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) file: String,
    text: String,
    document: Option<Document>,
}

/// A field of a document, and the directory its paths are relative to.
#[derive(Debug, Clone)]
pub(super) struct Site {
    source: Rc<Source>,
    /// `patches[1].target`; empty for the document itself.
    path: String,
    directory: String,
}

impl Site {
    pub(super) fn new(file: &str, text: &str, document: Option<Document>) -> Self {
        Self {
            source: Rc::new(Source {
                file: file.to_owned(),
                text: text.to_owned(),
                document,
            }),
            path: String::new(),
            directory: path::parent(file).to_owned(),
        }
    }

    /// The same document, with paths relative to somewhere else.
    #[must_use]
    pub(super) fn relative_to(mut self, directory: &str) -> Self {
        directory.clone_into(&mut self.directory);
        self
    }

    #[must_use]
    pub(super) fn field(&self, name: &str) -> Self {
        let path = match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        };
        Self {
            path,
            ..self.clone()
        }
    }

    #[must_use]
    pub(super) fn item(&self, index: usize) -> Self {
        Self {
            path: format!("{}[{index}]", self.path),
            ..self.clone()
        }
    }

    pub(super) fn file(&self) -> &str {
        &self.source.file
    }

    pub(super) fn directory(&self) -> &str {
        &self.directory
    }

    /// The document as it is written.
    pub(super) fn value(&self) -> Value {
        let document = self.source.document.as_ref();
        document.map_or(Value::Null, |document| document.value.clone())
    }

    pub(super) fn origin(&self) -> Origin {
        Origin {
            file: self.source.file.clone(),
            line: self.position().0.max(1),
        }
    }

    fn position(&self) -> (u32, u32) {
        self.source.document.as_ref().map_or((1, 1), |document| {
            let at = document.nearest(&self.path);
            (at.line, at.column)
        })
    }

    /// Whether its lines may hold what nobody must see.
    fn is_secret(&self) -> bool {
        let kind = |document: &Document| document.value["kind"] == "SecretGenerator";
        self.path.starts_with("secretGenerator") || self.source.document.as_ref().is_some_and(kind)
    }

    /// A finding about what is here, with a picture unless it could show a secret.
    pub(super) fn problem(&self, message: impl Into<String>) -> Problem {
        let (line, column) = self.position();
        let problem = Problem::new(&self.source.file, message)
            .field(&self.path)
            .at(line, column);
        if self.is_secret() {
            problem
        } else {
            problem.picture(&self.source.text)
        }
    }
}
