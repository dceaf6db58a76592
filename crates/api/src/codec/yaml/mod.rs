//! People's manifests: strict YAML in, with the place of every field, and YAML out that no other
//! reader misreads.
//!
//! Always by way of `serde_json::Value`: read straight into structs, `replicas: "3"` would pass.

mod node;
mod place;
#[cfg(test)]
mod tests;
mod write;

use serde_json::Value;
use serde_saphyr::options::DuplicateKeyPolicy;

use node::Node;
use place::Place;
pub use place::Position;
pub use write::to_string;

/// Bytes in one file.
pub const MAX_TEXT: usize = 16 << 20;
/// Documents in one file; large bundles have thousands.
const MAX_DOCUMENTS: usize = 20_000;
/// Values in one file, aliases expanded.
const MAX_NODES: usize = 2_000_000;
/// Of those, the ones that come from aliases.
const MAX_ALIASED: usize = 50_000;
/// Levels of nesting.
const MAX_DEPTH: usize = 100;

/// One object of a file, and where in the file its fields are.
#[derive(Debug, Clone)]
pub struct Document {
    pub value: Value,
    /// What other readers of YAML would understand differently.
    pub lints: Vec<Lint>,
    place: Place,
}

/// A text that is fine here and something else to other tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lint {
    pub position: Position,
    pub message: String,
}

/// Text that is no YAML, or too much of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What is wrong, without the place.
    pub message: String,
    /// Absent where the text as a whole is the problem.
    pub position: Option<Position>,
}

/// Reads every document of a file. Empty documents are skipped, a key that is there twice is an
/// error, only `true` and `false` are booleans, `0644` is octal as it is to kubectl.
pub fn documents(text: &str) -> Result<Vec<Document>, Error> {
    if text.len() > MAX_TEXT {
        return Err(Error {
            message: format!("the file has {} bytes, more than {MAX_TEXT}", text.len()),
            position: None,
        });
    }
    let nodes: Vec<Node> = serde_saphyr::from_multiple_with_options(text, options())
        .map_err(|failure| error(&failure))?;
    Ok(nodes
        .into_iter()
        .map(|node| {
            let mut lints = Vec::new();
            node.lint(text, &mut lints);
            let (value, place) = node.split();
            Document {
                value,
                lints,
                place,
            }
        })
        .filter(|document| !document.value.is_null())
        .collect())
}

/// Reads a body that must be exactly one document, such as a request.
pub fn single(text: &str) -> Result<Value, Error> {
    let mut documents = documents(text)?;
    if documents.len() > 1 {
        return Err(Error {
            message: "more than one document where one is expected".into(),
            position: Some(documents[1].start()),
        });
    }
    Ok(documents
        .pop()
        .map_or(Value::Null, |document| document.value))
}

impl Document {
    /// Where the document's first field is; lines and columns start at 1.
    pub fn start(&self) -> Position {
        self.place.at
    }

    /// Where a field is: its key, or for an element of a list its first character. The path is
    /// written as in Kubernetes' messages: `spec.ports[0].name`, `metadata.labels[a.b/c]` or
    /// `metadata.labels.a.b/c`.
    pub fn position(&self, path: &str) -> Option<Position> {
        self.place.find(path).exact()
    }

    /// Where a field is or, if it is not there, what it would be in.
    pub fn nearest(&self, path: &str) -> Position {
        self.place.find(path).nearest()
    }

    /// The documents to apply: those in a `kind: List` (or `ConfigMapList`, …), each by itself.
    pub fn flatten(self) -> Vec<Self> {
        let is_list = self.value["kind"]
            .as_str()
            .is_some_and(|kind| kind.ends_with("List"));
        let Value::Object(mut body) = self.value else {
            return vec![self];
        };
        if !is_list || !body.get("items").is_some_and(Value::is_array) {
            return vec![Self {
                value: Value::Object(body),
                ..self
            }];
        }
        let Some(Value::Array(items)) = body.remove("items") else {
            return Vec::new();
        };
        let place = self.place.child("items");
        items
            .into_iter()
            .enumerate()
            .filter(|(_, value)| !value.is_null())
            .flat_map(|(index, value)| {
                let place = place.item(index);
                Self {
                    value,
                    lints: Vec::new(),
                    place,
                }
                .flatten()
            })
            .collect()
    }
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_documents: MAX_DOCUMENTS,
            max_nodes: MAX_NODES,
            max_events: 2 * MAX_NODES,
            max_depth: MAX_DEPTH,
            max_total_scalar_bytes: MAX_TEXT,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_ALIASED,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        strict_booleans: true,
        legacy_octal_numbers: true,
        emit_comments: false,
        with_snippet: false,
    }
}

fn error(error: &serde_saphyr::Error) -> Error {
    let position = error
        .location()
        .filter(|location| location.line() > 0)
        .map(Position::from);
    let rendered = error.without_snippet().to_string();
    // The place is told separately.
    let message = match rendered.rfind(" at line ") {
        Some(end) => rendered[..end].to_owned(),
        None => rendered,
    };
    Error { message, position }
}
