//! A rendered object and where it came from.

use std::fmt;

use serde::{Deserialize, Serialize};

use api::Object;

/// The place of an object in the repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Origin {
    /// Path in the repository.
    pub file: String,
    /// Where the document begins, from 1.
    pub line: u32,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// One object that a commit asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    pub object: Object,
    pub origin: Origin,
}

/// `Deployment shop/web`, or `Namespace shop`: how people are told about an object.
pub(crate) fn title(object: &Object) -> String {
    name_of(object.kind(), object.namespace(), object.name())
}

pub(crate) fn name_of(kind: &str, namespace: &str, name: &str) -> String {
    if namespace.is_empty() {
        format!("{kind} {name}")
    } else {
        format!("{kind} {namespace}/{name}")
    }
}
