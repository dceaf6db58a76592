//! What differs between two versions of an object, by field. Fields that only the server sets
//! are not compared.

mod align;
mod around;
pub mod fields;
pub mod lines;
mod mask;
#[cfg(test)]
mod tests;

pub use align::aligned;
pub use around::{Part, parts};
pub(crate) use fields::Shape;
pub use fields::{FieldChange, changes, clean, overlay};
pub use lines::{Line, LineKind, Row, Span, hunks, patch, rows, unified, yaml};
pub use mask::{fingerprint, is_secret, masked, show, shown};
