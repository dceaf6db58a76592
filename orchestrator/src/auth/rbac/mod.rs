//! Role-based access control: roles and bindings in, decisions out.

mod attributes;
mod decision;

pub use attributes::Attributes;
pub use decision::{Authorize, Decision, forbidden};
