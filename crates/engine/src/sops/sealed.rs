//! The encrypted files that a render read, and what became of their values.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use api::Object;

use super::file::{File, Leaf};
use super::token::{decoded, is_in, token, tokens};
use super::{Error, text};
use crate::diff::is_secret;
use crate::manifest::title;
use crate::{Manifest, Problem};

/// Where a Secret may hold what is encrypted.
pub(super) const DATA: [&str; 2] = ["data", "stringData"];

/// The encrypted files that a render read. What is in them stays encrypted.
#[derive(Debug, Clone, Default)]
pub struct Sealed {
    pub(super) files: BTreeMap<String, Arc<File>>,
    /// Which file and field a token stands for.
    places: BTreeMap<String, Place>,
}

#[derive(Debug, Clone)]
struct Place {
    file: String,
    /// Empty for the file as a whole.
    field: String,
}

impl Sealed {
    /// Whether nothing that was read is encrypted.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The encrypted files, and who can open each.
    pub fn files(&self) -> impl Iterator<Item = (&str, Vec<String>)> {
        let files = self.files.iter();
        files.map(|(path, file)| (path.as_str(), file.metadata.recipients()))
    }

    /// Takes in the files of another repository, whose name stands before them.
    pub(crate) fn absorb(&mut self, other: Self, name: &str) {
        let files = other.files.into_iter();
        self.files
            .extend(files.map(|(path, file)| (format!("{name}{path}"), file)));
        let places = other.places.into_iter().map(|(token, place)| {
            let file = format!("{name}{}", place.file);
            (token, Place { file, ..place })
        });
        self.places.extend(places);
    }

    /// Takes in a file; answers its text with tokens.
    pub(super) fn add(&mut self, path: &str, file: File) -> Result<String, Error> {
        for document in &file.documents {
            refuse(document, &file.leaves_of(document))?;
        }
        let fields: Vec<(String, String)> = file
            .leaves()
            .filter(|leaf| leaf.is_encrypted)
            .filter_map(|leaf| Some((token(leaf.value.as_str()?), leaf.field)))
            .collect();
        for (token, field) in fields {
            self.note(token, path, field);
        }
        let text = text::sealed(&file);
        self.files.insert(path.to_owned(), Arc::new(file));
        Ok(text)
    }

    /// The token for a file as a whole.
    pub(super) fn whole(&mut self, path: &str) -> Option<String> {
        let token = whole(self.files.get(path)?);
        self.note(token.clone(), path, String::new());
        Some(token)
    }

    fn note(&mut self, token: String, file: &str, field: String) {
        let place = Place {
            file: file.to_owned(),
            field,
        };
        self.places.entry(token).or_insert(place);
    }

    /// What is encrypted and would be anywhere but in the data of a Secret.
    pub(crate) fn misplaced(&self, manifests: &[Manifest]) -> Vec<Problem> {
        if self.is_empty() {
            return Vec::new();
        }
        manifests.iter().filter_map(|it| self.stray(it)).collect()
    }

    fn stray(&self, manifest: &Manifest) -> Option<Problem> {
        let secret = is_secret(&manifest.object);
        let mut strays = Vec::new();
        let body = manifest.object.body.as_object()?;
        for (key, value) in body {
            match value {
                Value::Object(data) if secret && DATA.contains(&key.as_str()) => {
                    strays.extend(data.keys().filter(|it| is_in(it)).cloned());
                    // What is left of a token stands for nothing.
                    let values = data.values().filter_map(Value::as_str);
                    let lost = values.filter(|it| is_in(it) && self.place(it).is_none());
                    strays.extend(lost.map(str::to_owned));
                }
                value => texts(value, &mut strays),
            }
        }
        let place = strays.iter().find_map(|text| self.place(text));
        let stray = strays.first()?;
        let field = place.map_or_else(String::new, |place| place.field.clone());
        let kind = manifest.object.kind().to_owned();
        let problem = match place {
            Some(place) => {
                let what = if field.is_empty() {
                    "what is in it"
                } else {
                    &field
                };
                let error = Error::Misplaced {
                    field: what.to_owned(),
                    kind,
                };
                error.problem(&place.file)
            }
            // A part of a token, or one of another render: no value is lost, and none applied.
            None => Error::Misplaced {
                field: format!("{} characters", stray.chars().count()),
                kind,
            }
            .problem(&manifest.origin.file),
        };
        Some(problem.field(field).object(title(&manifest.object)))
    }

    fn place(&self, text: &str) -> Option<&Place> {
        let known = |text: &str| tokens(text).find_map(|(_, token)| self.places.get(token));
        known(text).or_else(|| {
            let parts = text.split(|c: char| !(c.is_ascii_alphanumeric() || "+/=".contains(c)));
            { parts }.find_map(|part| known(&decoded(part)?))
        })
    }

    /// The object as it may be shown: where a value comes from in the place of the value.
    #[must_use]
    pub fn shown(&self, object: &Object) -> Object {
        let mut object = object.clone();
        if self.is_empty() {
            return object;
        }
        for field in DATA {
            let Some(Value::Object(data)) = object.body.get_mut(field) else {
                continue;
            };
            for value in data.values_mut() {
                let text = value.as_str().unwrap_or_default();
                if let Some(place) = self.place(text) {
                    *value = format!("(hidden, encrypted in {})", place.file).into();
                }
            }
        }
        object
    }
}

/// The token for a file as a whole.
pub(super) fn whole(file: &File) -> String {
    // Not the metadata: whoever else can read the file makes no other file of it.
    let content = serde_json::Value::Array(file.documents.clone());
    token(&format!("{:?} {content}", file.format))
}

/// Every text with a token in it, keys too.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if is_in(text) => found.push(text.clone()),
        Value::Object(map) => {
            for (key, value) in map {
                if is_in(key) {
                    found.push(key.clone());
                }
                texts(value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        _ => {}
    }
}

/// Refuses a manifest that is more than a Secret with encrypted data: what it is, what it is
/// called and all that is not secret must be readable.
fn refuse(document: &Value, leaves: &[Leaf]) -> Result<(), Error> {
    let text = |name: &str| document[name].as_str().unwrap_or_default();
    let (version, kind) = (text("apiVersion"), text("kind"));
    let is_object = !version.is_empty() && !kind.is_empty();
    let is_for_kustomize = version == "builtin" || version.starts_with("kustomize.config.k8s.io/");
    if !is_object || is_for_kustomize || kind.ends_with("List") {
        return Ok(());
    }
    let is_secret = (version, kind) == ("v1", "Secret");
    for leaf in leaves.iter().filter(|leaf| leaf.is_encrypted) {
        let what = ["apiVersion", "kind"].contains(&leaf.field.as_str());
        let is_data = leaf.path.len() == 2 && DATA.contains(&leaf.path[0]);
        if !(is_secret && is_data) {
            return Err(Error::Misplaced {
                field: leaf.field.clone(),
                // A kind that is encrypted itself can only be a Secret's.
                kind: if what { "Secret" } else { kind }.to_owned(),
            });
        }
    }
    Ok(())
}
