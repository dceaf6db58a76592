//! One write on its way: everything the preparing functions need besides the object.

use super::context::Context;
use super::kinds::Kind;
use super::view::View;

/// Which part of the object a write may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Everything but the status.
    Main,
    Status,
    /// A namespace's `spec.finalizers`.
    Finalize,
}

impl Part {
    /// As field managers record it.
    pub(crate) fn subresource(self) -> &'static str {
        match self {
            Self::Main | Self::Finalize => "",
            Self::Status => "status",
        }
    }
}

/// How the write's fields enter `metadata.managedFields`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tracking {
    /// What differs from the state before belongs to the context's manager.
    Update,
    /// Server-side apply has recorded its fields already; what defaulting and admission add
    /// belongs to nobody.
    Applied,
}

#[derive(Clone, Copy)]
pub(crate) struct Intent<'a> {
    pub(crate) view: &'a View<'a>,
    pub(crate) context: &'a Context,
    pub(crate) kind: &'a Kind,
    /// Empty for cluster-scoped kinds.
    pub(crate) namespace: &'a str,
    pub(crate) part: Part,
    pub(crate) tracking: Tracking,
    /// Grows with each retry; chooses other candidates for generated names and addresses.
    pub(crate) attempt: u32,
}

impl<'a> Intent<'a> {
    /// A write of the object itself, by the context's manager.
    pub(crate) fn new(
        view: &'a View<'a>,
        context: &'a Context,
        kind: &'a Kind,
        namespace: &'a str,
        attempt: u32,
    ) -> Self {
        Self {
            view,
            context,
            kind,
            namespace,
            part: Part::Main,
            tracking: Tracking::Update,
            attempt,
        }
    }
}
