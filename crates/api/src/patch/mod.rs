//! The four ways to change an object, and the record of who owns which field.
//!
//! Pure functions over JSON, driven by the [`schema`](crate::schema). They check nothing but the
//! patch itself: defaults and validation come after.

pub mod apply;
mod conflict;
pub mod fields;
pub mod json;
pub mod manage;
pub mod managed;
pub mod manager;
pub mod merge;
mod reclaim;
mod reset;
mod shape;
pub mod strategic;
mod typed;

pub use manager::Manager;
pub use reset::reset;
pub use shape::Schema;

/// How the body of a PATCH is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchType {
    Json,
    Merge,
    Strategic,
    /// JSON or YAML.
    Apply,
}

impl PatchType {
    /// From the media type of a `Content-Type`, parameters allowed.
    pub fn from_content_type(content_type: &str) -> Option<Self> {
        let media_type = content_type.split(';').next().unwrap_or_default();
        match media_type.trim() {
            "application/json-patch+json" => Some(Self::Json),
            "application/merge-patch+json" => Some(Self::Merge),
            "application/strategic-merge-patch+json" => Some(Self::Strategic),
            "application/apply-patch+yaml" => Some(Self::Apply),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
