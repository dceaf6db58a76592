//! Who asks, and how.

use crate::auth::Identity;

/// What every write carries besides the object.
#[derive(Debug, Clone)]
pub struct Context {
    pub identity: Identity,
    /// The field manager: named by the client, or the first word of its user agent.
    pub manager: String,
    /// The commit of a repository that the write brings about; empty for none.
    pub commit: String,
    /// Compute everything, store nothing.
    pub dry_run: bool,
    pub validation: FieldValidation,
    pub origin: Origin,
}

impl Context {
    /// A component of Kedge itself, acting with all rights.
    pub fn internal(component: &str) -> Self {
        Self {
            identity: Identity::master(&format!("system:{component}")),
            manager: component.to_owned(),
            commit: String::new(),
            dry_run: false,
            validation: FieldValidation::Ignore,
            origin: Origin::Component,
        }
    }

    /// For the audit trail: `user/field-manager`.
    pub fn actor(&self) -> String {
        format!("{}/{}", self.identity.name, self.manager)
    }
}

/// Where a write comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Over the wire, from whoever proved the identity.
    Request,
    /// From a part of this process.
    Component,
}

/// What to do about fields the kind does not have (query parameter `fieldValidation`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FieldValidation {
    /// Leave them out.
    Ignore,
    /// Leave them out, warn in a header.
    #[default]
    Warn,
    /// Refuse with 400.
    Strict,
}

/// What a write answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    pub object: api::Object,
    pub outcome: Outcome,
    pub warnings: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Created,
    Replaced,
    /// The write changed nothing; the resource version stays.
    Unchanged,
    /// Gone from the store.
    Deleted,
}
