//! A file of manifests, document by document, with the places of things in it.

use serde::Deserialize;
use serde_json::Value;

use api::Object;

use super::check;
use crate::{Manifest, Origin, Problem, Problems};

/// One document of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    pub value: Value,
    /// Where it begins, from 1.
    pub line: u32,
}

/// A parsed file.
#[derive(Debug, Clone, PartialEq)]
pub struct Documents {
    pub file: String,
    pub text: String,
    /// Without the empty ones.
    pub documents: Vec<Document>,
}

impl Documents {
    /// Reads YAML, or JSON, which is YAML too.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, Problems> {
        let text = std::str::from_utf8(bytes)
            .map_err(|_| Problem::new(file, "is not UTF-8 text"))?
            .to_owned();
        let mut documents = Vec::new();
        for (document, line) in serde_yaml::Deserializer::from_str(&text).zip(starts(&text)) {
            let value = Value::deserialize(document).map_err(|error| {
                let problem = Problem::new(file, format!("is not valid YAML: {error}"));
                match error.location() {
                    Some(at) => problem
                        .at(
                            u32::try_from(at.line()).unwrap_or(0),
                            u32::try_from(at.column()).unwrap_or(0),
                        )
                        .picture(&text),
                    None => problem,
                }
            })?;
            if !value.is_null() {
                documents.push(Document { value, line });
            }
        }
        Ok(Self {
            file: file.into(),
            text,
            documents,
        })
    }

    /// The objects in it: complete enough to be named, without fields nobody knows.
    pub fn manifests(&self) -> Result<Vec<Manifest>, Problems> {
        let mut manifests = Vec::new();
        let mut problems = Vec::new();
        for document in &self.documents {
            let found = check::document(self, document);
            problems.extend(found);
            flatten(self, document, &mut manifests);
        }
        Problems(problems).or(manifests)
    }
}

/// The items of a `List` are objects of their own.
fn flatten(file: &Documents, document: &Document, manifests: &mut Vec<Manifest>) {
    let object = Object::from(document.value.clone());
    let origin = Origin {
        file: file.file.clone(),
        line: document.line,
    };
    if check::is_list(&object) {
        let items = document.value["items"].as_array().into_iter().flatten();
        manifests.extend(items.map(|item| Manifest {
            object: item.clone().into(),
            origin: origin.clone(),
        }));
    } else {
        manifests.push(Manifest { object, origin });
    }
}

/// The lines on which documents begin.
fn starts(text: &str) -> impl Iterator<Item = u32> {
    let mut starts = Vec::new();
    let mut open = false;
    for (number, line) in (1..).zip(text.lines()) {
        if line == "---" || line.starts_with("--- ") {
            open = false;
        } else if !open && !line.trim().is_empty() && !line.trim_start().starts_with('#') {
            starts.push(number);
            open = true;
        }
    }
    starts.into_iter().chain(std::iter::repeat(1))
}
